//! Prints the manual's page of commands, which is kept in `docs/commands.md`.

fn main() {
    print!("{}", rdb_repl::manual::markdown());
}
