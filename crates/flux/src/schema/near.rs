//! Which known name was meant by one that is not known.

/// The known name that is nearest to `name`, if one is near: spelled with another case or with underscores,
/// or wrong in a letter or two.
pub(super) fn like<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let folded = fold(name);
    let most = match folded.len() {
        0..=2 => 0,
        3..=5 => 1,
        6..=40 => 2,
        _ => return None,
    };
    known
        .map(|known| (distance(&folded, &fold(known)), known))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

fn fold(name: &str) -> Vec<char> {
    name.chars().filter(|c| !['_', '-', ' '].contains(c)).flat_map(char::to_lowercase).collect()
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, right) in b.iter().enumerate() {
            let replaced = row[j] + usize::from(left != right);
            let mut least = replaced.min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *right && b[j - 1] == *left {
                least = least.min(before[j - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = ["sourceRef", "path", "prune", "timeout", "interval"];
        for (written, meant) in [
            ("source_ref", Some("sourceRef")),
            ("SourceRef", Some("sourceRef")),
            ("sourceref", Some("sourceRef")),
            ("intervall", Some("interval")),
            ("timoeut", Some("timeout")),
            ("prun", Some("prune")),
            ("pa", None),
            ("suspend", None),
            ("", None),
        ] {
            assert_eq!(like(written, known.into_iter()), meant, "{written}");
        }
        assert_eq!(like(&"x".repeat(100_000), known.into_iter()), None);
    }
}
