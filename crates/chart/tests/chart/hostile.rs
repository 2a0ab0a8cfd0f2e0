//! The fuzz target on a stable toolchain: its seeds, and what becomes of them when bytes change.

use std::fs;
use std::path::Path;

#[path = "../../../../fuzz/src/chart_render.rs"]
mod target;

fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/chart_render");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

#[test]
fn seeds_and_their_neighbours_end() {
    let seeds = seeds();
    assert!(seeds.len() > 10);
    // A sequence that looks random and is always the same.
    let mut state = 1u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    for seed in &seeds {
        target::chart_render(seed);
        for _ in 0..rounds() {
            let mut input = seed.clone();
            for _ in 0..=next(4) {
                if input.is_empty() {
                    break;
                }
                let (at, other) = (next(input.len()), &seeds[next(seeds.len())]);
                match next(4) {
                    0 => input[at] = u8::try_from(next(128)).unwrap(),
                    1 => drop(input.drain(at..(at + next(20)).min(input.len()))),
                    2 => {
                        let from = next(other.len());
                        let piece = &other[from..(from + next(60)).min(other.len())];
                        input.splice(at..at, piece.iter().copied());
                    }
                    _ => input.truncate(at.max(1)),
                }
            }
            target::chart_render(&input);
        }
    }
}

/// How often each seed is changed; `CHART_HOSTILE_ROUNDS` asks for more.
fn rounds() -> usize {
    std::env::var("CHART_HOSTILE_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(20)
}
