//! What is said at a stop.

use std::sync::Arc;

use rdb_core::frontend::{Frontend, Notice};
use rdb_core::ids::{CatchId, ThreadId};
use rdb_core::stop::{StepEnd, StopReason};

use crate::check::{Scene, check};

/// Checks what is said first at a stop of this kind.
#[track_caller]
fn check_reason(reason: StopReason, prepare: impl FnOnce(&mut Scene), expected: &str) {
    let mut scene = Scene::stopping([reason]);
    prepare(&mut scene);
    scene.check(&format!("{expected}> /srv/shop.py(5)area()\n-> result = width * height\n(rdb) q\n=> Quit"));
}

#[test]
fn reasons() {
    let no_more = |_: &mut Scene| {};
    for quiet in [
        StopReason::Entry,
        StopReason::Trace,
        StopReason::PostMortem,
        StopReason::Step(StepEnd::Line),
        StopReason::Step(StepEnd::Instruction),
    ] {
        check_reason(quiet, no_more, "");
    }
    check_reason(StopReason::Step(StepEnd::Call), no_more, "--Call--\n");
    check_reason(
        StopReason::Step(StepEnd::Exception),
        |scene| scene.host.exception_text = Some("Internal StopIteration: 3".into()),
        "Internal StopIteration: 3\n",
    );
    let error = Some(Arc::from("NameError: name 'y' is not defined"));
    check_reason(
        StopReason::Exception { id: CatchId(2), error },
        |scene| scene.host.exception_text = Some("ValueError: no".into()),
        "ValueError: no\n*** Condition of catchpoint 2 failed: NameError: name 'y' is not defined\n",
    );
    check_reason(
        StopReason::Step(StepEnd::Finished),
        |scene| scene.host.return_value = Some("20".into()),
        "Value returned: 20\n",
    );
}

#[test]
fn a_pause_begins_on_a_line_of_its_own() {
    let scene = Scene::stopping([StopReason::Pause]);
    // The transcript is compared without the blank lines around it.
    scene.check_with(
        |console| console.header("Here.".to_owned()),
        "
Here.

Program interrupted. (Use 'cont' to resume).
> /srv/shop.py(5)area()
-> result = width * height
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_return_shows_what_is_returned() {
    let mut scene = Scene::stopping([StopReason::Step(StepEnd::Return)]);
    scene.host.stack.frames.last_mut().expect("there is a frame").returns = Some("20".into());
    scene.check(
        "
--Return--
> /srv/shop.py(5)area()->20
-> result = width * height
(rdb) w
  /srv/shop.py(12)<module>()
-> total = area(4, 5)
> /srv/shop.py(5)area()->20
-> result = width * height
(rdb) q
=> Quit
",
    );
}

#[test]
fn displays_that_changed_are_shown() {
    let mut scene = Scene::stopping([StopReason::Entry]);
    scene.host.answer("total", "1");
    scene.host.answer("other", "1");
    scene.check_changing(
        |host| host.answer("total", "2"),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) display total
display total: 1
(rdb) display other
display other: 1
(rdb) c
=> Continue
> /srv/shop.py(5)area()
-> result = width * height
display total: 2  [old: 1]
(rdb) c
=> Continue
",
    );
}

#[test]
fn notices_are_shown() {
    let restarting = Notice::Restarting { program: "shop.py".into(), args: vec!["a".into(), "b".into()] };
    let waiting =
        Notice::ThreadWaiting { thread: ThreadId(2), name: "worker".into(), path: "/srv/shop.py".into(), line: 6 };
    Scene::in_function().check_with(
        |console| {
            console.notice(&restarting);
            console.notice(&waiting);
            console.notice(&Notice::Message("The program finished and will be restarted".into()));
            console.notice(&Notice::Error("Something is wrong; do this.".into()));
        },
        "
Restarting shop.py with arguments:
\ta b
Thread worker waits at /srv/shop.py:6
The program finished and will be restarted
*** Something is wrong; do this.
> /srv/shop.py(5)area()
-> result = width * height
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_stack_without_frames() {
    let mut scene = Scene::stopping([StopReason::PostMortem]);
    scene.host.stack.frames.clear();
    scene.check(
        "
(rdb) w
(rdb) l
*** There is no frame to look at.
(rdb) r
*** There is no frame to look at.
(rdb) u
*** Oldest frame
(rdb) d
*** Newest frame
(rdb) p x
*** there is no frame 0
(rdb) q
=> Quit
",
    );
}

#[test]
fn only_who_looks_at_the_stack_pays_for_it() {
    #[track_caller]
    fn check_taken(typed: &str, taken: usize) {
        let host = check(&format!("> /srv/shop.py(5)area()\n-> result = width * height\n(rdb) {typed}\n=> Continue"));
        assert_eq!(host.stacks_taken, taken, "{typed}");
    }
    let rest = "(rdb) c";
    check_taken("c", 0);
    check_taken(&format!("l 1,1\n  1  \timport os\n{rest}"), 0);
    check_taken(&format!("d\n*** Newest frame\n{rest}"), 1);
    let up = "u\n> /srv/shop.py(12)<module>()\n-> total = area(4, 5)";
    let down = "d\n> /srv/shop.py(5)area()\n-> result = width * height";
    check_taken(&format!("{up}\n(rdb) {down}\n{rest}"), 1);
}
