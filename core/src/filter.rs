//! Which code is let in: skip globs and just-my-code. The verdict on a code object is kept with it (`codes`).

use std::sync::Arc;

use crate::code::CodeInfo;
use crate::glob;

/// What the filter says of a code object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Steps do not stop in it.
    pub(crate) skipped: bool,
    /// It is code of the user, whether or not steps are confined to that.
    pub(crate) user: bool,
}

/// The rules of what steps do not stop in.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) globs: Vec<String>,
    pub(crate) just_my_code: bool,
    pub(crate) library: Vec<Arc<str>>,
}

impl Filter {
    /// Judges a code object.
    pub(crate) fn judge(&self, info: &CodeInfo) -> Verdict {
        let globbed = self.globs.iter().any(|pattern| {
            info.module.as_deref().is_some_and(|module| glob::matches(pattern, module))
                || glob::matches(pattern, &info.path)
        });
        let library = is_frozen(&info.path) || self.library.iter().any(|directory| is_inside(&info.path, directory));
        Verdict { skipped: globbed || (self.just_my_code && library), user: !globbed && !library }
    }
}

/// What is compiled into the interpreter, such as its import system, is nobody's own code.
fn is_frozen(path: &str) -> bool {
    path.starts_with("<frozen ")
}

fn is_inside(path: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches(['/', '\\']);
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with(['/', '\\']))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Filter, Verdict};
    use crate::code::{CodeInfo, CodeKind, Suspends};

    fn code(module: Option<&str>, path: &str) -> CodeInfo {
        CodeInfo {
            path: Arc::from(path),
            name: Arc::from("f"),
            qualname: Arc::from("f"),
            module: module.map(Arc::from),
            first_line: 1,
            body_line: 2,
            lines: [2, 3].as_slice().into(),
            kind: CodeKind::Function,
            suspends: Suspends::Never,
            last_resort: false,
        }
    }

    #[track_caller]
    fn check(globs: &[&str], just_my_code: bool, module: Option<&str>, path: &str, skipped: bool, user: bool) {
        let filter = Filter {
            globs: globs.iter().map(|&glob| glob.to_owned()).collect(),
            just_my_code,
            library: vec![Arc::from("/usr/lib/python3"), Arc::from("/venv/site-packages/")],
        };
        assert_eq!(filter.judge(&code(module, path)), Verdict { skipped, user }, "{module:?} {path}");
    }

    #[test]
    fn globs_look_at_module_and_path() {
        check(&["json.*"], false, Some("json.tool"), "/usr/lib/python3/json/tool.py", true, false);
        check(&["json.*"], false, Some("mine"), "/home/mine.py", false, true);
        check(&["*/mine.py"], false, None, "/home/mine.py", true, false);
        check(&["*/mine.py"], false, Some("x"), "/home/yours.py", false, true);
    }

    #[test]
    fn library_code_is_skipped_only_by_just_my_code() {
        check(&[], false, Some("re"), "/usr/lib/python3/re.py", false, false);
        check(&[], true, Some("re"), "/usr/lib/python3/re.py", true, false);
        check(&[], true, Some("pip"), "/venv/site-packages/pip/x.py", true, false);
        check(&[], true, Some("m"), "/venv/site-packages-not/x.py", false, true);
        check(&[], true, Some("m"), "<string>", false, true);
        check(&[], true, Some("importlib"), "<frozen importlib._bootstrap>", true, false);
    }
}
