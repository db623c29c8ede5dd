"""Where a study is defined, and where everything that is built of it is."""

from pathlib import Path

STUDIES = Path("config/studies")
RESULTS = "results"


def batches(networks: int, per_job: int) -> list[tuple[int, int]]:
    """Return the first and last number of the networks in each job: [(0, 4), (5, 9), ...]."""
    return [(first, min(first + per_job, networks) - 1) for first in range(0, networks, per_job)]


def dataset_path(study: str, ensemble: str | None = None) -> str:
    """Return where a study's dataset is, or that of an ensemble with a derived one of its own."""
    folder = f"{RESULTS}/{study}/{ensemble}" if ensemble else f"{RESULTS}/{study}"
    return f"{folder}/dataset.nc"


def chosen_path(study: str, ensemble: str) -> str:
    """Return where the table is that says which examples an ensemble's derived dataset changed."""
    return f"{RESULTS}/{study}/{ensemble}/chosen.csv"


def predictions_path(study: str, ensemble: str, first: int | str, last: int | str) -> str:
    """Return where the predictions of networks first..last are; text, as ``"{first}"``, is kept."""
    first, last = (f"{each:04d}" if isinstance(each, int) else each for each in (first, last))
    return f"{RESULTS}/{study}/{ensemble}/predictions/{first}-{last}.nc"


def scores_path(study: str, ensemble: str, folder: str = RESULTS) -> str:
    """Return where the scores of an ensemble are, those that are made or others."""
    return f"{folder}/{study}/{ensemble}/scores.nc"


def baseline_path(study: str, baseline: str) -> str:
    """Return where the predictions of a baseline are."""
    return f"{RESULTS}/{study}/baselines/{baseline}.nc"


def claims_path(study: str, extension: str) -> str:
    """Return where a study's claims are; the extension is ``"csv"`` or ``"html"``."""
    return f"{RESULTS}/{study}/claims.{extension}"


def results_test_path(study: str) -> str:
    """Return where it is written that a study's results passed their tests."""
    return f"{RESULTS}/{study}/results_test.txt"


def figure_path(study: str | None, figure: str, extension: str) -> str:
    """Return where a figure is, of one study or, with None, of several.

    The extension is ``"pdf"``, ``"svg"`` or ``"png"``.
    """
    folder = f"paper_figures/{study}" if study else "paper_figures"
    return f"{folder}/{figure}.{extension}"
