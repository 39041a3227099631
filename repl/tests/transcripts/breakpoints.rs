//! Breakpoints and their command lists.

use std::sync::Arc;

use rdb_core::breakpoint::{BreakpointInfo, BreakpointSpec, Lifetime, Target};
use rdb_core::host::HostError;
use rdb_core::ids::BreakpointId;
use rdb_core::stop::StopReason;

use crate::check::{Scene, check, check_host};

#[test]
fn places() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b
(rdb) b 6
Breakpoint 1 at /srv/shop.py:6
(rdb) b shop.py:13, total > 10
Breakpoint 2 at /srv/shop.py:13
(rdb) b shop:12
Breakpoint 3 at /srv/shop.py:12
(rdb) tbreak area
Breakpoint 4 at /srv/shop.py:5
(rdb) break shop.py:Room.paint
Breakpoint 5 at /srv/shop.py:10
(rdb) b 4
Line 4 has no code, moved to line 5.
Breakpoint 6 at /srv/shop.py:5
(rdb) b 99
End of file
(rdb) b shop.py:1x
*** Bad lineno: 1x
(rdb) b other.py:1
*** 'other.py' not found from sys.path
(rdb) b nothing
*** The specified object 'nothing' is not a function or was not found along sys.path.
(rdb) disable 2
Disabled breakpoint 2 at /srv/shop.py:13
(rdb) ignore 3 2
Will ignore next 2 crossings of breakpoint 3.
(rdb) b
Num Type         Disp Enb   Where
1   breakpoint   keep yes   at /srv/shop.py:6
2   breakpoint   keep no    at /srv/shop.py:13
\tstop only if total > 10
3   breakpoint   keep yes   at /srv/shop.py:12
\tignore next 2 hits
4   breakpoint   del  yes   at /srv/shop.py:5
5   breakpoint   keep yes   at /srv/shop.py:10
6   breakpoint   keep yes   at /srv/shop.py:5
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_file_that_is_not_imported_yet() {
    check_host(
        |host| host.add_source("/srv/lib/paint.py", "x = 1\n"),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b lib.paint:1
Breakpoint 1 at /srv/lib/paint.py:1
(pending: /srv/lib/paint.py is not imported yet)
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_condition_has_to_be_an_expression() {
    check_host(
        |host| host.fail("x =", HostError::User("SyntaxError: invalid syntax".into())),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b 6, x =
*** Invalid condition x =: SyntaxError: invalid syntax
(rdb) b 6 if x
Breakpoint 1 at /srv/shop.py:6
(rdb) condition 1 x =
*** Invalid condition x =: SyntaxError: invalid syntax
(rdb) condition 1 y
New condition set for breakpoint 1.
(rdb) b
Num Type         Disp Enb   Where
1   breakpoint   keep yes   at /srv/shop.py:6
\tstop only if y
(rdb) condition 1
Breakpoint 1 is now unconditional.
(rdb) condition 2 x
*** Breakpoint number 2 out of range
(rdb) condition
*** Argument is required for this command
      Usage: condition bpnumber [condition]
(rdb) q
=> Quit
",
    );
}

#[test]
fn numbers() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b 5 ;; b 6
Breakpoint 1 at /srv/shop.py:5
Breakpoint 2 at /srv/shop.py:6
(rdb) clear 2
Deleted breakpoint 2 at /srv/shop.py:6
(rdb) enable 1 2 3 x -1
*** Breakpoint 2 already deleted
*** Breakpoint number 3 out of range
*** Non-numeric breakpoint number x
*** Breakpoint number -1 out of range
Enabled breakpoint 1 at /srv/shop.py:5
(rdb) disable
*** Argument is required for this command
      Usage: disable bpnumber [bpnumber ...]
(rdb) ignore 1 1
Will ignore next 1 crossing of breakpoint 1.
(rdb) ignore 1
Will stop next time breakpoint 1 is reached.
(rdb) ignore 1 x
*** Invalid argument: 1 x
      Usage: ignore bpnumber [count]
(rdb) ignore x
*** Non-numeric breakpoint number x
(rdb) q
=> Quit
",
    );
}

#[test]
fn clearing() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b 5 ;; b 5 ;; b 6 ;; b 12
Breakpoint 1 at /srv/shop.py:5
Breakpoint 2 at /srv/shop.py:5
Breakpoint 3 at /srv/shop.py:6
Breakpoint 4 at /srv/shop.py:12
(rdb) clear shop.py:5
Deleted breakpoint 1 at /srv/shop.py:5
Deleted breakpoint 2 at /srv/shop.py:5
(rdb) cl shop:5
*** There is no breakpoint at shop:5
(rdb) cl other.py:5
*** There are no breakpoints in other.py
(rdb) cl shop.py:x
*** Invalid line number (x)
(rdb) clear
Clear all breaks? n
(rdb) clear
Clear all breaks? ^D
(rdb) clear
Clear all breaks? y
Deleted breakpoint 3 at /srv/shop.py:6
Deleted breakpoint 4 at /srv/shop.py:12
(rdb) b
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_breakpoint_for_one_thread() {
    let mut scene = Scene::in_function();
    crate::threads::add_threads(&mut scene.host);
    scene.check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b 6 thread 2, x
Breakpoint 1 at /srv/shop.py:6
(rdb) b
Num Type         Disp Enb   Where
1   breakpoint   keep yes   at /srv/shop.py:6
\tstop only if x
\tstop only in thread 2002
(rdb) b 6 thread 9
*** There is no thread 9; see `threads`.
(rdb) q
=> Quit
",
    );
}

fn hit(scene: &mut Scene, ids: &[u32]) {
    let ids = ids.iter().copied().map(BreakpointId).collect();
    scene.stops.push(scene.host.stop(StopReason::Breakpoint { ids, error: None }));
}

#[test]
fn commands_run_before_the_place_is_shown() {
    let mut scene = Scene::in_function();
    scene.host.answer("1", "1");
    hit(&mut scene, &[1]);
    scene.check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) commands
*** cannot set commands: no existing breakpoint
(rdb) b 6
Breakpoint 1 at /srv/shop.py:6
(rdb) commands 2
*** cannot set commands: Breakpoint number 2 out of range
(rdb) commands x
*** Invalid argument: x
      Usage: commands [bpnumber]
(rdb) commands
(com) p 1
(com) 
(com) !x = 1 ;; p 1
(com) end
(rdb) c
=> Continue
1
1
> /srv/shop.py(5)area()
-> result = width * height
(rdb) 
=> Continue
",
    );
}

#[test]
fn commands_can_be_silent_and_go_on() {
    let mut scene = Scene::in_function();
    scene.host.answer("1", "1");
    hit(&mut scene, &[1]);
    hit(&mut scene, &[1]);
    scene.stops.push(scene.host.stop(StopReason::Trace));
    let host = scene.check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) tbreak 6
Breakpoint 1 at /srv/shop.py:6
(rdb) commands 1
(com) silent
(com) p 1
(com) n
(rdb) c
=> Continue
1
=> Step(Over { frame: FrameId(2) })
1
=> Step(Over { frame: FrameId(2) })
> /srv/shop.py(5)area()
-> result = width * height
(rdb) 
=> Continue
",
    );
    assert_eq!(host.engine.breakpoints()[0].commands, ["silent", "p 1", "n"]);
}

#[test]
fn silent_commands_leave_a_bare_prompt() {
    let mut scene = Scene::in_function();
    scene.options.rc = ["b 6", "commands 1", "silent", "end"].map(str::to_owned).to_vec();
    hit(&mut scene, &[1]);
    scene.check(
        "
Breakpoint 1 at /srv/shop.py:6
> /srv/shop.py(5)area()
-> result = width * height
(rdb) c
=> Continue
(rdb) c
=> Continue
",
    );
}

#[test]
fn breakpoints_on_one_line_run_their_lists_one_after_the_other() {
    let mut scene = Scene::in_function();
    for number in ["1", "2", "3"] {
        scene.host.answer(number, number);
    }
    hit(&mut scene, &[1, 2, 3]);
    scene.check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b 6 ;; b 6 ;; b 6
Breakpoint 1 at /srv/shop.py:6
Breakpoint 2 at /srv/shop.py:6
Breakpoint 3 at /srv/shop.py:6
(rdb) commands 1
(com) p 1
(com) ^D

(rdb) commands 2
(com) p 2
(com) c
(rdb) commands 3
(com) p 3
(com) EOF

(rdb) c
=> Continue
1
2
=> Continue
",
    );
}

#[test]
fn an_interrupted_list_leaves_the_old_one() {
    let host = check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b 6
Breakpoint 1 at /srv/shop.py:6
(rdb) commands
(com) p 1
(com) end
(rdb) commands
(com) p 2
(com) ^C
*** command definition aborted, old commands restored
(rdb) q
=> Quit
",
    );
    assert_eq!(host.engine.breakpoints()[0].commands, ["p 1"]);
}

#[test]
fn a_failed_condition_says_so() {
    let error = Some(Arc::from("NameError: name 'y' is not defined"));
    Scene::stopping([StopReason::Breakpoint { ids: vec![BreakpointId(1)], error }]).check(
        "
*** Condition of breakpoint 1 failed: NameError: name 'y' is not defined
> /srv/shop.py(5)area()
-> result = width * height
(rdb) q
=> Quit
",
    );
}

/// Returns a temporary breakpoint as a stop carries it that has used it up.
fn spent(commands: Vec<String>) -> BreakpointInfo {
    let target = Target::Line { path: Arc::from("/srv/shop.py"), line: 5 };
    let spec = BreakpointSpec { lifetime: Lifetime::Temporary, ..BreakpointSpec::new(target) };
    BreakpointInfo { id: BreakpointId(1), spec, enabled: true, ignore: 0, hits: 1, commands, sites: Vec::new() }
}

#[test]
fn the_commands_of_a_temporary_breakpoint_run_although_it_is_gone() {
    let mut scene = Scene::stopping([StopReason::Breakpoint { ids: vec![BreakpointId(1)], error: None }]);
    scene.host.answer("1", "1");
    scene.stops[0].deleted = vec![spent(vec!["p 1".to_owned(), "c".to_owned()])];
    scene.check(
        "
Deleted breakpoint 1 at /srv/shop.py:5
1
=> Continue
",
    );
}

#[test]
fn a_temporary_breakpoint_says_that_it_is_gone() {
    let mut scene = Scene::stopping([StopReason::Breakpoint { ids: vec![BreakpointId(1)], error: None }]);
    scene.stops[0].deleted = vec![spent(Vec::new())];
    scene.check(
        "
Deleted breakpoint 1 at /srv/shop.py:5
> /srv/shop.py(5)area()
-> result = width * height
(rdb) q
=> Quit
",
    );
}
