"""No import runs upwards or sideways: ``MAY_IMPORT`` says what each part may import."""

import ast
import sys
from pathlib import Path

from commands import printed_by

PACKAGE = Path(__file__).parents[1] / "src" / "created_equal"
GROUND = {
    *("definitions", "errors", "extras", "versions", "paths", "look", "user_text"),
    *("study", "decoding", "artefacts", "networks"),
}
STAGES = {"datasets", "training", "scores", "baselines"}
WITHOUT_TORCH = {
    *("definitions", "errors", "extras", "versions", "paths", "look", "user_text"),
    *("study", "decoding", "artefacts", "planning", "scores", "figures", "claims", "beyond"),
    *("explorer", "compare", "exchange", "__init__", "api", "garbage"),
    *("recorder", "score_folder"),
}
CALLBACKS = ("lightning", "transformers", "keras")
# What works without any of the package's extras, and the only libraries that it may load.
CORE = {
    "__init__",
    "definitions",
    "errors",
    "extras",
    "versions",
    "paths",
    "user_text",
    "artefacts",
    "scores",
    "exchange",
    "api",
    "recorder",
}
CORE_LIBRARIES = {"numpy", "pandas", "xarray", "h5netcdf"}
# What each folder or module may import, besides itself.
MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"cli", "extras", "garbage"},
    "definitions": set(),
    "errors": set(),
    "garbage": set(),
    "extras": {"errors"},
    "paths": set(),
    "api": {"errors", "extras", "paths", "artefacts", "scores", "exchange"},
    "versions": set(),
    "look": set(),
    "user_text": {"errors"},
    "study": {"definitions", "errors", "paths", "user_text", "artefacts"},
    "decoding": set(),
    "artefacts": {"definitions", "errors", "extras", "versions", "paths", "user_text", "decoding"},
    "networks": {"errors", "study"},
    **dict.fromkeys(STAGES, GROUND),
    **dict.fromkeys(("figures", "claims", "explorer"), GROUND | {"scores"}),
    "exchange": {"definitions", "errors", "extras", "paths", "user_text", "artefacts", "scores"},
    "compare": GROUND | {"scores", "figures"},
    "beyond": GROUND | {"scores", "claims"},
    "planning": GROUND | STAGES,
    # What anybody's training needs, and so little of the rest.
    "recorder": {"definitions", "errors", "artefacts"},
    "score_folder": GROUND | {"scores", "exchange", "figures", "claims", "beyond", "explorer"},
    "cli": GROUND
    | STAGES
    | {"figures", "claims", "beyond", "explorer", "exchange", "compare", "planning"}
    | {"score_folder"},
}
# They are imported where a library is there that has torch.
WITH_TORCH = {"planning/plan.py", *(f"recorder/{of}.py" for of in CALLBACKS)}
# The modules of a folder, each of which may import those before it alone.
IN_ORDER = {
    "study": (
        *("yaml_files", "keys", "own_networks", "derivation", "study", "predictions_folders"),
        *("roles", "kept_scores", "contradictions", "loading", "key_pages"),
    ),
    "planning": ("sizes", "existing", "preflight", "results", "plan"),
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path, into="created_equal"):
    """Return the full names that a module imports from a package, wherever in its code."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parent = ".".join(("created_equal", *path.relative_to(PACKAGE).parts[: -node.level]))
            module = f"{parent}.{node.module}" if node.level else node.module
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return {name for name in names if name == into or name.startswith(f"{into}.")}


def full_name(path):
    return ".".join(("created_equal", *path.relative_to(PACKAGE).with_suffix("").parts))


def layer(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_the_imports_are_found():
    cli = imports(PACKAGE / "cli.py")
    assert {"created_equal.errors.InputError", "created_equal.datasets"} <= cli
    assert imports(PACKAGE / "networks" / "public.py", "torchvision") == {
        "torchvision.models",
        "torchvision.__version__",
    }


def without_torch(path):
    name = path.relative_to(PACKAGE).as_posix()
    return layer(path) in WITHOUT_TORCH and name not in WITH_TORCH


def core():
    return [path for path in MODULES if layer(path) in CORE and without_torch(path)]


def test_no_import_runs_upwards_or_sideways():
    unknown = {layer(path) for path in MODULES} - MAY_IMPORT.keys()
    assert not unknown, "not yet on any floor: add what they may import"
    wrong = {}
    for path in MODULES:
        others = {name.split(".")[1] for name in imports(path)} - {layer(path)}
        if forbidden := others - MAY_IMPORT[layer(path)]:
            wrong[str(path.relative_to(PACKAGE))] = forbidden
    assert not wrong


def test_modules_of_a_folder_import_those_below_them_alone():
    wrong = {}
    for folder, modules in IN_ORDER.items():
        assert {path.stem for path in (PACKAGE / folder).glob("*.py")} == {"__init__", *modules}
        for place, module in enumerate(modules):
            names = imports(PACKAGE / folder / f"{module}.py", f"created_equal.{folder}")
            if forbidden := {name.split(".")[2] for name in names} - set(modules[:place]):
                wrong[f"{folder}/{module}"] = forbidden
    assert not wrong


def test_the_command_line_imports_every_stage_late():
    tree = ast.parse((PACKAGE / "cli.py").read_text())
    early = {
        node.module.split(".")[1]
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module.startswith("created_equal.")
    }
    assert early <= {"errors", "study"}


def test_the_core_loads_no_library_of_the_extras():
    names = [full_name(path) for path in core()]
    # Neither a library of an extra, nor a module that only some systems have.
    code = f"""
import importlib, sys
from created_equal.extras import EXTRAS
sys.modules.update(dict.fromkeys([*EXTRAS, "fcntl", "resource", "termios", "pwd", "grp"]))
for name in {names}: importlib.import_module(name)
"""
    printed_by(code)


def test_the_core_names_its_own_libraries_alone():
    def libraries(path):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield node.module.split(".")[0]

    ours = CORE_LIBRARIES | sys.stdlib_module_names | {"created_equal"}
    named = {path: set(libraries(path)) - ours for path in core()}
    assert not {path: each for path, each in named.items() if each}


def test_what_needs_no_torch_does_not_name_it():
    torch = {path: imports(path, "torch") | imports(path, "torchvision") for path in MODULES}
    assert not {path: names for path, names in torch.items() if names and without_torch(path)}


def test_what_needs_no_torch_does_not_load_it():
    names = [full_name(path) for path in MODULES if without_torch(path) or layer(path) == "cli"]
    assert len(names) > 20
    code = (
        f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in "
        "('torch', 'torchvision')))"
    )
    assert printed_by(code).strip() == ""
