//! The `portal` command.

fn main() {}
