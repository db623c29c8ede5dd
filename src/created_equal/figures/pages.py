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
METADATA = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": None,
}


@styled
def save(figure: Figure, study: str, name: str, table: pd.DataFrame | None = None) -> Path:
    """Write a figure as pdf, svg and png to ``paper_figures/{study}``, and its table as csv.

    Args:
        figure: the figure, as returned by a ``draw`` function.
        study: the study's name, or ``study.joined`` names of several.
        name: the figure's name, for example ``"figure_01"``.
        table: what the figure shows, if it has a table.

    Returns:
        The path of the png.

    Raises:
        InputError: the folder cannot be written to.
    """
    targets = {extension: figure_path(study, name, extension) for extension in METADATA}
    folder = targets["png"].parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name}.") as unfinished:
            for extension, target in targets.items():
                figure.savefig(Path(unfinished) / target.name, metadata=METADATA[extension])
            if table is not None:
                targets["csv"] = figure_path(study, name, "csv")
                table.to_csv(Path(unfinished) / targets["csv"].name, index=False)
            for target in targets.values():
                (Path(unfinished) / target.name).replace(target)
    except OSError as error:
        otherwise = "make the folder writable, and run again"
        raise InputError(f"{folder} cannot be written to {because(error, otherwise)}") from error
    return targets["png"]


@styled
def write_png(figure: Figure, path: Path) -> None:
    """Write a figure as png to any path, atomically; raises InputError if it cannot be written."""
    contents = io.BytesIO()
    figure.savefig(contents, format="png")
    write_atomically(path, contents.getvalue())
