//! Help.

use crate::check::check;

#[test]
fn help_of_commands() {
    check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) h rv
      Usage: retval | rv
      
      Show what this function is returning. Known at a stop on its return
      (`--Return--`), and in the caller after `finish`.
(rdb) ?unt
      Usage: unt(il) [lineno]
      
      Run until a later line of this function, so out of loops. Without a line
      number, stops at a line of this frame behind the current one; with one,
      at a line not before it. Stops where the frame returns in any case.
(rdb) help nothing
*** No help for 'nothing'
(rdb) help == 3
*** No help for '== 3'
(rdb) h exec
      Usage: [!] statement
      
      What is no command is run as a statement in the frame that is looked at,
      and its value is shown unless it is None. Where it begins like a command,
      put `!` in front: `! n = 42`. Variables that it assigns to are changed in
      the frame; to assign to a global variable in a function, say so first:
      `global total; total = 0`. A statement that is not finished goes on in
      further lines, up to an empty one. `$name` is a variable of the debugger:
      `$n = 42` makes one. Set by rdb: `$_frame`, the frame that is looked at;
      `$_retval`, the value that was returned; `$_exception`, the exception
      that the program stopped on.
(rdb) help

Documented commands (type help <topic>):
========================================
Running the program
  step  n      return  fin      continue  stepi  j        debug   q
  s     until  r       advance  c         si     run      detach  exit
  next  unt    finish  adv      cont      jump   restart  quit    EOF
Breakpoints
  break  b  tbreak  clear  cl  disable  enable  ignore  condition  commands
Exceptions and filters
  catch  tcatch  uncatch  skip  unskip  mycode
The stack
  where  w  bt  up  u  down  d  exceptions
Threads
  threads  thread
Values
  p  pp  whatis  args  a  locals  retval  rv  display  undisplay  interact
Source text
  list  l  longlist  ll  source  sticky
The debugger
  help  h  alias  unalias

Miscellaneous help topics:
==========================
exec  rdb

(rdb) q
=> Quit
",
    );
}
