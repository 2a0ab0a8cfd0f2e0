//! Where a provider listens: a socket file that only its user can reach, or where there are none, a port of the loopback
//! address.

use std::io;
#[cfg(not(unix))]
use std::net::Ipv4Addr;
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
#[cfg(not(unix))]
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

#[cfg(not(unix))]
pub(super) type Stream = TcpStream;
#[cfg(unix)]
pub(super) type Stream = UnixStream;

/// Where a provider listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    #[cfg_attr(not(unix), expect(dead_code, reason = "there are no socket files"))]
    Unix(PathBuf),
    #[cfg_attr(all(unix, not(test)), expect(dead_code, reason = "socket files are safer"))]
    Tcp(SocketAddr),
}

impl Address {
    pub(super) fn network(&self) -> &'static str {
        match self {
            Self::Unix(_) => "unix",
            Self::Tcp(_) => "tcp",
        }
    }
}

/// The folder of a socket file; both go when it is dropped. It is held apart from the socket, whose task may outlive the
/// end of the program.
pub(super) type Folder = Option<TempDir>;

/// A listening socket.
#[cfg(unix)]
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

#[cfg(unix)]
impl Socket {
    /// Listens in a new folder that only this user can enter, inside the given one or where temporary files go.
    pub(super) async fn bind(folder: Option<&Path>) -> io::Result<(Self, Folder)> {
        // The path of a socket has about a hundred bytes, which some temporary folders alone use up.
        const LONGEST: usize = 80;
        let temporary = std::env::temp_dir();
        let parent = match folder {
            Some(folder) => folder,
            None if temporary.as_os_str().len() > LONGEST => Path::new("/tmp"),
            None => &temporary,
        };
        let only_this_user = std::fs::Permissions::from_mode(0o700);
        let folder =
            tempfile::Builder::new().prefix("plugin").permissions(only_this_user).tempdir_in(parent)?;
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path)?;
        Ok((Self { listener, path }, Some(folder)))
    }

    pub(super) fn address(&self) -> Address {
        Address::Unix(self.path.clone())
    }

    pub(super) async fn accept(&self) -> io::Result<Stream> {
        Ok(self.listener.accept().await?.0)
    }
}

/// A listening port of the loopback address.
#[cfg(not(unix))]
pub(super) struct Socket {
    listener: TcpListener,
    address: SocketAddr,
}

#[cfg(not(unix))]
impl Socket {
    pub(super) async fn bind(_folder: Option<&Path>) -> io::Result<(Self, Folder)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok((Self { listener, address }, None))
    }

    pub(super) fn address(&self) -> Address {
        Address::Tcp(self.address)
    }

    pub(super) async fn accept(&self) -> io::Result<Stream> {
        Ok(self.listener.accept().await?.0)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_its_user_reaches_the_socket_and_its_file_goes_with_it() {
        let given = tempfile::tempdir().unwrap();
        let (socket, folder) = Socket::bind(Some(given.path())).await.unwrap();
        let Address::Unix(path) = socket.address() else { panic!("a socket file") };
        assert!(path.starts_with(given.path()) && path.exists());
        let mode = path.parent().unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        drop(folder);
        assert_eq!(given.path().read_dir().unwrap().count(), 0);
    }
}
