//! `tools`: where the pinned programs of tests and demo are, and how to build them.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program speaks to the terminal")]

use std::env;
use std::error::Error as _;
use std::process::ExitCode;

use testutil::tools::{Error, Tool};

const USAGE: &str = "\
usage: tools                  list the tools and where they are
       tools path NAME        print a tool's path, building it if need be
       tools build [NAME...]  build these tools, or all";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => list(),
        ["path", name] => name.parse().and_then(Tool::path).map(|path| println!("{}", path.display())),
        ["build", names @ ..] => build(names),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            if let Some(cause) = error.source() {
                eprintln!("cause: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn list() -> Result<(), Error> {
    for tool in Tool::ALL {
        let place = match tool.find()? {
            Some(path) => path.display().to_string(),
            None => format!("not built yet (about {})", tool.build_time()),
        };
        println!("{:<21} {:<7} {place}", tool.name(), tool.version());
    }
    Ok(())
}

fn build(names: &[&str]) -> Result<(), Error> {
    let tools = if names.is_empty() {
        Tool::ALL.to_vec()
    } else {
        names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?
    };
    for tool in tools {
        let path = tool.path()?;
        println!("{:<21} {}", tool.name(), path.display());
    }
    Ok(())
}
