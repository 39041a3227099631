//! The session: one engine, one backend and one front end for the whole interpreter, and the way from an event to a prompt
//! and back.
//!
//! The engine is only ever locked by a thread that is attached to the interpreter, and nothing that runs Python code or
//! detaches is called while it is: so the lock is never contended, and never held across a fork.

mod baton;
mod fork;
mod gate;
mod hear;
mod leave;
mod scanned;
mod stop;
mod testing;
mod threads;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::engine::Engine;
use rdb_core::frontend::{Frontend, Notice};
use rdb_core::host::{SessionInfo, SessionMode};
use rdb_core::ids::{BreakpointId, ThreadId};
use rdb_core::plan::PlanChange;

use crate::backend::{self, Backend, Choice, InForce};
use crate::code::{self, CodeEntry};
use crate::errors::InternalError;
use crate::ffi::{CodePtr, import, is_main_interpreter};
use crate::signals::Interrupts;
use crate::{callback, log, scan};

use baton::Baton;
use leave::Leaving;
use scanned::Scanned;

pub(crate) use gate::Gate;
pub(crate) use hear::{Heard, Verdict};
pub(crate) use stop::Stopped;

/// The environment variable that chooses the backend where nobody else does.
const BACKEND_VARIABLE: &str = "RDB_BACKEND";

/// What of a session is seen at every event, as one number.
mod state {
    /// Events are heard.
    pub(super) const ACTIVE: u8 = 1;
    /// The program is being made to leave.
    pub(super) const LEAVING: u8 = 2;
    /// The next event is a panic: tests ask for it.
    pub(super) const PANIC: u8 = 4;
    /// Events are not what they seem.
    pub(super) const UNUSUAL: u8 = LEAVING | PANIC;
    /// Exceptions that leave a frame matter only where nothing of the program's is left to handle them.
    pub(super) const LAST_UNWINDS: u8 = 8;
}

/// The session of this interpreter.
pub(crate) struct Session {
    engine: Mutex<Engine>,
    backend: Box<dyn Backend>,
    /// Why this backend was chosen.
    backend_reason: String,
    state: AtomicU8,
    story: Mutex<Story>,
    /// The front end; None while a thread uses it.
    frontend: Mutex<Option<Box<dyn Frontend>>>,
    baton: Baton,
    notices: (Sender<Notice>, Receiver<Notice>),
    /// Values that a `finish` will show, by the thread that returned them.
    kept: Mutex<HashMap<ThreadId, Py<PyAny>>>,
    leaving: Mutex<Option<Leaving>>,
    pub(crate) interrupts: Interrupts,
    scanned: Scanned,
    events: AtomicU64,
}

/// How the session came about and how far it is.
struct Story {
    mode: SessionMode,
    finished: bool,
}

static SESSION: OnceLock<Session> = OnceLock::new();

/// What a session looks like from outside, for tests and for `--version --verbose`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionState {
    /// The name of the backend.
    pub(crate) backend: &'static str,
    /// Why it was chosen.
    pub(crate) reason: String,
    /// The tool id in `sys.monitoring`, if the backend has one.
    pub(crate) tool: Option<u8>,
    /// Events are heard.
    pub(crate) active: bool,
    /// What is asked of the interpreter.
    pub(crate) in_force: InForce,
    /// How many events were heard of code that the plan is about.
    pub(crate) events: u64,
}

impl Session {
    /// Returns the session, if one was ever started.
    pub(crate) fn get() -> Option<&'static Self> {
        SESSION.get()
    }

    /// Returns the session, if it hears events.
    #[inline]
    pub(crate) fn active() -> Option<&'static Self> {
        SESSION.get().filter(|session| session.is(state::ACTIVE))
    }

    /// Returns the session, and begins it or attaches it again if need be.
    pub(crate) fn start(py: Python<'_>, choice: Choice, mode: SessionMode) -> Result<&'static Self, InternalError> {
        if !is_main_interpreter(py) {
            return Err(InternalError::Subinterpreter);
        }
        let choice = match choice {
            Choice::Auto => std::env::var(BACKEND_VARIABLE).unwrap_or_default().parse()?,
            other => other,
        };
        let session = match SESSION.get() {
            Some(session) => session,
            None => Self::begin(py, choice, mode)?,
        };
        if choice != Choice::Auto && choice.to_string() != session.backend.name() {
            return Err(InternalError::OtherBackend(session.backend.name()));
        }
        session.attach(py, mode)?;
        Ok(session)
    }

    fn begin(py: Python<'_>, choice: Choice, mode: SessionMode) -> Result<&'static Self, InternalError> {
        log::install();
        callback::quiet_panics();
        code::prepare(py)?;
        leave::prepare(py)?;
        let chosen = backend::make(py, choice)?;
        tracing::info!(backend = chosen.backend.name(), reason = chosen.reason, "a session begins");
        let session = Self {
            engine: Mutex::new(Engine::new(chosen.backend.capabilities())),
            backend: chosen.backend,
            backend_reason: chosen.reason,
            state: AtomicU8::new(0),
            story: Mutex::new(Story { mode, finished: false }),
            frontend: Mutex::new(None),
            baton: Baton::new(),
            notices: crossbeam_channel::unbounded(),
            kept: Mutex::default(),
            leaving: Mutex::default(),
            interrupts: Interrupts::default(),
            scanned: Scanned::default(),
            events: AtomicU64::new(0),
        };
        let session = SESSION.get_or_init(|| session);
        fork::register(py)?;
        leave::register_exit(py)?;
        Ok(session)
    }

    fn attach(&'static self, py: Python<'_>, mode: SessionMode) -> PyResult<()> {
        if self.is(state::ACTIVE) {
            return Ok(());
        }
        self.set_mode(mode);
        self.backend.attach(py)?;
        self.raise_state(state::ACTIVE);
        Ok(())
    }

    fn is(&self, bits: u8) -> bool {
        self.state.load(Ordering::Relaxed) & bits != 0
    }

    fn raise_state(&self, bits: u8) {
        self.state.fetch_or(bits, Ordering::Relaxed);
    }

    fn lower_state(&self, bits: u8) {
        self.state.fetch_and(!bits, Ordering::Relaxed);
    }

    /// Locks the engine. To be called attached only, and nothing that can run Python code may be called while the guard
    /// lives.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the engine, then brings the plan that follows from it into force.
    pub(crate) fn update<R>(&self, py: Python<'_>, change: impl FnOnce(&mut Engine) -> R) -> PyResult<R> {
        self.bury(py);
        let (result, plan, gates) = {
            let mut engine = self.engine();
            let result = change(&mut engine);
            (result, self.take_plan_change(&mut engine), engine.take_gates())
        };
        Self::set_gates(py, gates);
        self.apply(py, plan)?;
        Ok(result)
    }

    /// Returns what the backend has to change, and notes what it need not tell the engine of.
    fn take_plan_change(&self, engine: &mut Engine) -> Option<PlanChange> {
        let wanted = engine.wants_last_unwinds_only();
        if wanted != self.is(state::LAST_UNWINDS) {
            if wanted { self.raise_state(state::LAST_UNWINDS) } else { self.lower_state(state::LAST_UNWINDS) }
        }
        engine.take_plan_change()
    }

    fn apply(&self, py: Python<'_>, plan: Option<PlanChange>) -> PyResult<()> {
        match plan {
            Some(plan) => {
                tracing::debug!(?plan, "the plan changes");
                if plan.new_code == Some(false) {
                    self.scanned.forget();
                }
                self.backend.apply(py, &plan)
            }
            None => Ok(()),
        }
    }

    /// Tells the engine of the code objects that are gone.
    pub(super) fn bury(&self, _py: Python<'_>) {
        let dead = code::take_dead();
        if dead.is_empty() {
            return;
        }
        let ids: Vec<_> = dead.iter().map(|entry| entry.id).collect();
        {
            let mut engine = self.engine();
            for &id in &ids {
                engine.forget_code(id);
            }
        }
        self.backend.forget(&ids);
    }

    /// Makes the engine meet the code objects of a file that exist already.
    pub(crate) fn meet_path(&self, py: Python<'_>, path: &str) -> PyResult<()> {
        let found = self.scanned.unmet(py, path)?;
        if found.is_empty() {
            return Ok(());
        }
        tracing::debug!(path, found = found.len(), "code objects were looked for");
        let pointers: Vec<CodePtr> = found.iter().filter_map(|code| CodePtr::of(code.bind(py))).collect();
        self.meet(py, &pointers).map(drop)
    }

    /// Makes the engine meet code objects; news of breakpoints that this binds go to the front end.
    fn meet(&self, py: Python<'_>, codes: &[CodePtr]) -> PyResult<Vec<BreakpointId>> {
        let infos: Vec<_> = codes
            .iter()
            .map(|&code| {
                let entry = code::entry(py, code);
                entry.mark_met();
                (entry.id, code::describe(py, code, None))
            })
            .collect();
        let mut bound = self.update(py, |engine| {
            infos.into_iter().flat_map(|(id, info)| engine.meet_code(id, info)).collect::<Vec<_>>()
        })?;
        bound.sort_unstable();
        bound.dedup();
        Ok(bound)
    }

    /// Hears of a code object that was just made.
    pub(crate) fn code_made(&self, py: Python<'_>, code: CodePtr) -> PyResult<()> {
        let object = code.object(py);
        let Some(path) = code::filename(&object) else { return Ok(()) };
        if code::is_own_path(&path) {
            return Ok(());
        }
        if self.engine().wants_path(&path) {
            let bound = self.meet(py, &[code])?;
            self.announce_bound(bound);
            return Ok(());
        }
        self.scanned.came(py, &path, code);
        if object.getattr(intern!(py, "co_name"))?.eq("<module>")? {
            let entry = code::entry(py, code);
            entry.set_newborn(true);
            self.backend.new_module(py, entry.id)?;
        }
        Ok(())
    }

    /// Hears that a code object begins to run; returns whether it is a module that runs for the first time since it was
    /// made, in which case its file name, now the right one, was looked at again.
    pub(crate) fn module_runs(&self, py: Python<'_>, entry: &CodeEntry) -> PyResult<bool> {
        if !entry.is_newborn() {
            return Ok(false);
        }
        entry.set_newborn(false);
        self.backend.module_runs(py, entry.id)?;
        if let Some(code) = code::of_id(py, entry.id).as_ref().and_then(CodePtr::of) {
            self.code_runs(py, code)?;
        }
        Ok(true)
    }

    /// Hears that a code object runs that may be new to the engine; those inside of it come with it.
    pub(crate) fn code_runs(&self, py: Python<'_>, code: CodePtr) -> PyResult<()> {
        let object = code.object(py);
        let Some(path) = code::filename(&object) else { return Ok(()) };
        if self.engine().wants_path(&path) {
            let found = scan::with_inner(&object, &path)?;
            let pointers: Vec<CodePtr> = found.iter().filter_map(|code| CodePtr::of(code.bind(py))).collect();
            let bound = self.meet(py, &pointers)?;
            self.announce_bound(bound);
        } else {
            self.scanned.came(py, &path, code);
        }
        Ok(())
    }

    pub(super) fn announce_bound(&self, bound: Vec<BreakpointId>) {
        for id in bound {
            self.notify(Notice::Bound(id));
        }
    }

    /// Sends news to the front end; it hears them before the next prompt.
    pub(crate) fn notify(&self, notice: Notice) {
        if self.notices.0.send(notice).is_err() {
            tracing::warn!("a notice was lost");
        }
    }

    /// Makes the first line of this code object a stop.
    pub(crate) fn arm_entry(&self, py: Python<'_>, code: &Bound<'_, PyAny>) -> PyResult<()> {
        match code::id_of(code) {
            Some(id) => self.update(py, |engine| engine.stop_at_entry(id)),
            None => Ok(()),
        }
    }

    /// Sets the front end and returns the one before, if no thread uses it.
    pub(crate) fn set_frontend(&self, frontend: Option<Box<dyn Frontend>>) -> Option<Box<dyn Frontend>> {
        std::mem::replace(&mut *self.frontend.lock().unwrap_or_else(PoisonError::into_inner), frontend)
    }

    fn story(&self) -> MutexGuard<'_, Story> {
        self.story.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how the session came about.
    pub(crate) fn mode(&self) -> SessionMode {
        self.story().mode
    }

    /// Notes how the session came about.
    pub(crate) fn set_mode(&self, mode: SessionMode) {
        self.story().mode = mode;
    }

    /// Notes whether the program has run to its end.
    pub(crate) fn set_finished(&self, finished: bool) {
        self.story().finished = finished;
    }

    /// Returns what is true of the session, for front ends.
    pub(crate) fn info(&self, py: Python<'_>) -> SessionInfo {
        let outlives = has_prompt(py) || testing::is_running(py);
        let story = self.story();
        SessionInfo {
            mode: story.mode,
            backend: format!("{} ({})", self.backend.name(), self.backend_reason),
            outlives,
            finished: story.finished,
            can_await: false,
        }
    }

    /// Returns what the session looks like from outside.
    pub(crate) fn state(&self) -> SessionState {
        SessionState {
            backend: self.backend.name(),
            reason: self.backend_reason.clone(),
            tool: self.backend.tool(),
            active: self.is(state::ACTIVE),
            in_force: self.backend.in_force(),
            events: self.events.load(Ordering::Relaxed),
        }
    }

    /// Makes the next event a panic. For tests.
    pub(crate) fn panic_at_next_event(&self) {
        self.raise_state(state::PANIC);
    }
}

/// Returns whether an interactive interpreter runs the program.
fn has_prompt(py: Python<'_>) -> bool {
    import(py, "sys").is_ok_and(|sys| sys.hasattr("ps1").unwrap_or(false))
}
