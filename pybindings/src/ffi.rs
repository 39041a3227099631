//! The C API that rdb needs: what PyO3 does not declare, and pointers with the few operations that the hot path makes.
//!
//! [`FramePtr`] and [`CodePtr`] are borrowed: they are good as long as the interpreter runs what they stand for, which
//! holds inside a callback and at a stop. Each operation takes the proof that the interpreter is attached.
#![expect(unsafe_code, reason = "talks to C")]

#[cfg(Py_3_12)]
use std::ffi::c_char;
use std::ffi::{CStr, c_int, c_void};
use std::ptr::NonNull;

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyModule, PyString};
use rdb_core::ids::{FrameId, Line, ThreadId};

/// `PyTrace_*`, as the interpreter numbers them.
pub(crate) type TraceWhat = c_int;

unsafe extern "C" {
    /// Returns a new reference to the bytes of a code object, instrumentation removed.
    fn PyCode_GetCode(code: *mut ffi::PyCodeObject) -> *mut ffi::PyObject;
}

#[cfg(Py_3_12)]
unsafe extern "C" {
    /// Tells the audit hooks of an event; -1 with an exception if one refuses.
    pub(crate) fn PySys_Audit(event: *const c_char, format: *const c_char, ...) -> c_int;
    /// Registers a callback for code objects that are made (0) or about to be freed (1).
    pub(crate) fn PyCode_AddWatcher(callback: unsafe extern "C" fn(c_int, *mut ffi::PyObject) -> c_int) -> c_int;
    /// Drops a callback.
    pub(crate) fn PyCode_ClearWatcher(id: c_int) -> c_int;
}

#[cfg(not(Py_3_12))]
unsafe extern "C" {
    /// Sets the trace function of any thread; 3.11 has no public name for it.
    pub(crate) fn _PyEval_SetTrace(
        tstate: *mut ffi::PyThreadState,
        function: Option<ffi::Py_tracefunc>,
        object: *mut ffi::PyObject,
    ) -> c_int;
    /// Sets the profile function of any thread.
    pub(crate) fn _PyEval_SetProfile(
        tstate: *mut ffi::PyThreadState,
        function: Option<ffi::Py_tracefunc>,
        object: *mut ffi::PyObject,
    ) -> c_int;
}

/// Returns the id of the running thread.
pub(crate) fn thread_id() -> ThreadId {
    // SAFETY: needs no interpreter and never fails.
    let ident = unsafe { ffi::PyThread_get_thread_ident() };
    #[expect(clippy::useless_conversion, reason = "c_ulong has 32 bits on some systems")]
    ThreadId(u64::from(ident))
}

/// A borrowed frame object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FramePtr(NonNull<ffi::PyFrameObject>);

impl FramePtr {
    /// Returns the frame that runs in this thread; None if no Python code does.
    pub(crate) fn current(_py: Python<'_>) -> Option<Self> {
        // SAFETY: attached; the reference is borrowed from the running frame.
        NonNull::new(unsafe { ffi::PyEval_GetFrame() }).map(Self)
    }

    /// Returns the frame at this address, which C has given.
    pub(crate) fn from_raw(frame: *mut ffi::PyFrameObject) -> Option<Self> {
        NonNull::new(frame).map(Self)
    }

    /// Returns the address, for C.
    pub(crate) fn as_raw(self) -> *mut ffi::PyFrameObject {
        self.0.as_ptr()
    }

    /// Returns the frame that this object is.
    pub(crate) fn of(frame: &Bound<'_, PyAny>) -> Option<Self> {
        // SAFETY: attached, as the bound reference shows; the check reads the type only.
        let is_frame = unsafe { ffi::PyObject_TypeCheck(frame.as_ptr(), &raw mut ffi::PyFrame_Type) } != 0;
        is_frame.then(|| Self::from_raw(frame.as_ptr().cast())).flatten()
    }

    /// Returns the frame that this id was made from; it has to be on a live stack.
    pub(crate) fn from_id(id: FrameId) -> Option<Self> {
        NonNull::new(id.0 as usize as *mut ffi::PyFrameObject).map(Self)
    }

    /// Returns the address of the frame object.
    pub(crate) fn as_ptr(self) -> *mut ffi::PyFrameObject {
        self.0.as_ptr()
    }

    /// Returns the id of the frame: its address.
    pub(crate) fn id(self) -> FrameId {
        FrameId(self.0.as_ptr() as usize as u64)
    }

    /// Returns the code object that the frame runs.
    pub(crate) fn code(self, _py: Python<'_>) -> CodePtr {
        // SAFETY: attached and the frame is alive; the frame keeps the code alive when our reference is given back.
        unsafe {
            let code = ffi::PyFrame_GetCode(self.0.as_ptr());
            ffi::Py_DECREF(code.cast());
            CodePtr(NonNull::new_unchecked(code.cast()))
        }
    }

    /// Returns the frame that called or resumed this one.
    pub(crate) fn back(self, _py: Python<'_>) -> Option<Self> {
        // SAFETY: attached and the frame is alive; the caller's activation keeps its frame object alive when our
        // reference is given back.
        unsafe {
            let back = NonNull::new(ffi::PyFrame_GetBack(self.0.as_ptr()))?;
            ffi::Py_DECREF(back.as_ptr().cast());
            Some(Self(back))
        }
    }

    /// Returns the line that the frame is at, if its instruction has one. A module begins at line 0; that is its first one.
    pub(crate) fn line(self, py: Python<'_>) -> Option<Line> {
        // SAFETY: attached and the frame is alive.
        match unsafe { ffi::PyFrame_GetLineNumber(self.0.as_ptr()) } {
            0 => self.code(py).object(py).getattr(intern!(py, "co_firstlineno")).ok()?.extract().ok(),
            line => Line::try_from(line).ok(),
        }
    }

    /// Returns the byte offset of the instruction that the frame is at.
    pub(crate) fn offset(self, _py: Python<'_>) -> Option<u32> {
        // SAFETY: attached and the frame is alive.
        u32::try_from(unsafe { ffi::PyFrame_GetLasti(self.0.as_ptr()) }).ok()
    }

    /// Returns the globals of the frame.
    pub(crate) fn globals(self, py: Python<'_>) -> Bound<'_, PyAny> {
        // SAFETY: attached and the frame is alive; the call returns a new reference and does not fail.
        unsafe { Bound::from_owned_ptr(py, ffi::PyFrame_GetGlobals(self.0.as_ptr())) }
    }

    /// Returns the frame as an object.
    pub(crate) fn object(self, py: Python<'_>) -> Bound<'_, PyAny> {
        // SAFETY: attached and the frame is alive; a new reference is taken.
        unsafe { Bound::from_borrowed_ptr(py, self.0.as_ptr().cast()) }
    }
}

/// A borrowed code object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CodePtr(NonNull<ffi::PyObject>);

// SAFETY: the address alone crosses threads; every operation on it needs an attached interpreter.
unsafe impl Send for CodePtr {}
// SAFETY: as above.
unsafe impl Sync for CodePtr {}

impl CodePtr {
    /// Returns the code object at this address; None if there is something else.
    pub(crate) fn from_raw(code: *mut ffi::PyObject) -> Option<Self> {
        let code = NonNull::new(code)?;
        // SAFETY: C has given a live object; the check reads its type only.
        (unsafe { ffi::PyCode_Check(code.as_ptr()) } != 0).then_some(Self(code))
    }

    /// Returns the code object that this object is.
    pub(crate) fn of(code: &Bound<'_, PyAny>) -> Option<Self> {
        Self::from_raw(code.as_ptr())
    }

    /// Returns the address of the code object.
    pub(crate) fn as_ptr(self) -> *mut ffi::PyObject {
        self.0.as_ptr()
    }

    /// Returns the code as an object.
    pub(crate) fn object(self, py: Python<'_>) -> Bound<'_, PyAny> {
        // SAFETY: attached and the code is alive; a new reference is taken.
        unsafe { Bound::from_borrowed_ptr(py, self.0.as_ptr()) }
    }

    /// Returns the bytecode without instrumentation; the interpreter keeps it with the code object.
    pub(crate) fn bytecode(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        // SAFETY: attached and the code is alive; a new reference or NULL with an exception comes back.
        unsafe { Bound::from_owned_ptr_or_err(py, PyCode_GetCode(self.0.as_ptr().cast())) }
    }

    /// Returns the opcode of the instruction at this byte offset.
    pub(crate) fn opcode_at(self, py: Python<'_>, offset: u32) -> Option<u8> {
        self.bytecode(py).ok()?.cast::<PyBytes>().ok()?.as_bytes().get(usize::try_from(offset).ok()?).copied()
    }

    /// Returns the line of the instruction at this byte offset.
    pub(crate) fn line_at(self, _py: Python<'_>, offset: u32) -> Option<Line> {
        let offset = c_int::try_from(offset).ok()?;
        // SAFETY: attached and the code is alive; any offset is answered.
        let line = unsafe { ffi::PyCode_Addr2Line(self.0.as_ptr().cast(), offset) };
        Line::try_from(line).ok().filter(|&line| line > 0)
    }

    /// Returns what rdb keeps in this code object's extra slot; NULL: nothing yet.
    pub(crate) fn extra(self, _py: Python<'_>, slot: ffi::Py_ssize_t) -> *mut c_void {
        let mut extra = std::ptr::null_mut();
        // SAFETY: attached, the code is alive, and the slot was given to rdb.
        unsafe { ffi::PyUnstable_Code_GetExtra(self.0.as_ptr(), slot, &raw mut extra) };
        extra
    }

    /// Puts something into this code object's extra slot.
    pub(crate) fn set_extra(self, py: Python<'_>, slot: ffi::Py_ssize_t, extra: *mut c_void) -> PyResult<()> {
        // SAFETY: attached, the code is alive, and the slot was given to rdb.
        match unsafe { ffi::PyUnstable_Code_SetExtra(self.0.as_ptr(), slot, extra) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(py)),
        }
    }
}

/// Asks the interpreter for a slot in every code object; None: there are no more.
pub(crate) fn request_code_extra(free: unsafe extern "C" fn(*mut c_void)) -> Option<ffi::Py_ssize_t> {
    // SAFETY: called attached, from the start of a session; the function stays loaded as long as the process.
    let slot = unsafe { ffi::PyUnstable_Eval_RequestCodeExtraIndex(free) };
    (slot >= 0).then_some(slot)
}

/// Keeps the events of this thread away while it lives: what a front end evaluates is not debugged.
pub(crate) struct Untraced<'py>(Python<'py>);

impl<'py> Untraced<'py> {
    /// Silences the running thread.
    pub(crate) fn begin(py: Python<'py>) -> Self {
        // SAFETY: attached; balanced by `drop` on the same thread, because the token binds the value to it.
        unsafe { ffi::PyThreadState_EnterTracing(ffi::PyThreadState_Get()) };
        Self(py)
    }
}

impl Drop for Untraced<'_> {
    fn drop(&mut self) {
        let _py = self.0;
        // SAFETY: attached, and `begin` has been called on this thread.
        unsafe { ffi::PyThreadState_LeaveTracing(ffi::PyThreadState_Get()) };
    }
}

/// Lets Python code run deeper while it lives: what a front end asks for has to run at the limit of recursion too.
pub(crate) struct Headroom<'py> {
    py: Python<'py>,
    before: c_int,
}

impl<'py> Headroom<'py> {
    /// How many calls deeper.
    const CALLS: c_int = 500;

    /// Raises the limit.
    pub(crate) fn begin(py: Python<'py>) -> Self {
        // SAFETY: attached; the limit is a number and any larger one is taken.
        let before = unsafe { ffi::Py_GetRecursionLimit() };
        // SAFETY: as above.
        unsafe { ffi::Py_SetRecursionLimit(before.saturating_add(Self::CALLS)) };
        Self { py, before }
    }
}

impl Drop for Headroom<'_> {
    fn drop(&mut self) {
        let _py = self.py;
        // SAFETY: attached. A limit that the user has set meanwhile stays.
        unsafe {
            if ffi::Py_GetRecursionLimit() == self.before.saturating_add(Self::CALLS) {
                ffi::Py_SetRecursionLimit(self.before);
            }
        }
    }
}

/// Returns an attribute of `sys`; None if it is missing.
pub(crate) fn sys_attribute<'py>(py: Python<'py>, name: &CStr) -> Option<Bound<'py, PyAny>> {
    // SAFETY: attached; a borrowed reference or NULL without an exception comes back, and a reference of our own is taken.
    unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PySys_GetObject(name.as_ptr())) }
}

/// Returns a module, imported if need be. PyO3's import goes through the `__import__` of the running frame's builtins, which
/// the program may have replaced or taken away (`namedtuple` makes functions without any); this one does not look at frames.
pub(crate) fn import<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyModule>> {
    let name = PyString::new(py, name);
    // SAFETY: attached; each call takes borrowed references and returns a new one, or NULL with or without an exception.
    let module = unsafe {
        match Bound::from_owned_ptr_or_opt(py, ffi::PyImport_GetModule(name.as_ptr())) {
            Some(module) => module,
            None => {
                let none = std::ptr::null_mut();
                let first = ffi::PyImport_ImportModuleLevelObject(name.as_ptr(), none, none, none, 0);
                drop(Bound::from_owned_ptr_or_err(py, first)?);
                Bound::from_owned_ptr_or_err(py, ffi::PyImport_GetModule(name.as_ptr()))?
            }
        }
    };
    Ok(module.cast_into()?)
}

/// Runs a code object in these namespaces. The built-in eval and exec would leave `__builtins__` in the globals.
pub(crate) fn eval_code<'py>(
    code: &Bound<'py, PyAny>,
    globals: &Bound<'py, PyAny>,
    locals: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: `code` is a code object without free variables and `globals` a dictionary (those of a frame, or of a
    // front end that got them from `exec`); the thread is attached, and the result is a new reference or an error.
    unsafe {
        let value = ffi::PyEval_EvalCode(code.as_ptr(), globals.as_ptr(), locals.as_ptr());
        Bound::from_owned_ptr_or_err(code.py(), value)
    }
}

/// Returns the dictionary that lives as long as the state of the running thread.
pub(crate) fn thread_state_dict(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    // SAFETY: attached; a borrowed reference or NULL without an exception comes back.
    unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyThreadState_GetDict()) }
}

/// Returns the exception that this thread is handling, innermost first.
pub(crate) fn handled_exception(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    // SAFETY: attached; a new reference, None or NULL comes back.
    let handled = unsafe { Bound::from_owned_ptr_or_opt(py, ffi::PyErr_GetHandledException()) }?;
    (!handled.is_none()).then_some(handled)
}

/// Returns whether this is the interpreter that the process began with. PyO3 shares its state, and rdb its own, between
/// interpreters, so only that one can be debugged.
pub(crate) fn is_main_interpreter(_py: Python<'_>) -> bool {
    // SAFETY: attached.
    unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) == 0 }
}

/// Makes another thread raise an exception as soon as it runs Python code.
pub(crate) fn raise_in_thread(_py: Python<'_>, thread: ThreadId, exception: &Bound<'_, PyAny>) {
    // SAFETY: attached; an id of a thread that is gone is answered with 0.
    unsafe { ffi::PyThreadState_SetAsyncExc(thread.0 as _, exception.as_ptr()) };
}
