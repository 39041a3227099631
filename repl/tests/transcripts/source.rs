//! The program's text, and the view that stays.

use rdb_core::host::SourceBlock;
use rdb_core::stop::{StepEnd, StopReason};
use rdb_repl::console::Sticky;

use crate::check::{Scene, check, check_host};
use crate::data::variable;

#[test]
fn lists_go_on() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b 6
Breakpoint 1 at /srv/shop.py:6
(rdb) l
  1  \timport os
  2  \t
  3  \tdef area(width, height):
  4  \t    # A comment.
  5  ->\t    result = width * height
  6 B\t    return result
  7  \t
  8  \tclass Room:
  9  \t    def paint(self):
 10  \t        return area(2, 3)
 11  \t
(rdb) 
 12  \ttotal = area(4, 5)
 13  \tprint(total)
[EOF]
(rdb) l
[EOF]
(rdb) l .
  1  \timport os
  2  \t
  3  \tdef area(width, height):
  4  \t    # A comment.
  5  ->\t    result = width * height
  6 B\t    return result
  7  \t
  8  \tclass Room:
  9  \t    def paint(self):
 10  \t        return area(2, 3)
 11  \t
(rdb) l 5, 6
  5  ->\t    result = width * height
  6 B\t    return result
(rdb) list 12,1
 12  \ttotal = area(4, 5)
 13  \tprint(total)
(rdb) l 13
  8  \tclass Room:
  9  \t    def paint(self):
 10  \t        return area(2, 3)
 11  \t
 12  \ttotal = area(4, 5)
 13  \tprint(total)
[EOF]
(rdb) l x
*** Error in argument: 'x'
(rdb) q
=> Quit
",
    );
}

#[test]
fn whole_functions() {
    check_host(
        |host| {
            host.add_object(
                "Room.paint",
                SourceBlock {
                    path: "/srv/shop.py".into(),
                    first_line: 9,
                    lines: vec!["    def paint(self):".into(), "        return area(2, 3)".into()],
                },
            );
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) ll
  3  \tdef area(width, height):
  4  \t    # A comment.
  5  ->\t    result = width * height
  6  \t    return result
  7  \t
(rdb) ll 1
*** Invalid argument: 1
      Usage: ll | longlist
(rdb) source Room.paint
  9  \t    def paint(self):
 10  \t        return area(2, 3)
(rdb) source nothing
*** NameError: name 'nothing' is not defined
(rdb) source
*** Argument is required for this command
      Usage: source expression
(rdb) q
=> Quit
",
    );
}

#[test]
fn the_line_of_an_exception_is_marked() {
    check_host(
        |host| {
            let newest = host.stack.frames.last_mut().expect("there is a frame");
            newest.line = Some(6);
            newest.raising_line = Some(5);
            host.stack.dead = true;
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) l 5,6
  5  >>\t    result = width * height
  6  ->\t    return result
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_file_without_source() {
    check_host(
        |host| host.push_frame("<string>", "<module>", 1, 1),
        "
> <string>(1)<module>()
(rdb) l
*** could not get the source of <string>
(rdb) ll
*** could not get the source of <string>
(rdb) q
=> Quit
",
    );
}

#[test]
fn an_edited_file_is_told_of_once() {
    let mut scene = Scene::stopping([StopReason::Entry, StopReason::Trace]);
    scene.host.set_stale("/srv/shop.py");
    scene.check(
        "
> /srv/shop.py(5)area()
-> result = width * height
*** WARNING: file '/srv/shop.py' was edited, running stale code until the program is rerun
(rdb) ll
  3  \tdef area(width, height):
  4  \t    # A comment.
  5  ->\t    result = width * height
  6  \t    return result
  7  \t
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
fn the_view_stays() {
    let mut scene = Scene::stopping([StopReason::Entry, StopReason::Trace]);
    scene.host.arguments = vec![variable("width", Some("4"))];
    scene.host.locals = vec![variable("width", Some("4")), variable("result", Some("20"))];
    scene.check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) b 6
Breakpoint 1 at /srv/shop.py:6
(rdb) sticky maybe
*** Invalid argument: maybe
      Usage: sticky [on | off]
(rdb) sticky
/srv/shop.py:5 area
  1     import os
  2
  3     def area(width, height):
  4         # A comment.
  5  ->     result = width * height
  6 B       return result
  7
  8     class Room:
  9         def paint(self):
 10             return area(2, 3)
 11
 12     total = area(4, 5)
 13     print(total)
  width  = 4
  result = 20
(rdb) c
=> Continue
/srv/shop.py:5 area
  1     import os
  2
  3     def area(width, height):
  4         # A comment.
  5  ->     result = width * height
  6 B       return result
  7
  8     class Room:
  9         def paint(self):
 10             return area(2, 3)
 11
 12     total = area(4, 5)
 13     print(total)
  width  = 4
  result = 20
(rdb) sticky off
The context view is off.
(rdb) w 0
> /srv/shop.py(5)area()
-> result = width * height
(rdb) c
=> Continue
",
    );
}

#[test]
fn the_view_shows_what_is_returned() {
    let mut scene = Scene::stopping([StopReason::Step(StepEnd::Return)]);
    scene.options.sticky = Sticky::On;
    scene.host.add_source("/srv/shop.py", "x");
    scene.host.stack.frames[1].returns = Some("20".into());
    scene.check(
        "
--Return--
/srv/shop.py:5 area
  1     x
Returns: 20
(rdb) c
=> Continue
",
    );
}

#[test]
fn the_view_marks_what_changed() {
    let mut first = Scene::stopping([StopReason::Entry]);
    first.options.sticky = Sticky::On;
    first.host.locals = vec![variable("result", Some("1")), variable("same", Some("2"))];
    first.host.add_source("/srv/shop.py", "\n");
    let second = vec![variable("result", Some("20")), variable("same", Some("2")), variable("new", Some("3"))];
    first.check_changing(
        |host| host.locals = second,
        "
/srv/shop.py:5 area
  1
  result = 1
  same   = 2
(rdb) c
=> Continue
/srv/shop.py:5 area
  1
* result = 20
  same   = 2
* new    = 3
(rdb) c
=> Continue
",
    );
}
