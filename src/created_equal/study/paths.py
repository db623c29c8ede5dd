"""Where a study is defined, and where everything that is built of it is."""

from pathlib import Path

STUDIES = Path("config/studies")
RESULTS = Path("results")
REFERENCE = Path("reference")


def batches(networks: int, per_job: int) -> list[tuple[int, int]]:
    """Return the first and last number of the networks in each job: [(0, 4), (5, 9), ...]."""
    return [(first, min(first + per_job, networks) - 1) for first in range(0, networks, per_job)]


def dataset_path(study: str, ensemble: str | None = None) -> Path:
    """Return where a study's dataset is, or that of an ensemble with a derived one of its own."""
    return RESULTS / study / (ensemble or "") / "dataset.nc"


def chosen_path(study: str, ensemble: str) -> Path:
    """Return where the table is that says which examples an ensemble's derived dataset changed."""
    return RESULTS / study / ensemble / "chosen.csv"


def predictions_folder(study: str, ensemble: str, folder: Path = RESULTS) -> Path:
    """Return the folder of an ensemble's predictions."""
    return folder / study / ensemble / "predictions"


def predictions_path(
    study: str, ensemble: str, first: int | str, last: int | str, folder: Path = RESULTS
) -> Path:
    """Return the path of the predictions of networks first..last; text is kept: ``"{first}"``."""
    first, last = (f"{each:04d}" if isinstance(each, int) else each for each in (first, last))
    return predictions_folder(study, ensemble, folder) / f"{first}-{last}.nc"


def scores_path(study: str, ensemble: str, folder: Path = RESULTS) -> Path:
    """Return where the scores of an ensemble are, those that are made or others."""
    return folder / study / ensemble / "scores.nc"


def baseline_path(study: str, baseline: str) -> Path:
    """Return where the predictions of a baseline are."""
    return RESULTS / study / "baselines" / f"{baseline}.nc"


def claims_path(study: str, extension: str) -> Path:
    """Return where a study's claims are; the extension is ``"csv"`` or ``"html"``."""
    return RESULTS / study / f"claims.{extension}"


def explorer_path(study: str, ensemble: str, other: str | None = None) -> Path:
    """Return where the explorer of an ensemble is, or of two."""
    return RESULTS / study / ensemble / (f"explorer_{other}.html" if other else "explorer.html")


def results_test_path(study: str) -> Path:
    """Return where it is written that a study's results passed their tests."""
    return RESULTS / study / "results_test.txt"


def figure_path(study: str | None, figure: str, extension: str) -> Path:
    """Return where a figure is, of one study or, with None, of several.

    The extension is ``"pdf"``, ``"svg"`` or ``"png"``, or ``"csv"`` of a figure with a table.
    """
    return Path("paper_figures", study or "", f"{figure}.{extension}")
