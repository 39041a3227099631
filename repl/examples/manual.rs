//! Prints the manual's page of commands, which is kept in `docs/commands.md`; with the argument `comparison`, the table in
//! `docs/pdb-differences.md`.

use rdb_repl::manual;

fn main() {
    let comparison = std::env::args().nth(1).is_some_and(|word| word == "comparison");
    print!("{}", if comparison { manual::comparison() } else { manual::markdown() });
}
