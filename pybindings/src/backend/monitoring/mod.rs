//! The backend on `sys.monitoring` (PEP 669, Python 3.12 and later).
//!
//! The quirks of the interpreter end here: `LINE` loses the line that code starts with unless `PY_START` is asked for, too; closing a suspended generator reports `PY_THROW` only where `PY_UNWIND` is asked for (on 3.15 only if the
//! generator has run since); a loop on one line repeats no `LINE`, so a jump backwards onto its own line becomes one; a
//! place that has answered `DISABLE` reports again only after its code object's set went through 0.
#![expect(unsafe_code, reason = "makes a code object through C")]

mod callbacks;
mod kinds;

use std::ffi::c_int;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::event::{EventKind, EventSet};
use rdb_core::ids::CodeId;
use rdb_core::plan::{Capabilities, PlanChange};

use crate::backend::in_force::Book;
use crate::backend::watchers::CodeWatcher;
use crate::backend::{Backend, InForce};
use crate::code::{self, mask_of};
use crate::errors::InternalError;
use crate::ffi::{FramePtr, import};

use callbacks::{DISABLE_OBJECT, GLOBAL, callbacks};
use kinds::{
    DISABLE, HEARD, LINE_GUARDS_ITS_INSTRUCTION, LOCAL, SOMETIMES_LOCAL, reports_anew, with_company,
    with_company_everywhere,
};

/// The functions of `sys.monitoring`.
struct Api {
    use_tool_id: Py<PyAny>,
    free_tool_id: Py<PyAny>,
    register_callback: Py<PyAny>,
    set_events: Py<PyAny>,
    set_local_events: Py<PyAny>,
    restart_events: Py<PyAny>,
}

impl Api {
    fn load(monitoring: &Bound<'_, PyAny>) -> PyResult<Self> {
        let function = |name: &str| monitoring.getattr(name).map(Bound::unbind);
        Ok(Self {
            use_tool_id: function("use_tool_id")?,
            free_tool_id: function("free_tool_id")?,
            register_callback: function("register_callback")?,
            set_events: function("set_events")?,
            set_local_events: function("set_local_events")?,
            restart_events: function("restart_events")?,
        })
    }
}

/// The backend.
pub(crate) struct Monitoring {
    api: Api,
    pub(super) tool: u8,
    /// Who holds the tool id meant for debuggers, if rdb could not have it.
    instead_of: Option<String>,
    /// The number of each kind in `sys.monitoring.events`; 0: this version does not have it.
    numbers: Vec<c_int>,
    capabilities: Capabilities,
    callbacks: OnceLock<Vec<(EventKind, Py<PyAny>)>>,
    book: Mutex<Book>,
    /// Modules that were made while breakpoints wait for files: their file name is looked at again when they run.
    newborn: Mutex<Vec<CodeId>>,
    watcher: Mutex<Option<CodeWatcher>>,
}

impl Monitoring {
    /// Takes hold of `sys.monitoring`, without asking for anything yet.
    pub(crate) fn new(py: Python<'_>) -> Result<Self, InternalError> {
        let sys = import(py, "sys")?;
        let monitoring = sys.getattr(intern!(py, "monitoring")).map_err(|_| InternalError::NoMonitoring)?;
        let api = Api::load(&monitoring)?;
        let (tool, instead_of) = choose_tool(&monitoring)?;
        let numbers = event_numbers(&monitoring)?;
        let disable = monitoring.getattr(intern!(py, "DISABLE"))?;
        DISABLE_OBJECT.store(disable.into_ptr(), Ordering::Relaxed);
        api.use_tool_id.call1(py, (tool, "rdb"))?;
        let capabilities = capabilities(py, &api, tool, &numbers)?;
        api.free_tool_id.call1(py, (tool,))?;
        Ok(Self {
            api,
            tool,
            instead_of,
            numbers,
            capabilities,
            callbacks: OnceLock::new(),
            book: Mutex::default(),
            newborn: Mutex::default(),
            watcher: Mutex::default(),
        })
    }

    /// Returns who holds the tool id that is meant for debuggers, if it is not rdb.
    pub(crate) fn instead_of(&self) -> Option<&str> {
        self.instead_of.as_deref()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self, kinds: EventSet) -> c_int {
        kinds.iter().filter_map(|kind| self.numbers.get(kind as usize)).fold(0, |sum, number| sum | number)
    }

    fn set_global(&self, py: Python<'_>, kinds: EventSet) -> PyResult<()> {
        GLOBAL.store(mask_of(kinds), Ordering::Relaxed);
        self.api.set_events.call1(py, (self.tool, self.number(with_company_everywhere(kinds)))).map(drop)
    }

    /// Asks for these kinds in one code object. Every place of it reports again.
    fn set_local(&self, py: Python<'_>, id: CodeId, kinds: EventSet) -> PyResult<()> {
        let (Some(object), Some(entry)) = (code::of_id(py, id), code::entry_of_id(py, id)) else { return Ok(()) };
        let newly = entry.wanted_mask() == 0;
        entry.set_wanted(kinds);
        let mut wanted = with_company(kinds);
        if self.is_newborn(id) {
            wanted |= EventSet::of(&[EventKind::Start]);
        }
        if LINE_GUARDS_ITS_INSTRUCTION && newly && kinds.contains(EventKind::Return) {
            wanted |= EventSet::of(&[EventKind::Line]);
        }
        let before = entry.replace_armed(mask_of(wanted));
        // Places that have said `DISABLE` can only be among the kinds that stay.
        if before & mask_of(wanted & DISABLE) != 0 || wanted.is_empty() {
            self.api.set_local_events.call1(py, (self.tool, &object, 0))?;
        }
        if !wanted.is_empty() {
            self.api.set_local_events.call1(py, (self.tool, &object, self.number(wanted)))?;
        }
        Ok(())
    }

    fn is_newborn(&self, id: CodeId) -> bool {
        self.newborn.lock().unwrap_or_else(PoisonError::into_inner).contains(&id)
    }

    /// Takes a module off the list of those whose file name is still to be looked at; returns whether it was on it.
    fn grow_up(&self, id: CodeId) -> bool {
        let mut newborn = self.newborn.lock().unwrap_or_else(PoisonError::into_inner);
        let before = newborn.len();
        newborn.retain(|&other| other != id);
        newborn.len() != before
    }

    fn watch_new_code(&self, wanted: bool) {
        let mut watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if wanted && watcher.is_none() {
            *watcher = CodeWatcher::begin();
        } else if !wanted {
            *watcher = None;
        }
    }

    fn register(&self, py: Python<'_>) -> PyResult<()> {
        if self.callbacks.get().is_none() {
            let callbacks = callbacks(py)?;
            self.callbacks.get_or_init(|| callbacks);
        }
        for (kind, callback) in self.callbacks.get().into_iter().flatten() {
            let number = self.number(EventSet::of(&[*kind]));
            if number != 0 {
                self.api.register_callback.call1(py, (self.tool, number, callback))?;
            }
        }
        Ok(())
    }

    fn try_detach(&self, py: Python<'_>) -> PyResult<()> {
        self.watch_new_code(false);
        self.set_global(py, EventSet::EMPTY)?;
        let armed: Vec<CodeId> = self.book().local().keys().copied().collect();
        let newborn = std::mem::take(&mut *self.newborn.lock().unwrap_or_else(PoisonError::into_inner));
        for code in armed.into_iter().chain(newborn) {
            self.set_local(py, code, EventSet::EMPTY)?;
        }
        for (kind, _) in self.callbacks.get().into_iter().flatten() {
            let number = self.number(EventSet::of(&[*kind]));
            if number != 0 {
                self.api.register_callback.call1(py, (self.tool, number, py.None()))?;
            }
        }
        self.api.free_tool_id.call1(py, (self.tool,)).map(drop)
    }

    /// Hears of a module that was just made; its file name may be put right before it runs.
    pub(crate) fn look_again(&self, py: Python<'_>, id: CodeId) -> PyResult<()> {
        self.newborn.lock().unwrap_or_else(PoisonError::into_inner).push(id);
        let kinds = self.book().local().get(&id).copied().unwrap_or_default();
        self.set_local(py, id, kinds)
    }
}

impl Backend for Monitoring {
    fn name(&self) -> &'static str {
        "monitoring"
    }

    fn tool(&self) -> Option<u8> {
        Some(self.tool)
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn attach(&self, py: Python<'_>) -> PyResult<()> {
        if std::mem::replace(&mut self.book().attached, true) {
            return Ok(());
        }
        self.api.use_tool_id.call1(py, (self.tool, "rdb"))?;
        self.register(py)?;
        let (global, local, new_code) = {
            let book = self.book();
            (book.global(), book.local().clone(), book.plan.new_code)
        };
        self.set_global(py, global)?;
        for (code, kinds) in local {
            self.set_local(py, code, kinds)?;
        }
        self.watch_new_code(new_code);
        Ok(())
    }

    fn apply(&self, py: Python<'_>, change: &PlanChange) -> PyResult<()> {
        let (before, after, attached) = {
            let mut book = self.book();
            let before = book.global();
            book.note(change);
            (before, book.global(), book.attached)
        };
        if !attached {
            return Ok(());
        }
        if before != after {
            self.set_global(py, after)?;
        }
        for &(code, kinds) in &change.local {
            self.set_local(py, code, kinds)?;
        }
        for &code in &change.rearm {
            let kinds = self.book().local().get(&code).copied().unwrap_or_default();
            self.set_local(py, code, kinds)?;
        }
        if change.restart || reports_anew(before, after) {
            self.api.restart_events.call0(py)?;
        }
        if let Some(new_code) = change.new_code {
            self.watch_new_code(new_code);
        }
        Ok(())
    }

    fn overhear(&self, py: Python<'_>, kinds: EventSet) -> PyResult<()> {
        let (before, after, attached) = {
            let mut book = self.book();
            let before = book.global();
            book.overheard = kinds;
            (before, book.global(), book.attached)
        };
        if attached && before != after {
            self.set_global(py, after)?;
            if reports_anew(before, after) {
                self.api.restart_events.call0(py)?;
            }
        }
        Ok(())
    }

    fn forget(&self, codes: &[CodeId]) {
        self.book().forget(codes);
        for &code in codes {
            self.grow_up(code);
        }
    }

    fn allow_jump(&self, _py: Python<'_>, _frame: FramePtr) {}

    fn detach(&self, py: Python<'_>) {
        if !std::mem::replace(&mut self.book().attached, false) {
            return;
        }
        if let Err(error) = self.try_detach(py) {
            tracing::error!(%error, "sys.monitoring could not be left");
        }
    }

    fn in_force(&self) -> InForce {
        self.book().in_force()
    }

    fn new_module(&self, py: Python<'_>, id: CodeId) -> PyResult<()> {
        self.look_again(py, id)
    }

    fn module_runs(&self, py: Python<'_>, id: CodeId) -> PyResult<bool> {
        if !self.grow_up(id) {
            return Ok(false);
        }
        let kinds = self.book().local().get(&id).copied().unwrap_or_default();
        self.set_local(py, id, kinds)?;
        Ok(true)
    }
}

/// Returns a free tool id, and who holds the debugger's if that is not free.
fn choose_tool(monitoring: &Bound<'_, PyAny>) -> Result<(u8, Option<String>), InternalError> {
    let py = monitoring.py();
    let mut holders = Vec::new();
    // The ids that PEP 669 gives to nobody come before those of coverage tools, profilers and optimisers.
    for tool in [0_u8, 3, 4, 1, 2, 5] {
        let holder = monitoring.call_method1(intern!(py, "get_tool"), (tool,))?;
        if holder.is_none() {
            return Ok((tool, holders.into_iter().next()));
        }
        holders.push(holder.to_string());
    }
    Err(InternalError::NoToolId(holders.join(", ")))
}

fn event_numbers(monitoring: &Bound<'_, PyAny>) -> PyResult<Vec<c_int>> {
    let events = monitoring.getattr(intern!(monitoring.py(), "events"))?;
    EventKind::ALL
        .iter()
        .map(|&kind| match events.getattr(kind.name()) {
            Ok(number) if HEARD.contains(kind) => number.extract(),
            _ => Ok(0),
        })
        .collect()
}

/// Finds out by trying what this version can do.
fn capabilities(py: Python<'_>, api: &Api, tool: u8, numbers: &[c_int]) -> PyResult<Capabilities> {
    let number = |kind: EventKind| numbers.get(kind as usize).copied().unwrap_or(0);
    // SAFETY: attached; a new reference or NULL with an exception comes back.
    let probe = unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyCode_NewEmpty(c"<rdb>".as_ptr(), c"probe".as_ptr(), 1).cast())?
    };
    let global: EventSet = HEARD.iter().filter(|&kind| number(kind) != 0).collect();
    let local: EventSet = SOMETIMES_LOCAL
        .iter()
        .filter(|&kind| api.set_local_events.call1(py, (tool, &probe, number(kind))).is_ok())
        .collect();
    api.set_local_events.call1(py, (tool, &probe, 0))?;
    Ok(Capabilities { local: (local | LOCAL) & global, global, disable: DISABLE & global, code_watcher: true })
}
