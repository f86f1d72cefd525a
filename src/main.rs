//! The program: everything is in the library.

use std::process::ExitCode;

/// People are many small values: this allocator hands them out and takes them back faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(rosterctl::cli::run(std::env::args_os()) as u8)
}
