//! Stands in the place of `shiyin preview` in the tests of this crate, and does the same.

fn main() -> std::process::ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    preview::child::run(&arguments).into()
}
