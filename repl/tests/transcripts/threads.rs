//! The threads of the program.

use rdb_core::host::ThreadInfo;
use rdb_core::ids::ThreadId;
use rdb_core::stop::StopReason;
use rdb_core::testing::FakeHost;

use crate::check::{Scene, check_host};

/// Gives the program three threads.
pub(crate) fn add_threads(host: &mut FakeHost) {
    let frame = host.stack.frames.last().cloned();
    let thread = |number: u64, name: &str| ThreadInfo {
        id: ThreadId(number),
        name: name.to_owned(),
        stopped: number == 1,
        selected: number == 1,
        waiting: number == 2002,
        frame: frame.clone().filter(|_| number != 3003),
    };
    host.threads = vec![thread(1, "MainThread"), thread(2002, "worker"), thread(3003, "io")];
}

#[test]
fn threads_are_listed_and_looked_at() {
    check_host(
        add_threads,
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) threads
Num   Thread           Name                 Where
>*1   1                MainThread           /srv/shop.py(5)area()
  2   2002             worker               /srv/shop.py(5)area(), waits for its turn
  3   3003             io                   (not in Python)
(rdb) thread 2
> /srv/shop.py(5)area()
-> result = width * height
(rdb) n
*** Only the thread that stopped can step; `thread` with its number looks at it again.
(rdb) j 6
*** Only the thread that stopped can step; `thread` with its number looks at it again.
(rdb) thread io
> /srv/shop.py(5)area()
-> result = width * height
(rdb) threads
Num   Thread           Name                 Where
 *1   1                MainThread           /srv/shop.py(5)area()
  2   2002             worker               /srv/shop.py(5)area(), waits for its turn
> 3   3003             io                   (not in Python)
(rdb) thread MainThread
> /srv/shop.py(5)area()
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

#[test]
fn a_stop_in_another_thread_says_so() {
    let mut scene = Scene::stopping([StopReason::Entry, StopReason::Trace, StopReason::Trace, StopReason::Trace]);
    add_threads(&mut scene.host);
    scene.stops[1].thread = ThreadId(2002);
    scene.stops[2].thread = ThreadId(2002);
    scene.check(
        "
> /srv/shop.py(5)area()
-> result = width * height
(rdb) c
=> Continue
[Switching to thread 2 (worker)]
> /srv/shop.py(5)area()
-> result = width * height
(rdb) c
=> Continue
> /srv/shop.py(5)area()
-> result = width * height
(rdb) 
=> Continue
[Switching to thread 1 (MainThread)]
> /srv/shop.py(5)area()
-> result = width * height
(rdb) n
=> Step(Over { frame: FrameId(2) })
",
    );
}
