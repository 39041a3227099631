//! Counts what Rust code allocates, in debug builds: `tests/test_counts.py` holds hot paths to it. Release builds count nothing.
#![cfg_attr(debug_assertions, expect(unsafe_code, reason = "an allocator's interface is unsafe"))]

#[cfg(debug_assertions)]
mod counted {
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::sync::atomic::{AtomicU64, Ordering};

    pub(super) static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    /// The system's allocator, which counts.
    struct Counting;

    // SAFETY: everything is left to the system's allocator.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
            // SAFETY: the caller's promises are passed on.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            // SAFETY: the caller's promises are passed on.
            unsafe { System.dealloc(pointer, layout) }
        }

        unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
            // SAFETY: the caller's promises are passed on.
            unsafe { System.realloc(pointer, layout, size) }
        }
    }
}

/// Returns how often memory was allocated; None in a release build.
pub(crate) fn allocations() -> Option<u64> {
    #[cfg(debug_assertions)]
    return Some(counted::ALLOCATIONS.load(std::sync::atomic::Ordering::Relaxed));
    #[cfg(not(debug_assertions))]
    None
}
