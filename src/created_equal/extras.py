"""The libraries that only some parts of the package need: the message if one is missing, and GPUs.

Artefacts, scores, recorder and import need only numpy, pandas, xarray and h5netcdf.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from created_equal.errors import InputError

# The smallest extra that installs the library, see pyproject.toml.
EXTRAS = {
    **dict.fromkeys(("torch", "torchvision", "sklearn", "threadpoolctl"), "train"),
    **dict.fromkeys(
        (
            *("typer", "pydantic", "pydantic_core", "yaml", "rich", "PIL", "scipy"),
            *("matplotlib", "seaborn", "papermill", "nbclient", "jupyter_client", "jinja2"),
            *("snakemake", "ipykernel"),
        ),
        "workflow",
    ),
    "pyarrow": "tables",
}


class MissingLibraryError(InputError, ImportError):
    """A library of one of the package's extras is not installed."""


@contextmanager
def naming_extras() -> Iterator[None]:
    """Name the extra to install if the code in the block needs a library that is not installed.

    Raises:
        MissingLibraryError: in place of ModuleNotFoundError, for a library of an extra.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRAS:
            raise
        raise MissingLibraryError(
            f"this needs {library}, which is not installed; install it with: "
            f"pip install 'created-equal[{EXTRAS[library]}]'"
        ) from error


def library(name: str) -> ModuleType:
    """Import a module of an optional library, see ``naming_extras``."""
    with naming_extras():
        return import_module(name)


def can_use_gpus() -> bool:
    """Return whether PyTorch can use a GPU; another process asks, since asking initializes CUDA."""
    code = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    # -P: the current folder may have a user's own random.py.
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, capture_output=True).returncode == 0
