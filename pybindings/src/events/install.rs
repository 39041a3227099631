//! Puts a program's trace or profile function in place, on the running thread or on all, and tells which is there.
#![expect(unsafe_code, reason = "talks to C")]

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::events::classic::{on_profile, on_trace};
use crate::ffi::import;

/// Which of the two functions that a thread has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// `sys.settrace`.
    Trace,
    /// `sys.setprofile`.
    Profile,
}

/// `sys.gettrace` and `sys.getprofile`, as they were before anybody could replace them by ours.
static GETTERS: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();

impl Slot {
    fn callback(self) -> ffi::Py_tracefunc {
        match self {
            Slot::Trace => on_trace,
            Slot::Profile => on_profile,
        }
    }

    /// Returns the callback and its object for a function; nothing and NULL for None, which takes the function away.
    fn pair(self, function: &Bound<'_, PyAny>) -> (Option<ffi::Py_tracefunc>, *mut ffi::PyObject) {
        if function.is_none() { (None, std::ptr::null_mut()) } else { (Some(self.callback()), function.as_ptr()) }
    }

    /// Returns the function that the running thread has, or None.
    pub(crate) fn current(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match GETTERS.get(py) {
            Some([trace, profile]) => (if self == Slot::Trace { trace } else { profile }).bind(py).call0(),
            None => Ok(py.None().into_bound(py)),
        }
    }

    /// Sets the function of the running thread. None takes it away.
    pub(crate) fn set_here(self, function: &Bound<'_, PyAny>) -> PyResult<()> {
        let (callback, object) = self.pair(function);
        self.put_here(function.py(), callback, object)
    }

    /// Sets the function of every running thread. None takes it away.
    pub(crate) fn set_everywhere(self, function: &Bound<'_, PyAny>) -> PyResult<()> {
        let (callback, object) = self.pair(function);
        self.put_everywhere(function.py(), callback, object)
    }

    /// Makes `threading` set the function in the threads that it starts from now on.
    pub(crate) fn set_in_threads_to_come(self, function: &Bound<'_, PyAny>) -> PyResult<()> {
        let threading = import(function.py(), "threading")?;
        let set = match self {
            Slot::Trace => intern!(function.py(), "settrace"),
            Slot::Profile => intern!(function.py(), "setprofile"),
        };
        threading.call_method1(set, (function,)).map(drop)
    }
}

/// Since 3.12 there are public functions for every thread; they complain of what goes wrong and do not raise it.
#[cfg(Py_3_12)]
impl Slot {
    fn put_here(self, py: Python<'_>, callback: Option<ffi::Py_tracefunc>, object: *mut ffi::PyObject) -> PyResult<()> {
        self.audit(py)?;
        // SAFETY: attached; the interpreter takes its own reference to the object.
        unsafe {
            match self {
                Slot::Trace => ffi::PyEval_SetTrace(callback, object),
                Slot::Profile => ffi::PyEval_SetProfile(callback, object),
            }
        }
        Ok(())
    }

    /// Sets a callback and its object on every running thread.
    pub(crate) fn put_everywhere(
        self,
        py: Python<'_>,
        callback: Option<ffi::Py_tracefunc>,
        object: *mut ffi::PyObject,
    ) -> PyResult<()> {
        self.audit(py)?;
        // SAFETY: attached; the interpreter takes its own references to the object.
        unsafe {
            match self {
                Slot::Trace => ffi::PyEval_SetTraceAllThreads(callback, object),
                Slot::Profile => ffi::PyEval_SetProfileAllThreads(callback, object),
            }
        }
        Ok(())
    }

    /// Asks the audit hooks before the interpreter does, so that a refusal is raised. A hook hears of the change twice.
    fn audit(self, py: Python<'_>) -> PyResult<()> {
        let event = match self {
            Slot::Trace => c"sys.settrace",
            Slot::Profile => c"sys.setprofile",
        };
        // SAFETY: attached; the event has no arguments.
        match unsafe { crate::ffi::PySys_Audit(event.as_ptr(), std::ptr::null()) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(py)),
        }
    }
}

/// 3.11 has functions for any one thread, which raise.
#[cfg(not(Py_3_12))]
impl Slot {
    fn put_on(
        self,
        py: Python<'_>,
        thread: *mut ffi::PyThreadState,
        callback: Option<ffi::Py_tracefunc>,
        object: *mut ffi::PyObject,
    ) -> PyResult<()> {
        // SAFETY: attached, and the thread is one of the running interpreter, which takes its own reference to the object.
        let failed = unsafe {
            match self {
                Slot::Trace => crate::ffi::_PyEval_SetTrace(thread, callback, object),
                Slot::Profile => crate::ffi::_PyEval_SetProfile(thread, callback, object),
            }
        };
        if failed == 0 { Ok(()) } else { Err(PyErr::fetch(py)) }
    }

    fn put_here(self, py: Python<'_>, callback: Option<ffi::Py_tracefunc>, object: *mut ffi::PyObject) -> PyResult<()> {
        // SAFETY: attached.
        self.put_on(py, unsafe { ffi::PyThreadState_Get() }, callback, object)
    }

    /// Sets a callback and its object on every running thread.
    pub(crate) fn put_everywhere(
        self,
        py: Python<'_>,
        callback: Option<ffi::Py_tracefunc>,
        object: *mut ffi::PyObject,
    ) -> PyResult<()> {
        // SAFETY: attached, so that no thread comes or goes; the list is that of the running interpreter.
        let mut thread = unsafe { ffi::PyInterpreterState_ThreadHead(ffi::PyInterpreterState_Get()) };
        while !thread.is_null() {
            self.put_on(py, thread, callback, object)?;
            // SAFETY: as above.
            thread = unsafe { ffi::PyThreadState_Next(thread) };
        }
        Ok(())
    }
}

/// Remembers how to ask the interpreter which functions are set, while `sys` still has its own: a program may put rdb's
/// functions into `sys`.
pub(super) fn remember_getters(py: Python<'_>) -> PyResult<()> {
    let sys = import(py, "sys")?;
    let getters = || -> PyResult<_> {
        Ok([sys.getattr(intern!(py, "gettrace"))?.unbind(), sys.getattr(intern!(py, "getprofile"))?.unbind()])
    };
    GETTERS.get_or_try_init(py, getters).map(drop)
}
