"""Steps, as the console tells of them."""

from __future__ import annotations

from conftest import Run

SCRIPT = """\
def double(x):
    return x * 2


y = double(2)
z = y + 1
print(z)
"""


def test_a_step_onto_a_breakpoint_does_not_hit_it(rdb_run: Run) -> None:
    commands = ["b 6", "commands", "p 'ran'", "c", "end", "tbreak 5", "c", "n", "b", "q"]
    outcome = rdb_run(SCRIPT, commands)
    assert "'ran'" not in outcome.stdout
    assert "already hit" not in outcome.stdout
    assert "script.py(6)<module>()\n-> z = y + 1\n(rdb) Num Type" in outcome.stdout


def test_finish_at_a_return_shows_the_value(rdb_run: Run) -> None:
    outcome = rdb_run(SCRIPT, ["b double", "c", "r", "finish", "p $_retval", "q"])
    assert "--Return--\n" in outcome.stdout
    assert "Value returned: 4\n" in outcome.stdout
    assert "script.py(6)<module>()\n-> z = y + 1\n(rdb) 4\n" in outcome.stdout


def test_catch_does_not_stop_in_the_import_system(rdb_run: Run) -> None:
    script = "try:\n    import no_such_module\nexcept ImportError:\n    pass\n"
    outcome = rdb_run(script, ["catch raised", "c", "c", "q"])
    assert "<frozen" not in outcome.stdout
    assert "ModuleNotFoundError: No module named 'no_such_module'\n" in outcome.stdout
    assert "script.py(2)<module>()\n-> import no_such_module\n" in outcome.stdout
