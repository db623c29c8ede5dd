"""No import runs upwards or sideways: see DESIGN's three floors."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "created_equal"
GROUND = {
    *("errors", "links", "yaml_files", "derivation", "reference", "versions", "study", "extent"),
    *("decoding", "artefacts", "networks", "built"),
}
STAGES = {"datasets", "training", "scores", "baselines"}
WITHOUT_TORCH = {
    *("errors", "links", "yaml_files", "derivation", "reference", "versions", "study", "extent"),
    *("built", "preflight", "decoding", "artefacts"),
    *("scores", "figures", "claims"),
}
# Each folder or module beside itself.
MAY_IMPORT = {
    "__init__": set(),
    "__main__": {"cli"},
    "errors": set(),
    "links": set(),
    "derivation": set(),
    "versions": set(),
    "yaml_files": {"errors"},
    "reference": {"errors"},
    "study": {"errors", "yaml_files", "derivation", "reference"},
    "extent": {"derivation", "study"},
    "built": {"errors", "artefacts", "extent", "versions", "study"},
    "preflight": {"errors", "links", "built", "derivation", "study", "extent"},
    "decoding": set(),
    "artefacts": {"errors", "links", "versions", "decoding"},
    "networks": {"errors"},
    **dict.fromkeys(STAGES, GROUND),
    **dict.fromkeys(("figures", "claims"), GROUND | {"scores"}),
    "config_reference": {"errors", "yaml_files"},
    "keep": GROUND | {"claims"},
    "plan": GROUND | STAGES,
    "cli": GROUND | STAGES | {"figures", "claims", "keep", "plan"},
}
IN_STUDY = ("paths", "definition", "contradictions", "loading")
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path, into="created_equal"):
    """Return the full names that a module imports from a package, wherever in its code."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name == into or name.startswith(f"{into}.")}


def layer(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_the_imports_are_found():
    cli = imports(PACKAGE / "cli.py")
    assert {"created_equal.errors.InputError", "created_equal.datasets"} <= cli
    assert imports(PACKAGE / "networks" / "public.py", "torchvision") == {
        "torchvision.models",
        "torchvision.__version__",
    }


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_runs_upwards_or_sideways(path):
    own = layer(path)
    assert own in MAY_IMPORT, f"{own} is not yet on any floor: say here what it may import"
    others = {name.split(".")[1] for name in imports(path)} - {own}
    assert others <= MAY_IMPORT[own]


@pytest.mark.parametrize("module", IN_STUDY)
def test_each_module_of_a_study_imports_those_below_it_alone(module):
    below = IN_STUDY[: IN_STUDY.index(module)]
    names = imports(PACKAGE / "study" / f"{module}.py", "created_equal.study")
    assert {name.split(".")[2] for name in names} <= set(below)


def test_the_command_line_imports_every_stage_late():
    tree = ast.parse((PACKAGE / "cli.py").read_text())
    early = {
        node.module.split(".")[1]
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module.startswith("created_equal.")
    }
    assert early <= {"errors", "study", "yaml_files", "derivation", "reference"}


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if layer(path) in WITHOUT_TORCH],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_what_needs_no_torch_does_not_name_it(path):
    assert not imports(path, "torch") | imports(path, "torchvision")


def test_what_needs_no_torch_does_not_load_it():
    names = [
        ".".join(("created_equal", *path.relative_to(PACKAGE).with_suffix("").parts))
        for path in MODULES
        if layer(path) in WITHOUT_TORCH | {"cli"}
    ]
    assert len(names) > 20
    code = (
        f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\n"
        "print(*sorted(name for name in sys.modules if name.split('.')[0] in "
        "('torch', 'torchvision')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == ""
