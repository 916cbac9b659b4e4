//! The `portal` command.

use std::process::ExitCode;

/// Requests allocate many small values for a short time, on all threads: half of the cost of an allocation counts here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    portal_server::cli::main()
}
