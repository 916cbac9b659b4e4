//! The `portal` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    portal_server::cli::main()
}
