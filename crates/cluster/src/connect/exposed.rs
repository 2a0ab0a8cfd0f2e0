//! Kubeconfigs that more people than their owner can read.

use std::path::PathBuf;

use super::Connection;

/// The kubeconfigs of a connection that others on this machine can read, because their mode lets the group or everybody. None where files
/// have no such mode.
pub fn exposed(connection: &Connection) -> Vec<PathBuf> {
    match connection {
        Connection::Kubeconfig(choice) => {
            choice.paths.iter().filter(|path| readable(path)).cloned().collect()
        }
        Connection::Direct(_) | Connection::Issued(_) => Vec::new(),
    }
}

#[cfg(unix)]
fn readable(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn readable(_path: &std::path::Path) -> bool {
    false
}
