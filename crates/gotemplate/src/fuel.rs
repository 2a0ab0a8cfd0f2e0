//! What a run may use up.

/// Bounds for a run: what is used up ends it with an error, so that a hostile template can neither hang nor exhaust memory.
#[derive(Clone, Copy, Debug)]
pub struct Fuel {
    /// How many nodes and calls may still be worked on.
    pub steps: u64,
    /// How many bytes may still be written, intermediate texts (`include`, `tpl`, `printf`) among them.
    pub output: usize,
}

impl Default for Fuel {
    /// Ample for any chart: a hundred million steps and a gibibyte.
    fn default() -> Fuel {
        Fuel { steps: 100_000_000, output: 1 << 30 }
    }
}
