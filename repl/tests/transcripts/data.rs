//! Values.

use rdb_core::host::{HostError, Variable};

use crate::check::{check, check_host};

/// Returns a variable, unbound without a value.
pub(crate) fn variable(name: &str, value: Option<&str>) -> Variable {
    Variable { name: name.into(), value: value.map(str::to_owned), type_name: "int".into() }
}

#[test]
fn expressions() {
    check_host(
        |host| {
            host.answer("width", "4");
            host.answer("area", "Function area");
            host.fail("]", HostError::Program("SyntaxError: unmatched ']'".into()));
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) p width
4
(rdb) pp width
4
(rdb) whatis area
Function area
(rdb) p nothing
*** NameError: name 'nothing' is not defined
(rdb) p ]
*** SyntaxError: unmatched ']'
(rdb) p
*** Argument is required for this command
      Usage: p expression
(rdb) pp
*** Argument is required for this command
      Usage: pp expression
(rdb) whatis
*** Argument is required for this command
      Usage: whatis expression
(rdb) q
=> Quit
",
    );
}

#[test]
fn arguments_and_locals() {
    check_host(
        |host| {
            host.arguments = vec![
                variable("width", Some("4")),
                variable("*rest", Some("()")),
                variable("height", None),
                variable("**more", Some("{}")),
                variable("unit", Some("*** repr failed: ValueError: no ***")),
            ];
            host.locals = vec![variable("width", Some("4")), variable("height", None), variable("result", Some("20"))];
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) a
width = 4
height = *** undefined ***
unit = *** repr failed: ValueError: no ***
rest = ()
more = {}
(rdb) args x
*** Invalid argument: x
      Usage: a(rgs)
(rdb) locals
width = 4
result = 20
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_frame_without_locals_says_so() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) locals
No locals.
(rdb) a
(rdb) q
=> Quit
",
    );
}

#[test]
fn what_is_returned() {
    check_host(
        |host| host.return_value = Some("20".into()),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) retval
20
(rdb) rv x
*** Invalid argument: x
      Usage: retval | rv
(rdb) q
=> Quit
",
    );
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) rv
*** Not yet returned!
(rdb) q
=> Quit
",
    );
}

#[test]
fn displays() {
    check_host(
        |host| {
            host.locals = vec![variable("result", Some("20"))];
            host.fail("]", HostError::User("SyntaxError: unmatched ']'".into()));
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) display
No expression is being displayed
(rdb) display result
display result: 20
(rdb) display ]
*** Unable to display ]: SyntaxError: unmatched ']'
(rdb) display
Currently displaying:
result: 20
(rdb) undisplay other
*** not displaying other
(rdb) undisplay result
(rdb) display
No expression is being displayed
(rdb) display result
display result: 20
(rdb) undisplay
(rdb) display
No expression is being displayed
(rdb) q
=> Quit
",
    );
}

#[test]
fn an_interactive_interpreter() {
    let host = check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) interact
*rdb interact start*
>>> x = 1
>>> def f(
... ^C

KeyboardInterrupt
>>> if x:
... y
>>> exit()
*exit from rdb interact command*
(rdb) interact
*rdb interact start*
>>> ^D

*exit from rdb interact command*
(rdb) q
=> Quit
",
    );
    let log = [
        "interact 1",
        "interact: x = 1",
        "interact: def f(",
        "interact reset",
        "interact: if x:",
        "interact: y",
        "interact: exit()",
        "interact 1",
    ];
    assert_eq!(host.log(), log);
}
