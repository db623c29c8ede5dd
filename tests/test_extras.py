import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
import torch
from commands import COMMAND, python
from packaging.requirements import Requirement

from created_equal.errors import InputError
from created_equal.extras import (
    EXTRAS,
    MissingLibraryError,
    can_use_gpus,
    library,
    naming_extras,
)

ROOT = Path(__file__).parents[1]
# Their names where they are installed from, if others.
PACKAGES = {
    **{"sklearn": "scikit-learn", "yaml": "pyyaml", "PIL": "pillow"},
    # These come with others.
    **{"pydantic_core": "pydantic", "nbclient": "papermill", "jupyter_client": "ipykernel"},
}


def test_every_library_is_in_the_extra_that_the_sentence_names():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for name, extra in EXTRAS.items():
        packages = project["optional-dependencies"][extra]
        assert [each for each in packages if each.startswith(PACKAGES.get(name, name))], name
    # The workflow asks for Parquet by default, and no other of its packages brings it.
    extras = project["optional-dependencies"]
    assert {*extras["tables"]} <= {*extras["workflow"]}
    (slurm,) = project["optional-dependencies"]["slurm"]
    assert slurm.endswith('; sys_platform == "linux"')


def test_an_xarray_that_cannot_write_is_refused():
    """Before 2025.8, Dataset.to_netcdf made no bytes with the engine h5netcdf."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (xarray,) = (
        each for each in map(Requirement, project["dependencies"]) if each.name == "xarray"
    )
    assert "2025.7.1" not in xarray.specifier
    assert "2025.8.0" in xarray.specifier


def test_a_missing_library_is_one_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError) as refusal, naming_extras():
        import_module("torch")
    assert isinstance(refusal.value, MissingLibraryError)
    assert isinstance(refusal.value, ImportError)
    assert str(refusal.value) == (
        "this needs torch, which is not installed; install it with: "
        "pip install 'created-equal[train]'"
    )
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(MissingLibraryError, match="needs scipy, which"):
        library("scipy.special")


def test_other_missing_modules_are_not_explained():
    with pytest.raises(ModuleNotFoundError, match="no_such_module"), naming_extras():
        import_module("no_such_module")


def test_a_command_that_lacks_a_library_ends_with_the_sentence(tmp_path):
    code = (
        "import sys; sys.modules['sklearn'] = None; sys.argv = ['created-equal', 'build_dataset', "
        "'digits']; from created_equal.__main__ import main; main()"
    )
    done = python("-c", code, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "created-equal: this needs sklearn, which is not installed; install it with: "
        "pip install 'created-equal[train]'\n"
    )
    assert not list(tmp_path.iterdir())


def test_ctrl_c_while_modules_are_loaded_has_no_traceback(tmp_path):
    """A module that is loaded first in the command's own process, as Ctrl-C would find it."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    done = python(*COMMAND, "--version", cwd=tmp_path)
    assert done.returncode == 130
    assert done.stderr == "created-equal: stopped by Ctrl-C\n"


def test_pytorch_is_asked_in_another_process():
    assert can_use_gpus() == torch.cuda.is_available()
