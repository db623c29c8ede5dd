"""Which precision is as good as fp32: ensembles of the same networks, trained in each, compared.

Network i of each has the same first weights, order of examples and dropout, so what differs is
rounding, and what grows out of it. How far other seeds alone take two ensembles of fp32 apart is
estimated beside it, from its halves.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import yaml

from created_equal.artefacts.files import write_whole
from created_equal.training.engine.device import MEASURED, measured_precisions

CHECKED_NETWORKS = 20
LEAST_CORRELATION = 0.99
MOST_DIFFERENCE = 0.005

HEADER = """\
# What precision: auto stands for on devices where it was measured. Written by
# benchmarks/training.py, never by hand: see benchmarks/README.md. On every other device it is fp32.
"""


def compare(
    accessibilities: Mapping[str, np.ndarray], accuracies: Mapping[str, np.ndarray]
) -> dict[str, dict]:
    """Compare ensembles with fp32's.

    Args:
        accessibilities: precision -> (network, example), the share of epochs in which a network is
            right; fp32 is among them.
        accuracies: precision -> (network,) on the test set after the last epoch, in 0..1.

    Returns:
        precision -> the correlation of accessibility over all examples, the difference of the mean
        accuracies, and whether both are within the bounds for ``precision: auto``.
    """
    found = {}
    for name, accessibility in accessibilities.items():
        correlation = _correlation(accessibilities["fp32"], accessibility)
        difference = float(np.mean(accuracies[name]) - np.mean(accuracies["fp32"]))
        found[name] = {
            "correlation": correlation,
            "difference": difference,
            "as_good": correlation >= LEAST_CORRELATION and abs(difference) <= MOST_DIFFERENCE,
        }
    return found


def other_seeds(accessibility: np.ndarray, accuracies: np.ndarray) -> dict[str, float]:
    """Return how far two ensembles of the same precision are apart that share no seed.

    Args:
        accessibility: (network, example), see ``compare``.
        accuracies: (network,).

    Returns:
        ``correlation``: of accessibility, r between the halves of the networks, taken to ensembles
        of them all by Spearman and Brown's 2 r / (1 + r); ``difference``: the standard error of
        the difference of the mean accuracies, sqrt(2 / N) times their standard deviation.
    """
    half = len(accessibility) // 2
    of_halves = _correlation(accessibility[:half], accessibility[half:])
    error = np.std(accuracies, ddof=1) * np.sqrt(2 / len(accuracies))
    return {"correlation": 2 * of_halves / (1 + of_halves), "difference": float(error)}


def fastest(compared: Mapping[str, Mapping]) -> str:
    """Return the precision of the fewest ``seconds`` among those that are as good as fp32."""
    good = [name for name, each in compared.items() if each["as_good"]]
    return min(good, key=lambda name: compared[name]["seconds"])


def keep_verdict(
    device: str, compared: Mapping[str, Mapping], study: str, epochs: int, path: Path = MEASURED
) -> str:
    """Write what ``precision: auto`` stands for on a device from now on, and return it.

    Args:
        device: its name, see ``describe_device``.
        compared: see ``compare``, with ``seconds``.
        study: whose first ensemble was trained.
        epochs: for which it was trained.
        path: the file, in which other devices stay as they are.
    """
    chosen = fastest(compared)
    verdict = {
        "precision": chosen,
        "correlation": round(compared[chosen]["correlation"], 5),
        "difference": round(compared[chosen]["difference"], 5),
        "networks": CHECKED_NETWORKS,
        "study": study,
        "epochs": epochs,
        "torch": str(torch.__version__),
    }
    entries = dict(sorted((measured_precisions(path) | {device: verdict}).items()))
    write_whole(path, (HEADER + yaml.safe_dump(entries, sort_keys=False)).encode())
    return chosen


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.mean(axis=0), other.mean(axis=0))[0, 1])
