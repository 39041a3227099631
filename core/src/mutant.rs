//! Deliberate defects of the plan. The tests switch one on to show that the filtering law would catch it.

/// A way to get the plan wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mutant {
    /// LINE is armed without START.
    LineWithoutStart,
    /// Disabled places stay disabled when somebody wants them again.
    NoRearm,
    /// Lines are disabled though a thread steps through the code.
    DisableSteppedLines,
    /// Lines with a breakpoint are disabled.
    DisableSites,
    /// Steps do not hear of frames that are left by an exception.
    DropUnwind,
    /// Steps into do not hear of generators that go on.
    DropResume,
    /// Steps into do not hear of generators that go on with an exception.
    DropThrow,
    /// A step at a return does not arm the caller.
    ForgetParent,
    /// Only the step of one thread is planned for.
    OneThread,
    /// Kinds that cannot be local are dropped instead of lifted.
    NoLifting,
    /// A pause does not arm other code.
    LocalPause,
    /// Gates are open while a thread steps.
    OpenGates,
    /// Gates stay when breakpoints change.
    StaleGates,
}

impl Mutant {
    /// Every mutant.
    pub const ALL: &'static [Mutant] = &[
        Mutant::LineWithoutStart,
        Mutant::NoRearm,
        Mutant::DisableSteppedLines,
        Mutant::DisableSites,
        Mutant::DropUnwind,
        Mutant::DropResume,
        Mutant::DropThrow,
        Mutant::ForgetParent,
        Mutant::OneThread,
        Mutant::NoLifting,
        Mutant::LocalPause,
        Mutant::OpenGates,
        Mutant::StaleGates,
    ];
}

/// The defect that is switched on. Outside of tests there is none, and the compiler knows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Defect {
    #[cfg(feature = "testing")]
    mutant: Option<Mutant>,
}

impl Defect {
    #[cfg(feature = "testing")]
    pub(crate) fn new(mutant: Mutant) -> Self {
        Self { mutant: Some(mutant) }
    }

    #[cfg(feature = "testing")]
    pub(crate) fn is(self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    #[cfg(not(feature = "testing"))]
    pub(crate) fn is(self, _mutant: Mutant) -> bool {
        false
    }
}
