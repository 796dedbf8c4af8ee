//! Hands the arguments to [`noticert::cli`] and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    noticert::cli::main(std::env::args_os())
}
