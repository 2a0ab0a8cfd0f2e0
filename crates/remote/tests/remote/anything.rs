//! What comes from outside may be anything: it is read or refused, never a crash and never a long wait.

use proptest::prelude::*;
use remote::{Address, Error, Index, folder::ignore::Rules};

/// Texts that are nearly an index, which random bytes never are.
fn nearly_an_index() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("app".to_owned()),
        Just("1.0.0".to_owned()),
        Just("v2".to_owned()),
        Just("~1".to_owned()),
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("1e400".to_owned()),
        "[ -~]{0,12}",
    ];
    let key =
        prop_oneof![Just("name"), Just("version"), Just("urls"), Just("digest"), Just("type"), Just("<<"),];
    let entry = prop::collection::vec((key, word.clone()), 0..5).prop_map(|fields| {
        let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        format!("  - {{{}}}\n", fields.join(", "))
    });
    let chart = (word, prop::collection::vec(entry, 0..5))
        .prop_map(|(name, entries)| format!("  {name}:\n{}", entries.concat()));
    prop::collection::vec(chart, 0..4)
        .prop_map(|charts| format!("apiVersion: v1\nentries:\n{}", charts.concat()))
}

/// Whatever an index offers can be chosen.
fn choose_all(index: &Index) {
    let repository = Address::of(&"https://charts.example".parse().unwrap());
    for (chart, entries) in &index.charts {
        for entry in entries {
            let chosen = index.choose(chart, &entry.version, repository.clone()).unwrap();
            assert_eq!(chosen.version, entry.version);
        }
        match index.choose(chart, "", repository.clone()) {
            Ok(_) | Err(Error::NoSuchVersion { .. }) => {}
            Err(other) => panic!("{other}"),
        }
    }
}

proptest! {
    #[test]
    fn bytes_are_an_index_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(index) = Index::parse(&bytes) {
            choose_all(&index);
        }
    }

    #[test]
    fn what_is_nearly_an_index_is_read_or_refused(text in nearly_an_index(), wanted in "[ -~]{0,12}") {
        if let Ok(index) = Index::parse(text.as_bytes()) {
            choose_all(&index);
            let repository = Address::of(&"https://charts.example".parse().unwrap());
            let _ = index.choose("app", &wanted, repository);
        }
    }

    #[test]
    fn rules_are_read_or_refused(text in "[a*?/!\\[\\]^\\\\\n -]{0,40}", path in "[a/.-]{0,20}") {
        if let Ok(rules) = Rules::parse(text.as_bytes()) {
            rules.ignores(&path, false);
            rules.ignores(&path, true);
        }
    }
}
