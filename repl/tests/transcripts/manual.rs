//! The page of the documentation is made from the table of commands.

use std::path::Path;

#[test]
fn the_comparison_with_pdb_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/pdb-differences.md");
    let kept = std::fs::read_to_string(page).expect("docs/pdb-differences.md is in the tree");
    assert!(kept.contains(&rdb_repl::manual::comparison()), "run `nox -s commands`");
}

#[test]
fn the_page_of_commands_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/commands.md");
    let kept = std::fs::read_to_string(page).expect("docs/commands.md is in the tree");
    assert_eq!(kept, rdb_repl::manual::markdown(), "run `nox -s commands`");
}
