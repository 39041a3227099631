//! The one helper of these tests. A transcript holds both what is typed (behind the prompts) and what is shown; the typed
//! parts are fed to a console, and all that comes out has to be the transcript again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use rdb_core::frontend::Frontend;
use rdb_core::stop::{Stop, StopReason};
use rdb_core::testing::FakeHost;
use rdb_repl::console::{Console, ConsoleOptions};
use rdb_repl::terminal::{Ask, Assist, Input, Terminal};

/// All prompts that a console can show.
const PROMPTS: &[&str] = &[
    "((rdb)) ",
    "(rdb) ",
    "(com) ",
    "...   ",
    ">>> ",
    "... ",
    "Clear all breaks? ",
    "Quitting rdb will kill the process. Quit anyway? [y/n] ",
];

/// The program of most transcripts.
pub(crate) const PROGRAM: &str = "\
import os

def area(width, height):
    # A comment.
    result = width * height
    return result

class Room:
    def paint(self):
        return area(2, 3)

total = area(4, 5)
print(total)
";

/// A console with its scripted host.
pub(crate) struct Scene {
    /// The host.
    pub(crate) host: FakeHost,
    /// What the console is made with.
    pub(crate) options: ConsoleOptions,
    /// The stops, each of which begins when the one before it was left.
    pub(crate) stops: Vec<Stop>,
}

impl Scene {
    /// A program stopped inside of `area`, called from the module.
    pub(crate) fn in_function() -> Self {
        let mut host = FakeHost::new();
        host.add_source("/srv/shop.py", PROGRAM);
        host.add_function("/srv/shop.py", "area", 5);
        host.add_function("/srv/shop.py", "Room.paint", 10);
        host.push_frame("/srv/shop.py", "<module>", 1, 12);
        host.push_frame("/srv/shop.py", "area", 3, 5);
        let stops = vec![host.stop(StopReason::Entry)];
        Self { host, options: ConsoleOptions::default(), stops }
    }

    /// The same, stopped for these reasons one after the other.
    pub(crate) fn stopping(reasons: impl IntoIterator<Item = StopReason>) -> Self {
        let mut scene = Self::in_function();
        scene.stops = reasons.into_iter().map(|reason| scene.host.stop(reason)).collect();
        scene
    }

    /// Runs the stops and checks that all that is typed and shown is the transcript. How each stop was left is shown as
    /// `=> …`; `^C` and `^D` are typed as such; a stop that is never left shows `=> asked on`.
    #[track_caller]
    pub(crate) fn check(self, transcript: &str) -> FakeHost {
        self.check_with(|_| {}, transcript)
    }

    /// As `check`, after something was done to the console.
    #[track_caller]
    pub(crate) fn check_with(self, prepare: impl FnOnce(&mut Console), transcript: &str) -> FakeHost {
        let mut run = Run::new(self.host, self.options, transcript);
        prepare(&mut run.console);
        for stop in &self.stops {
            run.serve(stop);
        }
        run.compare(transcript)
    }

    /// As `check`, but after the last stop something is done to the host, and the stop comes again.
    #[track_caller]
    pub(crate) fn check_changing(self, change: impl FnOnce(&mut FakeHost), transcript: &str) -> FakeHost {
        let mut run = Run::new(self.host, self.options, transcript);
        for stop in &self.stops {
            run.serve(stop);
        }
        change(&mut run.host);
        run.serve(self.stops.last().expect("there is a stop"));
        run.compare(transcript)
    }
}

/// A console at work.
struct Run {
    host: FakeHost,
    console: Console,
    shown: Arc<Mutex<String>>,
}

impl Run {
    fn new(host: FakeHost, options: ConsoleOptions, transcript: &str) -> Self {
        let terminal = Script { typed: typed(transcript), shown: Arc::default() };
        let shown = Arc::clone(&terminal.shown);
        Self { host, console: Console::new(Box::new(terminal), options), shown }
    }

    fn serve(&mut self, stop: &Stop) {
        let resume = self.console.stopped(stop, &mut self.host);
        self.shown.lock().expect("no test panics with it").push_str(&format!("=> {resume:?}\n"));
    }

    #[track_caller]
    fn compare(self, transcript: &str) -> FakeHost {
        let shown = self.shown.lock().expect("no test panics with it");
        let expected = transcript.trim_start_matches('\n').trim_end();
        assert!(shown.trim_end() == expected, "\n--- shown:\n{shown}\n--- expected:\n{expected}\n");
        self.host
    }
}

/// Checks a transcript of one stop in a function.
#[track_caller]
pub(crate) fn check(transcript: &str) -> FakeHost {
    Scene::in_function().check_with(|_| {}, transcript)
}

/// Checks a transcript of one stop, after something was done to the host.
#[track_caller]
pub(crate) fn check_host(prepare: impl FnOnce(&mut FakeHost), transcript: &str) -> FakeHost {
    let mut scene = Scene::in_function();
    prepare(&mut scene.host);
    scene.check_with(|_| {}, transcript)
}

/// Returns what is typed in a transcript.
fn typed(transcript: &str) -> VecDeque<String> {
    let behind_prompt = |line: &str| {
        // A prompt at the end of the transcript may have lost its blank.
        let prompt = PROMPTS.iter().find(|prompt| line.starts_with(**prompt) || line == prompt.trim_end());
        prompt.map(|prompt| line.strip_prefix(prompt).unwrap_or_default().to_owned())
    };
    transcript.lines().filter_map(behind_prompt).collect()
}

/// A terminal whose input is a script, and whose output is kept.
struct Script {
    typed: VecDeque<String>,
    shown: Arc<Mutex<String>>,
}

impl Terminal for Script {
    fn read(&mut self, ask: &Ask<'_>, _assist: &mut dyn Assist) -> Input {
        self.write(ask.prompt);
        let Some(text) = self.typed.pop_front() else {
            self.write("<nothing was typed>\n");
            return Input::End;
        };
        self.write(&format!("{text}\n"));
        match text.as_str() {
            "^C" => Input::Interrupted,
            "^D" => Input::End,
            _ => Input::Text(text),
        }
    }

    fn write(&mut self, text: &str) {
        self.shown.lock().expect("no test panics with it").push_str(text);
    }

    fn size(&self) -> Option<(u16, u16)> {
        Some((80, 24))
    }

    fn colours(&self) -> bool {
        false
    }
}
