"""The trust boundary: which modules may import which, and what student code can reach of them."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import nbjudge

SOURCE = Path(nbjudge.__file__).parents[1]
SANDBOX = "nbjudge.sandbox"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((SOURCE / "nbjudge").rglob("*.py"))
}


def imports_of(module):
    """Full names of what a module imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports are not looked at here"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in MODULES else node.module)
    return found


def below(name, packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def modules_below(package):
    return [module for module in MODULES if below(module, [package])]


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("guest", ["guest", "wire", "output", "folder"]),
        ("host", ["host", "wire"]),
        ("folder", ["wire"]),
        ("wire", []),
        ("output", []),
    ],
)
def test_wire_is_the_only_module_of_the_sandbox_that_both_sides_import(package, allowed):
    places = [f"{SANDBOX}.{name}" for name in allowed]
    modules = modules_below(f"{SANDBOX}.{package}")
    assert modules
    for module in modules:
        sandbox = {name for name in imports_of(module) if below(name, [SANDBOX])}
        assert all(below(name, places) for name in sandbox), (module, sandbox)


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("nbjudge.sandbox.guest", ["nbjudge.sandbox", "nbjudge.libraries"]),
        ("nbjudge.sandbox.wire", ["nbjudge.errors"]),
        ("nbjudge.libraries", ["nbjudge.libraries"]),
    ],
)
def test_what_is_loaded_in_the_sandbox_imports_nothing_else_of_the_engine(package, allowed):
    for module in modules_below(package):
        engine = {name for name in imports_of(module) if below(name, ["nbjudge"])}
        assert all(below(name, allowed) for name in engine), (module, engine)


def test_only_the_modules_for_libraries_know_torch_or_numpy_and_none_knows_the_course():
    for module in MODULES:
        found = imports_of(module)
        assert not {name for name in found if below(name, ["course"])}, module
        if not below(module, ["nbjudge.libraries"]):
            assert not {name for name in found if below(name, ["torch", "numpy"])}, module


# What student code finds: every class of the engine that a zygote has loaded, the global names of
# its methods, and from there the global names of each function that is among them.
REACHED = """
import json, sys, types
from nbjudge.sandbox.guest import zygote

def classes(kind, seen):
    for below in type.__subclasses__(kind):
        if below not in seen:
            seen.add(below)
            classes(below, seen)
    return seen

def functions(names):
    for value in names.values():
        value = getattr(value, "__func__", value)
        if isinstance(value, types.FunctionType):
            yield value

engine = [kind for kind in classes(object, set()) if str(kind.__module__).startswith("nbjudge.")]
left = [function for kind in engine for function in functions(vars(kind))]
reached = set()
while left:
    space = left.pop().__globals__
    name = space.get("__name__", "")
    if name.startswith("nbjudge.") and name not in reached:
        reached.add(name)
        left += functions(space)
        for value in space.values():
            if isinstance(value, types.ModuleType):
                left += functions(vars(value))
loaded = sorted(name.partition(".")[0] for name in sys.modules)
print(json.dumps([sorted(reached), loaded, len(engine)]))
"""


def test_student_code_reaches_only_the_shell_and_the_output_budget_through_classes():
    done = subprocess.run([sys.executable, "-c", REACHED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reached, loaded, classes = json.loads(done.stdout)
    assert reached == ["nbjudge.sandbox.guest.shell", "nbjudge.sandbox.output"]
    assert classes > 10
    assert not {"torch", "numpy", "nbgrader", "distributed"} & set(loaded)
