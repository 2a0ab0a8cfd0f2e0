//! YAML that strangers wrote: reading it ends, and what was read is written and read back the same.

/// Reads bytes as YAML, once document by document.
pub fn yaml_read(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let _ = yaml::documents(text);
    if let Ok(value) = yaml::read(text) {
        let written = yaml::write(&value);
        // A key that is `<<` reads back as a merge; nothing else is lost.
        if let Ok(again) = yaml::read(&written) {
            assert_eq!(yaml::write(&again), written);
        }
    }
}
