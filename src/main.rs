//! The `smfg` program: parse the command line, run the command, say what went wrong, and exit with the code it earned.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => return cli::usage(&message),
    };
    match cli::execute(arguments.command) {
        Ok(outcome) => outcome.exit_code(),
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}
