//! Exceptions that stop the program, and code that steps pass over.

use rdb_core::host::HostError;

use crate::check::{check, check_host};

#[test]
fn catchpoints() {
    check_host(
        |host| host.fail("]", HostError::User("SyntaxError: unmatched ']'".into())),
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) catch
No exceptions are caught.
(rdb) catch ValueError, pkg.mod.Error if $_exception.args
Catchpoint 1: raised ValueError pkg.mod.Error
(rdb) catch uncaught
Catchpoint 2: uncaught all exceptions
(rdb) tcatch user KeyError
Catchpoint 3: user KeyError
(rdb) catch raised if x
Catchpoint 4: raised all exceptions
(rdb) catch if ]
*** Invalid condition ]: SyntaxError: unmatched ']'
(rdb) catch ValueError if
*** Invalid argument: ValueError if
      Usage: catch [ [raised | uncaught | user] [type ...] [if condition] ]
(rdb) catch raised uncaught
*** Invalid argument: raised uncaught
      Usage: catch [ [raised | uncaught | user] [type ...] [if condition] ]
(rdb) catch 1/0
*** Invalid argument: 1/0
      Usage: catch [ [raised | uncaught | user] [type ...] [if condition] ]
(rdb) catch
Num Type         Disp When     What
1   catchpoint   keep raised   ValueError pkg.mod.Error
\tstop only if $_exception.args
2   catchpoint   keep uncaught all exceptions
3   catchpoint   del  user     KeyError
4   catchpoint   keep raised   all exceptions
\tstop only if x
(rdb) uncatch 1 9
Deleted catchpoint 1: raised ValueError pkg.mod.Error
*** there is no catchpoint 9
(rdb) uncatch x
*** Invalid argument: x
      Usage: uncatch [number ...]
(rdb) uncatch
Deleted catchpoint 2: uncaught all exceptions
Deleted catchpoint 3: user KeyError
Deleted catchpoint 4: raised all exceptions
(rdb) catch
No exceptions are caught.
(rdb) q
=> Quit
",
    );
}

#[test]
fn code_that_steps_pass_over() {
    let host = check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) skip
Nothing is passed over.
(rdb) skip asyncio.* */lib/*
(rdb) skip asyncio.*
(rdb) skip
Passed over:
  asyncio.*
  */lib/*
(rdb) unskip asyncio.* other
*** other is not passed over
(rdb) skip
Passed over:
  */lib/*
(rdb) unskip
(rdb) skip
Nothing is passed over.
(rdb) skip x
(rdb) mycode
Steps stop in all code.
(rdb) mycode on
Steps stop in your own code only.
(rdb) mycode off
Steps stop in all code.
(rdb) mycode maybe
*** Invalid argument: maybe
      Usage: mycode [on | off]
(rdb) q
=> Quit
",
    );
    assert_eq!(host.engine.skips(), ["x"]);
}
