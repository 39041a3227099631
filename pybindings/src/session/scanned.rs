//! Which files need no look through all objects of the interpreter when a breakpoint is set in them: those that were looked
//! for, as long as the interpreter tells of new code. From the third file on, all are looked for at once.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use rdb_core::ids::CodeId;

use crate::ffi::CodePtr;
use crate::{code, scan};

/// How many files are looked for one by one.
const ONE_BY_ONE: usize = 2;

/// What was found so far. A leaf among the locks.
#[derive(Debug, Default)]
pub(super) struct Scanned(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    /// Files whose code objects the engine has met, those that came later included.
    met: HashSet<Arc<str>>,
    /// The code objects of all other files, without those inside of one that is there; None: not looked for yet.
    index: Option<HashMap<Arc<str>, Vec<CodeId>>>,
}

impl Scanned {
    fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the code objects of a file that the engine may not have met.
    pub(super) fn unmet(&self, py: Python<'_>, path: &str) -> PyResult<Vec<Py<PyAny>>> {
        let known = {
            let mut found = self.found();
            if !found.met.insert(Arc::from(path)) {
                return Ok(Vec::new());
            }
            let is_first = found.met.len() <= ONE_BY_ONE;
            match &mut found.index {
                Some(index) => Some(index.remove(path).unwrap_or_default()),
                None if is_first => return drop_lock(found, || scan::codes_of(py, path)),
                None => None,
            }
        };
        let mut ids = match known {
            Some(ids) => ids,
            None => self.build(py, path)?,
        };
        ids.sort_unstable();
        ids.dedup();
        let mut codes = Vec::new();
        for code in ids.into_iter().filter_map(|id| code::of_id(py, id)) {
            codes.extend(scan::with_inner(&code, path)?);
        }
        Ok(codes)
    }

    /// Looks for the code objects of all files, and returns those of one.
    fn build(&self, py: Python<'_>, path: &str) -> PyResult<Vec<CodeId>> {
        let mut index: HashMap<Arc<str>, Vec<CodeId>> = HashMap::new();
        for code in scan::all_codes(py)? {
            if let (Some(file), Some(id)) = (code::filename(&code), code::id_of(&code)) {
                index.entry(file).or_default().push(id);
            }
        }
        let here = index.remove(path).unwrap_or_default();
        self.found().index = Some(index);
        Ok(here)
    }

    /// Hears of code in a file without breakpoints.
    pub(super) fn came(&self, py: Python<'_>, path: &Arc<str>, code: CodePtr) {
        let mut found = self.found();
        found.met.remove(path);
        if let Some(index) = &mut found.index {
            index.entry(Arc::clone(path)).or_default().push(code::entry(py, code).id);
        }
    }

    /// Hears that nobody tells of new code any more.
    pub(super) fn forget(&self) {
        *self.found() = Found::default();
    }
}

fn drop_lock<R>(guard: MutexGuard<'_, Found>, then: impl FnOnce() -> R) -> R {
    drop(guard);
    then()
}
