"""Saving a figure as pdf, svg and png, with equal bytes for equal input."""

import io
import tempfile
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from created_equal.artefacts import write_atomically
from created_equal.errors import InputError, because
from created_equal.figures.style import styled
from created_equal.study import figure_path

# Time stamps are left out so that the same figure gives the same bytes.
METADATA = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": None}


def save(figure: Figure, study: str, name: str, table: pd.DataFrame | None = None) -> Path:
    """Write a figure as pdf, svg and png to ``paper_figures/{study}``, and its table as csv.

    ``study`` is the name of a study, or the ``study.joined`` names of several. Returns the path of
    the png.

    Raises:
        InputError: the folder cannot be written to.
    """
    return save_in(figure_path(study, name, "png").parent, name, figure, table)


@styled
def save_in(folder: Path, name: str, figure: Figure, table: pd.DataFrame | None = None) -> Path:
    """Write a figure and its table to a folder; see ``save``."""
    # Rendered in memory, because a run that is stopped ends this process in the middle.
    files = {f"{name}.{extension}": _rendered(figure, extension) for extension in METADATA}
    if table is not None:
        files[f"{name}.csv"] = table.to_csv(index=False).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}.") as unfinished:
            for file, contents in files.items():
                Path(unfinished, file).write_bytes(contents)
            for file in files:
                Path(unfinished, file).replace(folder / file)
    except OSError as error:
        otherwise = "make the folder writable, and run again"
        raise InputError(f"{folder} cannot be written to {because(error, otherwise)}") from error
    return folder / f"{name}.png"


@styled
def save_as(figure: Figure, path: Path) -> None:
    """Write a figure atomically to a path, which ends in .pdf, .svg or .png.

    Raises:
        InputError: it has another ending, or cannot be written.
    """
    write_atomically(path, _rendered(figure, format_of(path)))


def _rendered(figure: Figure, extension: str) -> bytes:
    contents = io.BytesIO()
    figure.savefig(contents, format=extension, metadata=METADATA[extension])
    return contents.getvalue()


def format_of(path: Path) -> str:
    """Return pdf, svg or png from a figure's path; raises InputError for any other ending."""
    extension = path.suffix.lower().removeprefix(".")
    if extension not in METADATA:
        raise InputError(f"{path} is not a figure; choose a name that ends in .pdf, .svg or .png.")
    return extension
