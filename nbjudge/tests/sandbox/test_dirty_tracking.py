"""What has changed is told from the memory of dictionaries, functions and cells."""

import sys
from types import ModuleType

import pytest

from nbjudge.sandbox.guest import dirty_tracking

WAYS = pytest.mark.parametrize(
    ("numpy", "versions"),
    [(True, True), (False, True), (True, False)],
    ids=["with numpy", "without", "without versions"],
)


def as_it_would_be(monkeypatch, numpy, versions):
    """What `watcher` finds without numpy, or where dictionaries have no version (CPython 3.13)."""
    monkeypatch.setitem(sys.modules, "numpy", pytest.importorskip("numpy") if numpy else None)
    monkeypatch.setattr(
        dirty_tracking, "UNVERSIONED", dirty_tracking.UNVERSIONED if versions else (3,)
    )
    return versions and sys.version_info < dirty_tracking.UNVERSIONED


@WAYS
def test_changed_dictionaries_are_known_from_their_memory(monkeypatch, numpy, versions):
    versions = as_it_would_be(monkeypatch, numpy, versions)

    def space():
        return {f"name{k}": object() for k in range(50)}

    spaces = [space() for _ in range(7)]
    changed = dirty_tracking.watcher(spaces)
    assert changed() == []
    monkeypatch.setattr("ctypes.string_at", lambda place, size: bytes(size))  # as an answer might
    spaces[0]["name7"] = object()
    del spaces[1]["name49"]
    spaces[2]["new"] = 1
    spaces[3].update({f"more{k}": k for k in range(1000)})  # its table moves
    spaces[4].clear()
    old = spaces[5]["name0"]
    spaces[5]["name0"] = 1
    assert changed() == [0, 1, 2, 3, 4, 5]
    spaces[5]["name0"] = old
    assert changed() == (
        [0, 1, 2, 3, 4, 5] if versions else [0, 1, 2, 3, 4]
    )  # a version counts changes


@WAYS
def test_changed_functions_and_cells_are_known_from_their_memory(monkeypatch, numpy, versions):
    as_it_would_be(monkeypatch, numpy, versions)

    def make():
        thing = object()

        def function(first=1, *, second=2):
            return thing

        return function

    functions = [make() for _ in range(4)]
    cells = [function.__closure__[0] for function in functions]
    changed = dirty_tracking.watcher(
        [function.__kwdefaults__ for function in functions],
        [(function, name) for function in functions for name in ("__defaults__", "__kwdefaults__")]
        + [(cell, "cell_contents") for cell in cells],
    )
    assert changed() == []
    functions[0].__kwdefaults__["second"] = 3
    functions[1].__defaults__ = (2,)
    kept, functions[2].__kwdefaults__ = functions[2].__kwdefaults__, {"second": 2}
    cells[3].cell_contents = None
    assert changed() == [0, 4 + 2, 4 + 5, 4 + 8 + 3]
    functions[1].__defaults__ = None
    del cells[3].cell_contents
    assert kept and changed() == [0, 4 + 2, 4 + 5, 4 + 8 + 3]


@WAYS
def test_a_new_type_of_a_module_is_known_from_its_memory(monkeypatch, numpy, versions):
    as_it_would_be(monkeypatch, numpy, versions)
    module = ModuleType("lesson")
    changed = dirty_tracking.watcher([vars(module)], [(module, "__class__")])
    assert changed() == []
    module.__class__ = type("Other", (ModuleType,), {})
    assert changed() == [1]
