"""What has to run for a notebook, and under which key its results can be found again.

A key is a digest of all that can change a cell's result: the cells before it, the files beside the notebook, what these cells and
it reach of the instructor's modules, the installed packages, the seed. A check that runs alone changes nothing for the others, so
it is in no key but its own: after a change of one check the results of the others still hold.
"""

import ast
import builtins
import hashlib
import importlib.metadata
import importlib.util
import platform
import symtable
import sys
from functools import cache, lru_cache
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager
from nbgrader.utils import is_grade, is_solution

from nbjudge.job import Step
from nbjudge.planning.fingerprints import digest, home_of, parsed, reached_by, take_apart

BUILTINS = {name for name in vars(builtins) if not name.startswith("_")}
VERSION = 3  # of the results' form; a change makes all kept results old


def steps_of(notebook, source, skip):
    """The Steps of a rebuilt notebook, with the index of each one's cell: [(index, Step)]. Cells tagged `skip` do not run."""
    given = {cell["id"] for cell in source.cells}
    code = [
        (index, cell)
        for index, cell in enumerate(notebook.cells)
        if cell.cell_type == "code"
        and cell.source.strip()
        and not set(cell.metadata.get("tags", [])) & set(skip)
    ]
    names = {index: names_of(cell.source) for index, cell in code}
    bound = set().union(
        *(
            names[index][0] or ()
            for index, cell in code
            if cell["id"] in given and not is_solution(cell)
        )
    )
    steps = []
    for index, cell in code:
        sets, uses = names[index]
        kind = (
            "check"
            if is_grade(cell) and not is_solution(cell)
            else "answer"
            if is_solution(cell)
            else "given"
            if cell["id"] in given
            else "added"
        )
        later = set().union(*(names[other][1] for other, _ in code if other > index))
        alone = (
            kind == "check"
            and sets is not None
            and not sets & later
            and not shared_state(index, uses, code, names)
        )
        steps.append(
            (
                index,
                Step(
                    cell.metadata.get("nbgrader", {}).get("grade_id") or cell["id"],
                    cell.source,
                    kind,
                    alone,
                    tuple(sorted(uses)),
                    tuple(sorted((uses & BUILTINS) - bound)) if kind == "check" else (),
                ),
            )
        )
    return steps


def shared_state(index, uses, code, names):
    """Whether a check uses objects that another check uses, too, and that one of them might change: names that cells bind to
    something else than a function, a class or a module."""
    data = set()
    for other, cell in code:
        if other != index and names[other][0]:
            data |= uses & names[other][0] - defined(cell.source)
    return any(
        data & names[other][1]
        for other, cell in code
        if other != index and is_grade(cell) and not is_solution(cell)
    )


@lru_cache(4096)  # most cells are the same in every notebook
def names_of(source):
    """(names a cell sets, names it uses) in the notebook, inside its functions too; (None, all of them) where it is not Python."""
    try:
        table = symtable.symtable(TransformerManager().transform_cell(source), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return None, set()
    sets, uses = set(), set()

    def walk(scope):
        for symbol in scope.get_symbols():
            top = scope.get_type() == "module"
            if (top and (symbol.is_assigned() or symbol.is_imported())) or (
                symbol.is_declared_global() and symbol.is_assigned()
            ):
                sets.add(symbol.get_name())
            if symbol.is_referenced() and (top or symbol.is_global()):
                uses.add(symbol.get_name())
        for child in scope.get_children():
            walk(child)

    walk(table)
    return sets, uses


@lru_cache(4096)
def defined(source):
    """Names that a cell binds to functions, classes and modules."""
    body = parsed(as_python(source)).body
    found = {
        node.name
        for node in body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
    }
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return found


def imports_of(source):
    """Modules that the cells import, in their order, with what `from package import module` may mean."""
    found = []
    for cell in source.cells:
        if cell.cell_type == "code" and not is_solution(cell):
            found += imported(as_python(cell.source))
    return tuple(dict.fromkeys(found))


@lru_cache(4096)
def as_python(source):
    """A cell's source without IPython's own forms of speech."""
    try:
        return TransformerManager().transform_cell(source)
    except (SyntaxError, ValueError, RecursionError):
        return ""


@lru_cache(4096)
def imported(text, package="", later=True):
    """Names of modules that a piece of Python imports; with `later`, inside functions too."""
    found = []
    for node in (ast.walk if later else outside_functions)(parsed(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = home_of(node, package)
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return [name for name in found if name]


def outside_functions(node):
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from outside_functions(child)


def own_code(imports):
    """{module: path} of the instructor's own modules that these imports reach: those that lie outside Python and its packages."""
    found, waiting = {}, list(imports)
    while waiting:
        name = waiting.pop()
        parts = name.split(".")
        for module in (".".join(parts[:length]) for length in range(1, len(parts) + 1)):
            path = None if module in found else location(module)
            if path:
                found[module] = path
                package = module if path.name == "__init__.py" else module.rpartition(".")[0]
                waiting += imported(path.read_text(encoding="utf-8"), package)
    return found


def packages_of(imports):
    """Top-level names of these imports, and of the installed packages that are imported with the instructor's own modules."""
    own, names = own_code(imports), {name.partition(".")[0] for name in imports}
    for path in own.values():
        names |= {
            name.partition(".")[0]
            for name in imported(path.read_text(encoding="utf-8"), "own", later=False)
        } - sys.stdlib_module_names
    return names - {"own"} - {module.partition(".")[0] for module in own}


@cache
def location(module):
    """The file of an instructor's module; None for an installed one, and for what is no module."""
    package, _, name = module.rpartition(".")
    if module.partition(".")[0] in sys.stdlib_module_names:
        return None
    if package and (
        above := location(package)
    ):  # to ask Python for a part of a package would import the package
        places = (
            (above.parent / name / "__init__.py", above.parent / f"{name}.py")
            if above.name == "__init__.py"
            else ()
        )
        return next((path for path in places if path.exists()), None)
    if package and is_installed(find(module.partition(".")[0])):
        return None
    spec = find(module)
    if not spec or not spec.origin or not spec.origin.endswith(".py") or is_installed(spec):
        return None
    return Path(spec.origin).resolve()


def find(module):
    try:
        return importlib.util.find_spec(module)
    except (ImportError, AttributeError, ValueError):
        return None


def is_installed(spec):
    places = [
        Path(place).resolve()
        for place in (spec and (spec.submodule_search_locations or [spec.origin])) or []
        if place
    ]
    installed = [Path(path).resolve() for path in (sys.prefix, sys.base_prefix)]
    return any(
        "site-packages" in place.parts or any(home in place.parents for home in installed)
        for place in places
    )


@cache
def environment():
    """The Python, the machine's kind and the packages, as a dictionary."""
    packages = {
        dist.metadata["Name"]: dist.version
        for dist in importlib.metadata.distributions()
        if dist.metadata["Name"]
    }
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "packages": dict(sorted(packages.items())),
    }


def code_of(imports):
    """The Code of the instructor's modules that these imports reach; the data in their packages are known by name, size and time."""
    modules = own_code(imports)
    data = []
    for folder in sorted(
        {path.parent for module, path in modules.items() if path.name == "__init__.py"}
    ):
        data += [
            (str(path), path.stat().st_size, path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            and path.suffix not in (".py", ".pyc")
            and "__pycache__" not in path.parts
        ]
    return take_apart(
        {
            module: (
                path.read_text(encoding="utf-8"),
                module if path.name == "__init__.py" else module.rpartition(".")[0],
            )
            for module, path in modules.items()
        },
        data,
    )


def keys_of(job, code):
    """A key for each of the job's steps; `code` is what code_of said."""
    cells, own_files = (
        [as_python(step.source) for step in job.steps],
        any(name.endswith(".py") for name in job.files),
    )

    def reach(some):
        return code.whole if own_files else reached_by(code, some, cells)

    chain = digest(
        VERSION,
        environment(),
        code.always,
        reach([cell for cell, step in zip(cells, job.steps, strict=True) if step.kind != "check"]),
        job.seed,
        job.limits,
        job.confined,
        sorted((name, hashlib.sha256(data).hexdigest()) for name, data in job.files.items()),
    )
    keys = []
    for cell, step in zip(cells, job.steps, strict=True):
        key = digest(chain, step, reach([cell]) if step.kind == "check" else "")
        chain = chain if step.alone else key
        keys.append(key)
    return keys


def only_missing(job, keys, kept):
    """The job without the checks whose results are kept and without all that comes after the last that is not; None where nothing has
    to run. Cells that are not alone have to run again for any check that comes after them."""
    missing = [place for place, key in enumerate(keys) if key not in kept]
    if not missing:
        return None
    steps = tuple(
        step
        for place, step in enumerate(job.steps[: missing[-1] + 1])
        if place in missing or not step.alone
    )
    return job._replace(steps=steps)
