//! Versions and ranges. The answers are those of Masterminds/semver 3.5.

use chart::semver::{Constraint, Error, Version};

fn version(text: &str) -> Version {
    Version::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn versions_are_read_leniently() {
    for (text, written) in [
        ("1", "1.0.0"),
        ("v1.2", "1.2.0"),
        ("1.2.3-beta.1+build.5", "1.2.3-beta.1+build.5"),
        ("01.02.03", "1.2.3"),
        ("1-rc", "1.0.0-rc"),
        ("v1.33.4-gke.1245000", "1.33.4-gke.1245000"),
    ] {
        assert_eq!(version(text).to_string(), written);
        assert_eq!(version(text).original(), text);
    }
    for text in ["", "a", "1.2.3.4", "1.", "V1", "1.2.3-", "1.2.3+", " 1.2.3", "1.2.3-a..b", "1.x"] {
        assert_eq!(Version::parse(text), Err(Error::Version), "{text}");
    }
    assert_eq!(Version::parse("1.2.3-01"), Err(Error::LeadingZero));
    assert!(matches!(Version::parse("99999999999999999999"), Err(Error::TooLarge(_))));
}

#[test]
fn versions_are_ordered_by_precedence() {
    let ordered = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.2",
        "2",
        "10.0.0",
    ];
    for pair in ordered.windows(2) {
        assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
    }
    assert_eq!(version("1.0.0+a"), version("v1+b"));
}

#[test]
fn ranges_hold_what_they_say() {
    for (range, inside, outside) in [
        ("1.2.3", vec!["1.2.3"], vec!["1.2.4", "1.2.3-a"]),
        ("=1.2", vec!["1.2.0", "1.2.9"], vec!["1.3.0", "1.1.9"]),
        ("1", vec!["1.0.0", "1.9.9"], vec!["2.0.0", "0.9.9"]),
        ("*", vec!["0.0.0", "7.1.2"], vec!["7.0.0-rc"]),
        ("x", vec!["0.0.1"], vec![]),
        ("1.X.x", vec!["1.5.0"], vec!["2.0.0"]),
        ("!=1.2", vec!["1.3.0", "2.2.0"], vec!["1.2.7"]),
        ("!=1", vec!["2.0.0"], vec!["1.9.0"]),
        ("!=1.2.3", vec!["1.2.4"], vec!["1.2.3"]),
        (">11", vec!["12.0.0"], vec!["11.1.0", "11.0.0"]),
        (">11.1", vec!["11.2.0", "12.0.0"], vec!["11.1.9"]),
        (">1.2.3", vec!["1.2.4"], vec!["1.2.3"]),
        (">=1.2", vec!["1.2.0", "3.0.0"], vec!["1.1.9"]),
        ("=>1.2", vec!["1.2.0"], vec!["1.1.9"]),
        ("<1.2", vec!["1.1.9"], vec!["1.2.0"]),
        ("<=11", vec!["11.9.0", "1.0.0"], vec!["12.0.0"]),
        ("=<1.2", vec!["1.2.9"], vec!["1.3.0"]),
        ("~1.2.3", vec!["1.2.3", "1.2.9"], vec!["1.3.0", "1.2.2"]),
        ("~>1", vec!["1.9.0"], vec!["2.0.0"]),
        ("~0.0.0", vec!["5.0.0"], vec![]),
        ("^1.2.3", vec!["1.2.3", "1.9.0"], vec!["2.0.0", "1.2.2"]),
        ("^0.2.3", vec!["0.2.9"], vec!["0.3.0", "1.0.0"]),
        ("^0.0.3", vec!["0.0.3"], vec!["0.0.4", "0.1.3"]),
        ("^0.0", vec!["0.0.9"], vec!["0.1.0"]),
        ("^0", vec!["0.9.0"], vec!["1.0.0"]),
        (">=1.2, <2", vec!["1.5.0"], vec!["2.0.0"]),
        (">= 1.2 < 2", vec!["1.5.0"], vec!["2.0.0"]),
        ("<1 || >=2", vec!["0.5.0", "2.0.0"], vec!["1.5.0"]),
        ("1.2 - 3.4.5", vec!["1.2.0", "3.4.5"], vec!["1.1.0", "3.4.6"]),
        (">=1.19-0", vec!["1.19.0", "1.33.4-gke.1"], vec!["1.18.9"]),
        (">=1.19", vec!["1.19.0"], vec!["1.33.4-gke.1"]),
        ("^1.2.3-alpha", vec!["1.2.3-beta", "1.3.0"], vec!["1.2.3-aaa"]),
    ] {
        let constraint = Constraint::parse(range).unwrap_or_else(|error| panic!("{range}: {error}"));
        for text in inside {
            assert!(constraint.matches(&version(text)), "{text} should be in {range}");
        }
        for text in outside {
            assert!(!constraint.matches(&version(text)), "{text} should not be in {range}");
        }
    }
}

#[test]
fn what_is_no_range_is_refused() {
    for text in ["", "abc", ">", ">=1.2.3.4", "1.2 ||", "1,,2", ">1<2", "~^1", "1.2.3-"] {
        assert!(matches!(Constraint::parse(text), Err(Error::Constraint(_))), "{text}");
    }
}
