//! The start-up files: commands that run before the user is asked. Finds and reads them; running them is the console's.

use std::path::{Path, PathBuf};

/// The names of start-up files, in the order in which they are read.
const NAMES: [&str; 2] = [".pdbrc", ".rdbrc"];

/// Returns the commands of the start-up files: `.pdbrc` in the home directory and in the current one, then `.rdbrc` in
/// both. Blank lines and comments are left out, bytes that are not UTF-8 are replaced, files that cannot be read are
/// passed over, and no file is read twice (the current directory may be the home directory).
pub fn startup_commands(home: Option<&Path>, current: Option<&Path>) -> Vec<String> {
    let mut read: Vec<PathBuf> = Vec::new();
    let mut commands = Vec::new();
    for name in NAMES {
        for directory in [home, current].into_iter().flatten() {
            let Ok(path) = directory.join(name).canonicalize() else { continue };
            if !read.contains(&path) {
                commands.extend(file_commands(&path));
                read.push(path);
            }
        }
    }
    commands
}

fn file_commands(path: &Path) -> Vec<String> {
    let Ok(bytes) = std::fs::read(path) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let is_command = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines().filter(is_command).map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks which commands these files give; `home` and `cwd` are directories next to each other.
    fn check(name: &str, files: &[(&str, &[u8])], cwd: &str, expected: &[&str]) {
        let root = std::env::temp_dir().join(format!("rdb-config-{name}-{}", std::process::id()));
        for directory in ["home", "cwd"] {
            std::fs::create_dir_all(root.join(directory)).expect("temporary directories can be made");
        }
        for (file, bytes) in files {
            std::fs::write(root.join(file), bytes).expect("temporary files can be made");
        }
        let commands = startup_commands(Some(&root.join("home")), Some(&root.join(cwd)));
        std::fs::remove_dir_all(&root).expect("temporary directories can be removed");
        assert_eq!(commands, expected, "{name}");
    }

    #[test]
    fn files_in_their_order() {
        let files: &[(&str, &[u8])] = &[
            ("cwd/.rdbrc", b"four"),
            ("cwd/.pdbrc", b"two\n"),
            ("home/.rdbrc", b"three"),
            ("home/.pdbrc", b"one\none more"),
        ];
        check("order", files, "cwd", &["one", "one more", "two", "three", "four"]);
        check("same", files, "home", &["one", "one more", "three"]);
        check("same-by-another-name", files, "cwd/../home/.", &["one", "one more", "three"]);
    }

    #[test]
    fn what_is_not_a_command() {
        check(
            "blank",
            &[("cwd/.pdbrc", b"\n# comment\n  # too\n \t\r\nalias x p 1 # kept \r\n")],
            "cwd",
            &["alias x p 1 # kept"],
        );
        check("bytes", &[("home/.rdbrc", b"\xef\xbb\xbfp '\xe9'\n")], "cwd", &["p '\u{fffd}'"]);
        check("none", &[], "cwd", &[]);
        check("no-directory", &[], "missing", &[]);
        assert_eq!(startup_commands(None, None), Vec::<String>::new());
    }

    #[test]
    fn a_directory_is_passed_over() {
        let root = std::env::temp_dir().join(format!("rdb-config-directory-{}", std::process::id()));
        std::fs::create_dir_all(root.join(".pdbrc")).expect("temporary directories can be made");
        assert_eq!(startup_commands(Some(&root), None), Vec::<String>::new());
        std::fs::remove_dir_all(&root).expect("temporary directories can be removed");
    }
}
