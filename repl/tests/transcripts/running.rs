//! How the program goes on.

use rdb_core::host::{HostError, SessionMode};
use rdb_core::stop::{StepEnd, StopReason};

use crate::check::{Scene, check, check_host};

#[test]
fn steps_have_goals() {
    for (command, resume) in [
        ("s", "Step(Into)"),
        ("step", "Step(Into)"),
        ("n", "Step(Over { frame: FrameId(2) })"),
        ("si", "Step(Instruction)"),
        ("unt", "Step(Until { frame: FrameId(2), line: 6 })"),
        ("until 9", "Step(Until { frame: FrameId(2), line: 9 })"),
        ("r", "Step(Out { frame: FrameId(2) })"),
        ("finish", "Step(Finish { frame: FrameId(2) })"),
        ("c", "Continue"),
        ("cont", "Continue"),
        ("detach", "Detach"),
        ("run", "Restart(None)"),
        ("restart a 'b c'", "Restart(Some([\"a\", \"b c\"]))"),
        ("q", "Quit"),
        ("exit", "Quit"),
    ] {
        check(&format!("> /srv/shop.py(5)area()\n-> result = width * height\n(rdb) {command}\n=> {resume}"));
    }
}

#[test]
fn steps_are_of_the_selected_frame() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) up
> /srv/shop.py(12)<module>()
-> total = area(4, 5)
(rdb) n
=> Step(Over { frame: FrameId(1) })
",
    );
}

#[test]
fn a_count_makes_several_steps() {
    let line = || StopReason::Step(StepEnd::Line);
    Scene::stopping([StopReason::Entry, line(), StopReason::Step(StepEnd::Return), line()]).check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) n 3
=> Step(Over { frame: FrameId(2) })
=> Step(Over { frame: FrameId(2) })
=> Step(Over { frame: FrameId(2) })
> /srv/shop.py(5)area()
-> result = width * height
(rdb) c
=> Continue
",
    );
}

#[test]
fn anything_else_ends_a_count() {
    Scene::stopping([StopReason::Entry, StopReason::Pause, StopReason::Step(StepEnd::Line)]).check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) step 3
=> Step(Into)

Program interrupted. (Use 'cont' to resume).
> /srv/shop.py(5)area()
-> result = width * height
(rdb) c
=> Continue
> /srv/shop.py(5)area()
-> result = width * height
(rdb) c
=> Continue
",
    );
}

#[test]
fn counts_and_lines_that_are_none() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) step x
*** Invalid argument: x
      Usage: s(tep) [count]
(rdb) n == 4
*** Invalid argument: == 4
      Usage: n(ext) [count]
(rdb) n 0
*** Invalid argument: 0
      Usage: n(ext) [count]
(rdb) r 1
*** Invalid argument: 1
      Usage: r(eturn)
(rdb) c 1
*** Invalid argument: 1
      Usage: c(ont(inue))
(rdb) until x
*** Error in argument: 'x'
(rdb) until 5
*** \"until\" line number is smaller than current line number
(rdb) run 'a
*** Cannot run 'a: No closing quotation
(rdb) q
=> Quit
",
    );
}

#[test]
fn advance_leaves_an_internal_breakpoint() {
    let host = check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) advance
*** Argument is required for this command
      Usage: adv(ance) ([filename:]lineno | [filename:]function)
(rdb) advance shop.py:nothing
*** The specified object 'nothing' is not a function or was not found along sys.path.
(rdb) advance 11
Line 11 has no code, moved to line 12.
=> Step(Advance { frame: FrameId(2) })
",
    );
    assert_eq!(host.engine.breakpoints(), []);
}

#[test]
fn jumps() {
    let host = check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) j
*** Argument is required for this command
      Usage: j(ump) lineno
(rdb) j x
*** The 'jump' command requires a line number
(rdb) j 6
> /srv/shop.py(6)area()
-> return result
(rdb) u
> /srv/shop.py(12)<module>()
-> total = area(4, 5)
(rdb) j 13
*** You can only jump within the bottom frame
(rdb) q
=> Quit
",
    );
    assert_eq!(host.log(), ["jump 1: 6"]);
}

#[test]
fn only_a_program_of_the_command_line_can_be_run_again() {
    for mode in [SessionMode::Inline, SessionMode::Call, SessionMode::PostMortem] {
        check_host(
            |host| {
                host.session.mode = mode;
                host.session.outlives = true;
            },
            "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) run
*** run/restart command is disabled when rdb is running in inline mode.
Use the command line interface to enable restarting your program
e.g. \"python -m rdb myscript.py\"
(rdb) q
=> Quit
",
        );
    }
}

#[test]
fn a_process_that_was_attached_to_is_not_started_again() {
    check_host(
        |host| host.session.mode = SessionMode::Remote,
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) restart
*** a process that was attached to cannot be started again
(rdb) q
=> Quit
",
    );
}

#[test]
fn an_inline_session_asks_before_it_kills_the_process() {
    let inline = || {
        let mut scene = Scene::in_function();
        scene.host.session.mode = SessionMode::Inline;
        scene
    };
    for answer in ["y", "Y", "", "^D\n"] {
        inline().check(&format!(
            "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) q
Quitting rdb will kill the process. Quit anyway? [y/n] ^C
--KeyboardInterrupt--
(rdb) q
Quitting rdb will kill the process. Quit anyway? [y/n] what
Quitting rdb will kill the process. Quit anyway? [y/n] n
(rdb) exit
Quitting rdb will kill the process. Quit anyway? [y/n] {answer}
=> Quit
"
        ));
    }
}

#[test]
fn the_end_of_the_input_quits() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) ^D

=> Quit
",
    );
}

#[test]
fn a_debugger_inside_the_debugger() {
    let host = check_host(
        |host| host.answer("1", "1"),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) alias one p 1
(rdb) debug
*** Argument is required for this command
      Usage: debug code
(rdb) debug area(1, 2)
ENTERING RECURSIVE DEBUGGER
> /srv/shop.py(5)area()
-> result = width * height
((rdb)) one
1
((rdb)) s
LEAVING RECURSIVE DEBUGGER
(rdb) c
=> Continue
",
    );
    assert_eq!(host.log(), ["debug 1: area(1, 2)", "debug ended: Step(Into)"]);
}

#[test]
fn the_last_command_of_an_inner_debugger_is_repeated() {
    check_host(
        |host| host.answer("1", "1"),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) debug area(1, 2)
ENTERING RECURSIVE DEBUGGER
> /srv/shop.py(5)area()
-> result = width * height
((rdb)) n
LEAVING RECURSIVE DEBUGGER
(rdb) 
=> Step(Over { frame: FrameId(2) })
",
    );
}

#[test]
fn a_statement_that_awaits_lets_the_program_go_on() {
    check_host(
        |host| host.fail_statement("await x", HostError::Awaits),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) await x
=> Continue
",
    );
}
