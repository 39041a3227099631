//! A hash map for keys that are numbers already: an event looks up its code object before it does anything else.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A hash map whose keys are ids.
pub(crate) type IdMap<K, V> = HashMap<K, V, IdHash>;

/// Makes the hashers of maps whose keys are ids.
pub(crate) type IdHash = BuildHasherDefault<IdHasher>;

/// Hashes one number by a multiplication. Ids are given by rdb or the operating system, not by an attacker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        // Thread ids are aligned addresses: without the rotation their low bits would all be zero.
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }
}
