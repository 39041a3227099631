//! The wall between the interpreter's C callbacks and rdb: no panic crosses it.
//!
//! A panic or an internal error prints one line, detaches rdb, and the program goes on.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::errors::InternalError;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// How often the interpreter has called rdb.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Returns how often the interpreter has called rdb, whatever came of it.
pub(crate) fn calls() -> u64 {
    CALLS.load(Ordering::Relaxed)
}

/// Counts a call by the interpreter. [`guarded`] does it itself.
#[inline]
pub(crate) fn count() {
    // Not an addition in one step, which would cost more than it counts: whoever is here holds the interpreter.
    CALLS.store(CALLS.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
}

/// Runs the body of a callback and returns what it returns; a panic in it becomes an error.
pub(crate) fn guarded<R>(body: impl FnOnce() -> R) -> Result<R, InternalError> {
    count();
    DEPTH.with(|depth| {
        depth.set(depth.get() + 1);
        let result = caught(body);
        depth.set(depth.get() - 1);
        result
    })
}

/// As [`guarded`], but Rust reports a panic, too: keeping that back costs as much as a hot callback may.
#[inline]
pub(crate) fn caught<R>(body: impl FnOnce() -> R) -> Result<R, InternalError> {
    panic::catch_unwind(AssertUnwindSafe(body)).map_err(|payload| InternalError::Panic(describe(payload.as_ref())))
}

/// Keeps Rust's own report of a panic quiet where [`guarded`] reports it in one line. Panics elsewhere are not rdb's.
pub(crate) fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| if DEPTH.get() > 0 { note(info) } else { previous(info) }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    PLACE.with_borrow_mut(|place| *place = info.location().map(ToString::to_string));
}

fn describe(payload: &(dyn Any + Send)) -> String {
    let message = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    let message = message.replace('\n', " ");
    match PLACE.with_borrow_mut(Option::take) {
        Some(place) => format!("{message} ({place})"),
        None => message,
    }
}
