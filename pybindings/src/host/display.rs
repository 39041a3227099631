//! Expressions that are shown at each stop in a frame. They keep the frame object, so that a new call that happens to be
//! at the same address does not inherit them; a frame that has ended is let go at the next stop.

use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::pyclass::CompareOp;
use rdb_core::host::{Displayed, HostError};

use super::eval::{self, Extras};
use super::{locals, text, threads};
use crate::frame;

/// The displays of all frames. Taken out while Python code runs, so that the lock is a leaf.
static DISPLAYS: Mutex<Vec<FrameDisplays>> = Mutex::new(Vec::new());

/// The displays of one frame.
struct FrameDisplays {
    frame: Py<PyAny>,
    items: Vec<Item>,
}

/// A displayed expression.
struct Item {
    expression: String,
    value: Value,
}

/// What an expression has come to.
struct Value {
    /// The object; None if the evaluation raised.
    object: Option<Py<PyAny>>,
    text: String,
}

/// The displays while they are worked with; they go back when this is dropped.
struct Taken(Vec<FrameDisplays>);

impl Taken {
    fn take() -> Self {
        Self(std::mem::take(&mut *DISPLAYS.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn of(&mut self, frame: &Bound<'_, PyAny>) -> Option<&mut FrameDisplays> {
        self.0.iter_mut().find(|displays| displays.frame.is(frame))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        DISPLAYS.lock().unwrap_or_else(PoisonError::into_inner).append(&mut self.0);
    }
}

/// Shows an expression from now on, and returns its value.
pub(super) fn add<'py>(
    frame: &Bound<'py, PyAny>,
    extras: &mut Extras<'py>,
    expression: &str,
) -> Result<String, HostError> {
    let value = value(frame, extras, expression)?;
    let shown = value.text.clone();
    let mut taken = Taken::take();
    if taken.of(frame).is_none() {
        taken.0.push(FrameDisplays { frame: frame.clone().unbind(), items: Vec::new() });
    }
    if let Some(displays) = taken.of(frame) {
        displays.items.retain(|item| item.expression != expression);
        displays.items.push(Item { expression: expression.to_owned(), value });
    }
    Ok(shown)
}

/// Shows an expression, or all of a frame, no longer.
pub(super) fn remove(frame: &Bound<'_, PyAny>, expression: Option<&str>) -> Result<(), HostError> {
    let mut taken = Taken::take();
    let displays = taken.of(frame);
    let Some(expression) = expression else {
        taken.0.retain(|displays| !displays.frame.is(frame));
        return Ok(());
    };
    let missing = || HostError::User(format!("not displaying {expression}"));
    let displays = displays.ok_or_else(missing)?;
    let place = displays.items.iter().position(|item| item.expression == expression).ok_or_else(missing)?;
    displays.items.remove(place);
    Ok(())
}

/// Returns the displays of a frame, with those marked whose value is another one than the last time.
pub(super) fn all<'py>(frame: &Bound<'py, PyAny>, extras: &mut Extras<'py>) -> Result<Vec<Displayed>, HostError> {
    let mut taken = Taken::take();
    let mut shown = Vec::new();
    for item in taken.of(frame).into_iter().flat_map(|displays| &mut displays.items) {
        let now = value(frame, extras, &item.expression)?;
        let text = now.text.clone();
        let changed = is_changed(frame.py(), &item.value, &now);
        let before = std::mem::replace(&mut item.value, now);
        shown.push(Displayed { expression: item.expression.clone(), value: text, old: changed.then_some(before.text) });
    }
    Ok(shown)
}

/// Returns whether no frame has any.
pub(super) fn is_empty() -> bool {
    DISPLAYS.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
}

/// Lets frames go that have ended.
pub(super) fn prune(py: Python<'_>) -> PyResult<()> {
    if is_empty() {
        return Ok(());
    }
    let threads = threads::all(py)?;
    let running: Vec<_> = threads.iter().filter_map(|thread| thread.frame.as_ref()).flat_map(frame::stack_of).collect();
    let mut taken = Taken::take();
    taken.0.retain(|displays| {
        let lives = |frame: &Py<PyAny>| frame.is(&displays.frame);
        running.iter().any(lives) || locals::is_suspended(displays.frame.bind(py))
    });
    Ok(())
}

/// Lets all frames go.
pub(crate) fn forget_all() {
    let taken = std::mem::take(&mut *DISPLAYS.lock().unwrap_or_else(PoisonError::into_inner));
    drop(taken);
}

fn value<'py>(frame: &Bound<'py, PyAny>, extras: &mut Extras<'py>, expression: &str) -> Result<Value, HostError> {
    let py = frame.py();
    let object = match eval::evaluate(frame, extras, expression) {
        Ok(object) => object,
        Err(failure) => match failure.into_host(py) {
            HostError::Interrupted => return Err(HostError::Interrupted),
            error => return Ok(Value { object: None, text: format!("** raised {error} **") }),
        },
    };
    let text = text::repr_of(&object, expression)?;
    Ok(Value { object: Some(object.unbind()), text })
}

fn is_changed(py: Python<'_>, before: &Value, now: &Value) -> bool {
    match (&before.object, &now.object) {
        (Some(old), Some(new)) => differs(old.bind(py), new.bind(py)).unwrap_or(before.text != now.text),
        (None, None) => before.text != now.text,
        _ => true,
    }
}

/// Returns whether two values differ; None: they cannot be compared. Compares identity first, so that an `__eq__` of the
/// program is not called at each stop.
pub(super) fn differs(old: &Bound<'_, PyAny>, new: &Bound<'_, PyAny>) -> Option<bool> {
    if old.is(new) {
        return Some(false);
    }
    new.rich_compare(old, CompareOp::Ne).and_then(|differs| differs.is_truthy()).ok()
}
