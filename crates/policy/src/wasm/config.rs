//! How wasmtime is configured. The build script and the running program must agree in everything here, else
//! the module that was compiled ahead of time does not load.

use wasmtime::Config;

/// The configuration for modules that OPA compiled: counted fuel, interruptible, and no more of WebAssembly
/// than OPA uses.
pub(crate) fn config() -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .wasm_simd(false)
        .wasm_relaxed_simd(false)
        // Tables for backtraces that nobody reads: errors name the rule, not the instruction.
        .generate_address_map(false)
        .wasm_backtrace_max_frames(None)
        .native_unwind_info(false);
    config
}
