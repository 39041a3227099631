//! How lines are read: repetition, `;;`, aliases, statements of several lines, start-up files.

use rdb_core::host::{Completeness, HostError};
use rdb_core::stop::StopReason;

use crate::check::{Scene, check, check_host};

#[test]
fn an_empty_line_repeats_the_last_command() {
    let host = check_host(
        |host| host.answer("x", "1"),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) 
(rdb) p x
1
(rdb) 
1
(rdb) y = 2
(rdb) 
(rdb) !z = 3
(rdb) 
(rdb) n
=> Step(Over { frame: FrameId(2) })
",
    );
    let statements = ["execute 1: y = 2", "execute 1: y = 2", "execute 1: z = 3", "execute 1: y = 2"];
    assert_eq!(host.log(), statements, "a statement behind `!` is not repeated");
}

#[test]
fn a_step_is_repeated_at_the_next_stop() {
    Scene::stopping([StopReason::Entry, StopReason::Trace]).check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) s
=> Step(Into)
> /srv/shop.py(5)area()
-> result = width * height
(rdb) 
=> Step(Into)
",
    );
}

#[test]
fn several_commands_on_a_line() {
    check_host(
        |host| {
            host.answer("1", "1");
            host.answer("2", "2");
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) p 1;; p 2 ;; c
1
2
=> Continue
",
    );
}

#[test]
fn lines_behind_a_resuming_command_are_for_the_next_stop() {
    let mut scene = Scene::stopping([StopReason::Entry, StopReason::Trace]);
    scene.host.answer("1", "1");
    scene.check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) n ;; p 1
=> Step(Over { frame: FrameId(2) })
1
> /srv/shop.py(5)area()
-> result = width * height
(rdb) c
=> Continue
",
    );
}

#[test]
fn statements_of_several_lines() {
    let host = check_host(
        |host| host.set_completeness("for i in x:\n", Completeness::Incomplete),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) x = [
...   1
...   ]
(rdb) 
(rdb) y = [
...   ^C

(rdb) y = [
...   ^D

(rdb) 
(rdb) for i in x:
...     p
...   
(rdb) ]
(rdb) c
=> Continue
",
    );
    let for_loop = "execute 1: for i in x:\n  p\n";
    assert_eq!(host.log(), ["execute 1: x = [\n1\n]", "execute 1: x = [\n1\n]", for_loop, "execute 1: ]"]);
}

#[test]
fn statements_that_look_like_commands() {
    let host = check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) n=4
(rdb) c['a'] + 1
(rdb) list(x)
(rdb) ! n = 4
(rdb) !
(rdb) {1: 2}
(rdb) s.x
(rdb) c
=> Continue
",
    );
    let statements = ["n=4", "c['a'] + 1", "list(x)", "n = 4", "{1: 2}", "s.x"];
    assert_eq!(host.log(), statements.map(|statement| format!("execute 1: {statement}")));
}

#[test]
fn errors_of_statements_leave_the_session_alone() {
    check_host(
        |host| {
            host.fail_statement("x", HostError::Program("NameError: name 'x' is not defined".into()));
            host.fail_statement("y", HostError::Interrupted);
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) x
*** NameError: name 'x' is not defined
(rdb) y
*** KeyboardInterrupt
(rdb) ^C
--KeyboardInterrupt--
(rdb) c
=> Continue
",
    );
}

#[test]
fn convenience_variables_are_assigned_to() {
    check_host(
        |host| host.answer("1 + 1", "2"),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) $two = 1 + 1
(rdb) p $two
2
(rdb) $x = y
*** NameError: name 'y' is not defined
(rdb) c
=> Continue
",
    );
}

#[test]
fn aliases() {
    let host = check_host(
        |host| {
            host.answer("self.x", "1");
            host.answer("a, b", "(1, 2)");
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) alias pi p %1.x
(rdb) alias ps pi self
(rdb) alias all p %*
(rdb) alias two p 1 ;; p 2
(rdb) alias n n ;; p self.x
(rdb) alias
all = p %*
n = n ;; p self.x
pi = p %1.x
ps = pi self
two = p 1 ;; p 2
(rdb) alias ps
ps = pi self
(rdb) ps
1
(rdb) all a, b
(1, 2)
(rdb) pi
*** Not enough arguments for alias 'pi'
(rdb) pi a b
*** Too many arguments for alias 'pi'
(rdb) alias bad %1 %3
*** Replaceable parameters must be consecutive
(rdb) alias nothing
*** Unknown alias 'nothing'
(rdb) unalias ps
(rdb) unalias ps
(rdb) unalias
*** Argument is required for this command
      Usage: unalias name
(rdb) ps
(rdb) n
=> Step(Over { frame: FrameId(2) })
",
    );
    assert_eq!(host.log(), ["execute 1: ps"]);
}

#[test]
fn lines_of_start_up_files_come_first() {
    let mut scene = Scene::stopping([StopReason::Entry, StopReason::Trace]);
    scene.host.answer("1", "1");
    let lines = ["# A comment.", "  ", "alias one p 1", "one", "c", "p 1 ;; p 1"];
    scene.options.rc = lines.map(str::to_owned).to_vec();
    scene.options.commands = vec!["b 6".to_owned()];
    scene.check(
        "
1
=> Continue
1
1
Breakpoint 1 at /srv/shop.py:6
> /srv/shop.py(5)area()
-> result = width * height
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_program_can_give_commands_and_a_header() {
    let mut scene = Scene::stopping([StopReason::Trace, StopReason::Trace]);
    scene.host.answer("1", "1");
    scene.check_with(
        |console| {
            console.header("Look here.".to_owned());
            console.queue(vec!["p 1".to_owned()]);
        },
        "
Look here.
1
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
fn numbers_of_any_size_are_survived() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) l 4294967295, 4294967295
[EOF]
(rdb) 
[EOF]
(rdb) l -7, 1
  1  \timport os
(rdb) l 99999999999999999999
*** Error in argument: '99999999999999999999'
(rdb) w -9223372036854775808
  /srv/shop.py(12)<module>()
-> total = area(4, 5)
> /srv/shop.py(5)area()
-> result = width * height
(rdb) u 9223372036854775807
> /srv/shop.py(12)<module>()
-> total = area(4, 5)
(rdb) d 9223372036854775807
> /srv/shop.py(5)area()
-> result = width * height
(rdb) until -99999999999
*** \"until\" line number is smaller than current line number
(rdb) s 4294967296
*** Invalid argument: 4294967296
      Usage: s(tep) [count]
(rdb) enable 4294967296
*** Breakpoint number 4294967296 out of range
(rdb) exceptions 99
Did not find chained exceptions. To move between exceptions, rdb/post_mortem must be given an exception object rather than a traceback.
(rdb) s 4294967295
=> Step(Into)
",
    );
}
