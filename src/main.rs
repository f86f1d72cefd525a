//! The program: everything is in the library.

use std::process::ExitCode;

/// People are many small values: this allocator hands them out and takes them back faster than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay` of mimalloc.h, for which the crate has no name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

fn main() -> ExitCode {
    // What one stage of a run frees, the next one needs: it goes back at once instead of after a while.
    // SAFETY: sets a number in the allocator's table of options; any thread may do so at any time.
    #[allow(unsafe_code)]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, 0);
    }
    ExitCode::from(rosterctl::cli::run(std::env::args_os()) as u8)
}
