//! Indexes from strangers: whatever a server gives as one, it is read or refused, and what it offers can be chosen.

use remote::{Address, Error, Index, folder::ignore::Rules};

/// Reads the input as an index, chooses each version that it offers, and the one that its last line wants; then reads it as a .helmignore.
pub fn repository_index(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let wanted = text.lines().last().unwrap_or_default();
    let repository = Address::of(&"https://charts.example".parse().expect("an address"));
    if let Ok(index) = Index::parse(input) {
        for (chart, entries) in &index.charts {
            for entry in entries {
                let chosen = index.choose(chart, &entry.version, repository.clone()).expect("it is there");
                assert_eq!(chosen.version, entry.version);
            }
            match index.choose(chart, wanted, repository.clone()) {
                Ok(_) | Err(Error::NoSuchVersion { .. } | Error::BadVersion { .. }) => {}
                Err(other) => panic!("{other}"),
            }
        }
    }
    if let Ok(rules) = Rules::parse(input) {
        rules.ignores(wanted, false);
        rules.ignores(wanted, true);
    }
}
