//! The threads of the program.

use rdb_core::host::ThreadInfo;
use rdb_core::ids::ThreadId;
use rdb_core::testing::FakeHost;

use crate::check::check_host;

/// Gives the program three threads.
pub(crate) fn add_threads(host: &mut FakeHost) {
    let frame = host.stack.frames.last().cloned();
    let thread = |number: u64, name: &str| ThreadInfo {
        id: ThreadId(number),
        name: name.to_owned(),
        stopped: number == 1001,
        selected: number == 1001,
        waiting: number == 2002,
        frame: frame.clone().filter(|_| number != 3003),
    };
    host.threads = vec![thread(1001, "MainThread"), thread(2002, "worker"), thread(3003, "io")];
}

#[test]
fn threads_are_listed_and_looked_at() {
    check_host(
        add_threads,
        "
> /work/shop.py(5)area()
-> result = width * height
(rdb) threads
Num   Thread           Name                 Where
>*1   1001             MainThread           /work/shop.py(5)area()
  2   2002             worker               /work/shop.py(5)area(), waits for its turn
  3   3003             io                   (not in Python)
(rdb) thread 2
> /work/shop.py(5)area()
-> result = width * height
(rdb) thread io
> /work/shop.py(5)area()
-> result = width * height
(rdb) threads
Num   Thread           Name                 Where
 *1   1001             MainThread           /work/shop.py(5)area()
  2   2002             worker               /work/shop.py(5)area(), waits for its turn
> 3   3003             io                   (not in Python)
(rdb) thread 1001
> /work/shop.py(5)area()
-> result = width * height
(rdb) thread 4
*** There is no thread 4; see `threads`.
(rdb) thread
*** Argument is required for this command
      Usage: thread number
(rdb) q
=> Quit
",
    );
}
