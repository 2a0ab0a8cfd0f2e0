//! The command `fluxgate`: the gate of the provider, and the daily work with Flux, from a terminal.

mod check;
mod explain;
mod progress;
mod template;

use std::{panic, process::ExitCode};

use clap::{Parser, Subcommand};

/// Checks what is about to be applied to clusters that run Flux.
///
/// Data goes to standard output, words go to standard error.
#[derive(Debug, Parser)]
#[command(name = "fluxgate", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
enum Command {
    Check(check::Arguments),
    Template(template::Arguments),
}

fn main() -> ExitCode {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !yaml::catches_panics() {
            usual(panic);
        }
    }));
    let arguments = Arguments::parse();
    match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Template(arguments) => template::run(&arguments),
    }
}
