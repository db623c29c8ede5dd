"""The paths of a study's file and of everything that is built from it.

Everything is read and written in the current folder. Files that come with the code (studies,
config, notebooks, kept scores) are found in ``REPOSITORY`` if the current folder has none of that
name.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_INSTALLED = Path(__file__).with_name("repository")
# The repository's files: in a wheel they are in the package, see setup.py.
REPOSITORY = _INSTALLED if _INSTALLED.is_dir() else Path(__file__).parents[2]
SNAKEFILE = REPOSITORY / "Snakefile"
CONFIG = Path("config.yaml")
STUDIES = Path("config/studies")
REFERENCE = Path("reference")
NOTEBOOKS = Path("notebooks")
RESULTS = Path("results")
PAPER_FIGURES = Path("paper_figures")
# Marks the names of baselines, since an ensemble may have the same name.
BASELINE_PREFIX = "baselines/"


def find(path: Path) -> Path:
    """Return a path in the current folder, or in ``REPOSITORY`` if it exists only there."""
    with_code = REPOSITORY / path
    return with_code if with_code.exists() and not path.exists() else path


def enter_repository() -> None:
    """Change to the folder above that of the notebooks, in which editors run them."""
    if Path.cwd().name == NOTEBOOKS.name and not CONFIG.exists() and Path("..", CONFIG).exists():
        os.chdir("..")


def study_path(study: str) -> Path:
    """Return the path of a study's file."""
    return STUDIES / f"{study}.yaml"


def dataset_path(study: str, ensemble: str | None = None, folder: Path = RESULTS) -> Path:
    """Return the path of a study's dataset, or of the dataset derived for an ensemble."""
    return folder / study / (ensemble or "") / "dataset.nc"


def chosen_path(study: str, ensemble: str) -> Path:
    """Return the path of the table of the examples that an ensemble's derived dataset changed."""
    return RESULTS / study / ensemble / "chosen.csv"


def predictions_folder(study: str, ensemble: str, folder: Path = RESULTS) -> Path:
    """Return the folder of an ensemble's predictions in ``RESULTS`` or ``REFERENCE``."""
    return folder / study / ensemble / "predictions"


def predictions_path(study: str, ensemble: str, first: int | str, last: int | str) -> Path:
    """Return the path of the predictions of seeds first..last, or a pattern: ``"{first}"``."""
    first, last = (f"{each:04d}" if isinstance(each, int) else each for each in (first, last))
    return predictions_folder(study, ensemble) / f"{first}-{last}.nc"


def scores_path(study: str, ensemble: str, folder: Path = RESULTS) -> Path:
    """Return the path of an ensemble's scores in ``RESULTS`` or ``REFERENCE``."""
    return folder / study / ensemble / "scores.nc"


def baseline_path(study: str, baseline: str, folder: Path = RESULTS) -> Path:
    """Return the path of a baseline's predictions in ``RESULTS`` or ``REFERENCE``."""
    return folder / study / "baselines" / f"{baseline}.nc"


def claims_path(study: str, extension: str) -> Path:
    """Return the path of a study's claims; the extension is ``"csv"`` or ``"html"``."""
    return RESULTS / study / f"claims.{extension}"


def explorer_path(study: str, ensemble: str, other: str | None = None) -> Path:
    """Return the path of the explorer's page of an ensemble, or of two."""
    return RESULTS / study / ensemble / (f"explorer_{other}.html" if other else "explorer.html")


def tables_path(study: str, ensemble: str, name: str) -> Path:
    """Return the path of a table of an ensemble: ``"examples.csv"``, ``"epochs.csv"``."""
    return RESULTS / study / ensemble / name


def results_test_path(study: str) -> Path:
    """Return the path of the file that is written when a study's results pass their tests."""
    return RESULTS / study / "results_test.txt"


def figure_path(study: str, figure: str, extension: str) -> Path:
    """Return the path of a figure of a study, or of ``joined`` studies; pdf, svg, png or csv."""
    return PAPER_FIGURES / study / f"{figure}.{extension}"


def joined(studies: Iterable[str]) -> str:
    """Return the name of a folder for figures of several studies: ``"digits+mnist"``."""
    return "+".join(studies)


def existing(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    # Path.exists raises an error if a folder above may not be entered.
    above = (folder.absolute(), *folder.absolute().parents)
    return next(each for each in above if os.path.exists(each))  # noqa: PTH110


def dead_link(path: Path) -> str | None:
    """Return an error message if a path, or a folder above it, is a dead link, else None."""
    # The code that reads a folder reports missing permissions.
    with suppress(PermissionError):
        for each in (path, *path.parents):
            if each.is_symlink() and not each.exists():
                return (
                    f"{each} is a link to {each.readlink()}, which does not exist; mount it or fix "
                    "the link."
                )
    return None


def unusable(folder: Path) -> str | None:
    """Return an error message if nothing can be written to a folder, which may be missing."""
    nearest = existing(folder)
    if link := dead_link(folder):
        return link
    if not nearest.is_dir():
        return f"{nearest} is a file, where a folder is needed; move it elsewhere."
    if not os.access(nearest, os.W_OK | os.X_OK):
        return (
            f"{nearest} cannot be written to; make it writable, or replace it by a link to a "
            "folder that is."
        )
    return None
