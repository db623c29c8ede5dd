"""All metrics of an ensemble's examples and epochs that need only labels."""

import numpy as np
import pandas as pd
import xarray as xr

from created_equal.artefacts import SPLITS, consensus, consistency
from created_equal.scores import agreement, dynamics
from created_equal.scores.difficulty import difficulty_class

# One chunk of a scores file.
EXAMPLES_AT_ONCE = 2**16
# Stored in scores files, except those of earlier versions.
OF_EXAMPLES = (
    *("first_learned", "learned_for_good", "ever_learned", "forgetting", "churn"),
    *("vote_entropy", "vote_el2n", "disagreement"),
)
OF_EPOCHS = ("mean_disagreement", "mean_churn")
# Undefined if only one epoch was trained, or recorded.
OF_SEVERAL_EPOCHS = (
    *("accessibility", "first_learned", "learned_for_good", "ever_learned", "forgetting", "churn"),
    *("variability", "mean_vote_margin"),
)


def metrics_of_predictions(
    predictions: np.ndarray, labels: np.ndarray, epochs: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the metrics of some examples that cannot be computed from the counts in scores files.

    Metrics of learning are over the epochs after the untrained one, metrics of votes after the last
    epoch. Churn is the share of networks that change their label from one epoch to the next, mean
    over epochs; Milani Fard et al. (2016) define it between two models.

    Predictions are (network, epoch, example) labels. Of the epochs (epoch,), 0 is untrained, and at
    least one is trained. The result is (example,) float64 by name, see ``OF_EXAMPLES``.
    """
    trained, numbers = np.flatnonzero(epochs > 0), epochs[epochs > 0]
    first, for_good, ever, forgotten = [], [], [], []
    changes = np.zeros(len(labels), dtype=np.int64)
    for of_network in predictions[:, trained]:
        right = of_network == labels
        first.append(dynamics.first_learned(right, numbers))
        for_good.append(dynamics.learned_for_good(right, numbers))
        ever.append(dynamics.ever_learned(right))
        forgotten.append(dynamics.forgetting(right))
        changes += (of_network[1:] != of_network[:-1]).sum(axis=0)
    steps = len(predictions) * (len(trained) - 1)
    last = predictions[:, -1]
    return {
        "first_learned": dynamics.median_network(np.array(first)),
        "learned_for_good": dynamics.median_network(np.array(for_good)),
        "ever_learned": np.mean(ever, axis=0),
        "forgetting": dynamics.mean_network(np.array(forgotten)),
        # Nothing changes within a single epoch.
        "churn": changes / steps if steps else np.full(len(labels), np.nan),
        "vote_entropy": agreement.vote_entropy(last),
        "vote_el2n": agreement.vote_el2n(last, labels),
        "disagreement": agreement.disagreement(last),
    }


def example_metrics(scores: xr.Dataset) -> pd.DataFrame:
    """Return the metrics of examples: a row for each, in the order of the scores, indexed by name.

    The columns ``OF_EXAMPLES`` are missing if an earlier version wrote the scores, and the columns
    ``OF_SEVERAL_EPOCHS`` if there is only one epoch after the untrained one.
    """
    parts = [
        _of_block(scores.isel(example=slice(start, start + EXAMPLES_AT_ONCE)))
        for start in range(0, scores.sizes["example"], EXAMPLES_AT_ONCE)
    ]
    table = pd.concat(parts).set_index(pd.Index(scores["example"].values, name="example"))
    for name in ("accessibility", *OF_EXAMPLES):
        if name in scores:
            table[name] = scores[name].values
    if (scores["epoch"].values > 0).sum() < 2:
        table = table.drop(columns=list(OF_SEVERAL_EPOCHS), errors="ignore")
    return table


def epoch_metrics(scores: xr.Dataset) -> pd.DataFrame:
    """Return the metrics of epochs: a row for each epoch and each split that has examples."""
    rows = []
    n_networks, is_of = scores.sizes["network"], scores["example_split"].values
    for number in range(scores.sizes["epoch"]):
        of_epoch = scores.isel(epoch=number)
        n_right = of_epoch["n_right"].values
        for split in SPLITS:
            of_split, counts = of_epoch.sel(split=split), n_right[is_of == split]
            if not len(counts):
                continue
            accuracy = of_split["accuracy"].values
            expected = agreement.variance_if_independent(counts, n_networks)
            lower, upper = of_split["bimodality_over_examples"].values
            row = {
                "epoch": int(of_epoch["epoch"]),
                "split": split,
                "accuracy": accuracy.mean(dtype=np.float64),
                "loss": of_split["loss"].values.mean(dtype=np.float64),
                "bimodality": float(of_split["bimodality"]),
                "bimodality_lower": lower,
                "bimodality_upper": upper,
                "variance_of_accuracy": agreement.variance_of_accuracy(accuracy),
                "variance_if_independent": expected,
                "error_consistency": agreement.error_consistency(counts, accuracy),
            }
            for name in OF_EPOCHS:
                if name in scores:
                    row[name.removeprefix("mean_")] = float(of_split[name])
            rows.append(row)
    return pd.DataFrame(rows)


def _of_block(scores: xr.Dataset) -> pd.DataFrame:
    """Return the metrics that are computed from counts of networks."""
    n_networks, trained = scores.sizes["network"], scores["epoch"].values > 0
    last, n_right = scores.isel(epoch=-1), scores["n_right"].values
    found = {
        "consistency": consistency(last).values,
        "difficulty_class": difficulty_class(n_right[-1], n_networks),
        "variability": dynamics.variability(n_right[trained] / n_networks),
    }
    # If predictions only tell whether networks are right, there is no modal label.
    if "n_modal" in scores:
        others = (scores[name].values for name in ("n_modal", "n_runner_up"))
        margin = agreement.vote_margin(n_right, *others, n_networks)
        found |= {
            "modal_label": last["modal_label"].values,
            "consensus": consensus(last).values,
            "vote_margin": margin[-1],
            "mean_vote_margin": margin[trained].mean(axis=0),
        }
    return pd.DataFrame(found)
