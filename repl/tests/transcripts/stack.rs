//! The stack, and the chain of exceptions.

use rdb_core::host::ExceptionInfo;

use crate::check::{check, check_host};

#[test]
fn the_stack_is_shown_oldest_first() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) w
  /srv/shop.py(12)<module>()
-> total = area(4, 5)
> /srv/shop.py(5)area()
-> result = width * height
(rdb) bt 1
> /srv/shop.py(5)area()
-> result = width * height
(rdb) where -1
  /srv/shop.py(12)<module>()
-> total = area(4, 5)
(rdb) w 0
> /srv/shop.py(5)area()
-> result = width * height
(rdb) w 99
  /srv/shop.py(12)<module>()
-> total = area(4, 5)
> /srv/shop.py(5)area()
-> result = width * height
(rdb) w x
*** Invalid count (x)
(rdb) q
=> Quit
",
    );
}

#[test]
fn frames_are_looked_at() {
    check_host(
        |host| host.push_frame("<string>", "<lambda>", 1, 1),
        "
> <string>(1)<lambda>()
(rdb) d
*** Newest frame
(rdb) u x
*** Invalid frame count (x)
(rdb) u
> /srv/shop.py(5)area()
-> result = width * height
(rdb) up 5
> /srv/shop.py(12)<module>()
-> total = area(4, 5)
(rdb) u
*** Oldest frame
(rdb) w
> /srv/shop.py(12)<module>()
-> total = area(4, 5)
  /srv/shop.py(5)area()
-> result = width * height
  <string>(1)<lambda>()
(rdb) d -1
> <string>(1)<lambda>()
(rdb) u -1
> /srv/shop.py(12)<module>()
-> total = area(4, 5)
(rdb) down 1
> /srv/shop.py(5)area()
-> result = width * height
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_chain_of_exceptions() {
    let exception = |text: &str, has_traceback, selected| ExceptionInfo { text: text.into(), has_traceback, selected };
    check_host(
        |host| {
            host.exceptions = vec![
                exception("KeyError('a')", true, false),
                exception(&format!("ValueError('{}')", "x".repeat(99)), false, false),
                exception("TypeError('b')", true, true),
            ];
        },
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) exceptions
    0 KeyError('a')
    - ValueError('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
>   2 TypeError('b')
(rdb) exceptions 0
> /srv/shop.py(5)area()
-> result = width * height
(rdb) exceptions
>   0 KeyError('a')
    - ValueError('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...
    2 TypeError('b')
(rdb) exceptions 1
*** This exception does not have a traceback, cannot jump to it
(rdb) exceptions 3
*** No exception with that number
(rdb) exceptions x
*** Argument must be an integer
(rdb) q
=> Quit
",
    );
}

#[test]
fn a_traceback_alone_has_no_chain() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) exceptions
Did not find chained exceptions. To move between exceptions, rdb/post_mortem must be given an exception object rather than a traceback.
(rdb) q
=> Quit
",
    );
}
