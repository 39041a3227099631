//! A model of an interpreter and of a backend, to run the engine without Python: what happens is a list of [`Op`]s, what
//! the engine hears of it is up to the [`Backend`].

pub(crate) mod backend;
pub(crate) mod machine;

use std::collections::HashMap;
use std::sync::Arc;

use rdb_core::engine::{Answer, Decision, Engine, Question};
use rdb_core::event::EventKind;
use rdb_core::gate::{Gates, Passage};
use rdb_core::ids::{CodeId, ThreadId};
use rdb_core::stop::{Resume, Stop};

use backend::Backend;
use machine::{Effect, Machine, Op};

/// Whatever is at the prompt.
pub(crate) trait User {
    /// Serves a stop.
    fn stopped(&mut self, stop: &Stop, thread: usize, session: &mut Session) -> Resume;

    /// Answers a question about the program; `moment` is the number of the operation.
    fn answer(&mut self, question: &Question, moment: usize) -> Answer;
}

/// An engine between a machine and a backend.
pub(crate) struct Session {
    pub(crate) engine: Engine,
    pub(crate) backend: Backend,
    pub(crate) machine: Machine,
    pub(crate) log: Vec<String>,
    pub(crate) moment: usize,
    gates: HashMap<CodeId, Arc<Gates>>,
    /// How many events ended at a gate.
    pub(crate) passed: usize,
}

impl Session {
    pub(crate) fn new(engine: Engine, backend: Backend, machine: Machine) -> Self {
        Self { engine, backend, machine, log: Vec::new(), moment: 0, gates: HashMap::new(), passed: 0 }
    }

    /// Makes the backend do what the engine asks for.
    pub(crate) fn arm(&mut self) {
        if let Some(change) = self.engine.take_plan_change() {
            self.backend.apply(&change);
        }
        for (code, gates) in self.engine.take_gates() {
            match gates {
                Some(gates) => drop(self.gates.insert(code, gates)),
                None => drop(self.gates.remove(&code)),
            }
        }
    }

    /// Does what a host does after it has set a breakpoint: meets the code objects of the file that exist.
    pub(crate) fn meet_existing(&mut self, path: &str) {
        for (id, code) in self.machine.existing() {
            if &*code.path == path {
                let _ = self.engine.meet_code(id, code);
            }
        }
        self.arm();
    }

    /// Lets the machine do something, and the engine hear of it if the plan says so.
    pub(crate) fn perform(&mut self, thread: usize, op: Op, user: &mut dyn User) {
        self.moment += 1;
        match self.machine.begin(thread, op) {
            Effect::Nothing => {}
            Effect::NewCode(id) => self.new_code(id),
            Effect::Event(raw) => {
                if self.backend.delivers(&raw) {
                    self.deliver(thread, &raw, user);
                }
            }
        }
        self.machine.end(thread);
    }

    /// Serves a stop that came from outside of the engine.
    pub(crate) fn serve(&mut self, stop: &Stop, thread: usize, user: &mut dyn User) {
        let resume = user.stopped(stop, thread, self);
        self.engine.resume(stop.thread, &resume, &self.machine.view(thread));
        self.arm();
    }

    fn new_code(&mut self, id: CodeId) {
        let info = self.machine.describe(id);
        if self.backend.watches_code() && self.engine.wants_path(&info.path) {
            let _ = self.engine.meet_code(id, info);
            self.arm();
        }
    }

    fn deliver(&mut self, thread: usize, raw: &machine::Raw, user: &mut dyn User) {
        let mut decision = match self.pass_gate(raw, user) {
            Passage::Passed => {
                self.passed += 1;
                return;
            }
            Passage::Closed => self.engine.on_event(&raw.event, &self.machine.view(thread)),
            Passage::Stopped(at) => self.engine.on_stopped_at_gate(&raw.event, at, &self.machine.view(thread)),
        };
        self.arm();
        while let Decision::Evaluate(pending) = decision {
            let answer = user.answer(&pending.question, self.moment);
            decision = self.engine.on_answer(pending, answer, &self.machine.view(thread));
            self.arm();
        }
        match decision {
            Decision::Continue | Decision::Evaluate(_) => {}
            Decision::Disable => self.backend.disable(raw),
            Decision::KeepValue => self.log.push(format!("{}: keep", self.moment)),
            Decision::Stop(stop) => self.serve(&stop, thread, user),
        }
    }
}

impl Session {
    /// Tries the gate of a line. Who hears everything hears of each crossing, too.
    fn pass_gate(&self, raw: &machine::Raw, user: &mut dyn User) -> Passage {
        let gates = self.gates.get(&raw.event.code).filter(|_| !self.backend.hears_everything());
        let line = raw.event.line.filter(|_| raw.event.kind == EventKind::Line);
        let (Some(gates), Some(line)) = (gates, line) else { return Passage::Closed };
        let question = |number: usize| Question::Condition(Arc::clone(&gates.conditions()[number]));
        gates.cross(line, || raw.event.thread, |number| user.answer(&question(number), self.moment))
    }
}

/// Returns the id that the engine knows a thread of the machine by.
pub(crate) fn thread_id(thread: usize) -> ThreadId {
    ThreadId(u64::try_from(thread).expect("few threads") + 1)
}
