//! Which parts of the machinery a subclass has overridden. What is not overridden is called in Rust, without a look-up.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::base::BdbBase;

/// A method that other parts of the machinery call at events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    DispatchLine,
    DispatchCall,
    DispatchReturn,
    DispatchException,
    DispatchOpcode,
    StopHere,
    BreakHere,
    BreakAnywhere,
    IsSkippedModule,
    Canonic,
    TraceDispatch,
    UserCall,
}

impl Part {
    /// All parts with the names of their methods.
    const ALL: [(Self, &'static str); 12] = [
        (Self::DispatchLine, "dispatch_line"),
        (Self::DispatchCall, "dispatch_call"),
        (Self::DispatchReturn, "dispatch_return"),
        (Self::DispatchException, "dispatch_exception"),
        (Self::DispatchOpcode, "dispatch_opcode"),
        (Self::StopHere, "stop_here"),
        (Self::BreakHere, "break_here"),
        (Self::BreakAnywhere, "break_anywhere"),
        (Self::IsSkippedModule, "is_skipped_module"),
        (Self::Canonic, "canonic"),
        (Self::TraceDispatch, "trace_dispatch"),
        (Self::UserCall, "user_call"),
    ];

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The parts that a class or one of its instances has overridden.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Overrides(u32);

impl Overrides {
    /// Returns whether the part is not rdb's own.
    pub(super) fn has(self, part: Part) -> bool {
        self.0 & part.bit() != 0
    }

    /// Returns whether one of the parts that decide at events is not rdb's own.
    pub(super) fn any_decision(self) -> bool {
        self.0 & !Part::UserCall.bit() != 0
    }
}

/// A state of a class. It is never that of two states while the class lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    class: usize,
    version: u32,
}

impl Mark {
    /// Returns the present state of a debugger's class; None: the interpreter has no mark for it at present.
    pub(super) fn of(debugger: &Bound<'_, BdbBase>) -> Option<Self> {
        let mark = Self::present(debugger);
        (mark.version != 0).then_some(mark)
    }

    /// Returns whether a debugger's class is in this state.
    pub(super) fn is_of(self, debugger: &Bound<'_, BdbBase>) -> bool {
        self.version != 0 && self == Self::present(debugger)
    }

    fn present(debugger: &Bound<'_, BdbBase>) -> Self {
        Self { class: debugger.get_type_ptr() as usize, version: version_of(debugger.get_type_ptr()) }
    }
}

/// What was found last, and of which state of which class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cache {
    mark: Mark,
    found: Overrides,
}

/// Has the next question looked up anew: an instance may have got a method of its own.
pub(super) fn forget(debugger: &Bound<'_, BdbBase>) {
    BdbBase::state(debugger).lock().overrides = Cache::default();
}

/// Returns what this debugger's class overrides.
pub(super) fn of(debugger: &Bound<'_, BdbBase>) -> PyResult<Overrides> {
    let known = BdbBase::state(debugger).lock().overrides;
    if known.mark.is_of(debugger) {
        return Ok(known.found);
    }
    let found = look(debugger, &debugger.get_type())?;
    let cache = Cache { mark: Mark::present(debugger), found };
    BdbBase::state(debugger).lock().overrides = cache;
    Ok(found)
}

fn look(debugger: &Bound<'_, BdbBase>, class: &Bound<'_, PyType>) -> PyResult<Overrides> {
    let own = debugger.py().get_type::<BdbBase>();
    let instance = debugger.getattr("__dict__").ok().and_then(|names| names.cast_into::<PyDict>().ok());
    let mut found = 0;
    for (part, name) in Part::ALL {
        let of_instance = match &instance {
            Some(names) => names.contains(name)?,
            None => false,
        };
        let method = class.getattr(name)?;
        if of_instance || !(method.is(&own.getattr(name)?) || means_nothing(part, &method)) {
            found |= part.bit();
        }
    }
    Ok(Overrides(found))
}

/// Returns whether the method is an override that does nothing where `stop_here` says no: pdb's own `user_call`.
fn means_nothing(part: Part, method: &Bound<'_, PyAny>) -> bool {
    let is = |name: &str, wanted: &[&str]| {
        method.getattr(name).is_ok_and(|found| wanted.iter().any(|wanted| found.eq(wanted).unwrap_or(false)))
    };
    part == Part::UserCall && is("__qualname__", &["Pdb.user_call"]) && is("__module__", &["pdb", "rdb.pdb"])
}

/// Returns the interpreter's mark of the present state of a class; 0: it has none at present.
pub(super) fn version(class: &Bound<'_, PyType>) -> u32 {
    version_of(class.as_type_ptr())
}

#[expect(unsafe_code, reason = "no function tells it")]
fn version_of(class: *mut ffi::PyTypeObject) -> u32 {
    // SAFETY: the callers have bound references to the type or an instance: they are attached, and it is alive.
    unsafe { (*class).tp_version_tag }
}
