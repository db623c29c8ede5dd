"""Test labels that people were asked about, from label_errors.yaml."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr
import yaml

from created_equal.artefacts import definition_of, select_split
from created_equal.errors import InputError
from created_equal.study import SOURCE_SIZES

NOT_APPLICABLE = "not applicable: people were asked about the test labels of"


class LabelErrors(NamedTuple):
    """Names (example,) of test examples whose label people doubted or confirmed, and the rest."""

    doubted: np.ndarray
    confirmed: np.ndarray
    others: np.ndarray


def label_errors(dataset: xr.Dataset, scores: xr.Dataset) -> LabelErrors:
    """Return which test labels of an ensemble's scores people doubted or confirmed.

    Raises:
        InputError: people were not asked about this source, or about too few of these examples; or
            the labels are not those of the dataset.
    """
    definition = definition_of(dataset)
    source = definition.get("source")
    if source not in SOURCE_SIZES:
        raise InputError(f"{NOT_APPLICABLE} {', '.join(SOURCE_SIZES)}.")
    train, _ = SOURCE_SIZES[source]
    test = select_split(scores, "test")
    names = test["example"].values
    names = names[names >= train]  # Examples moved to the test set are train examples.
    labels = (part["label"].sel(example=names).values for part in (dataset, test))
    if not np.array_equal(*labels):
        raise InputError(f"{NOT_APPLICABLE} the source, and this ensemble has other labels.")
    doubted, confirmed = (
        np.intersect1d(names, np.array(ids) + train) for ids in asked_about(source)
    )
    if not (len(doubted) and len(confirmed)):
        raise InputError(f"{NOT_APPLICABLE} {source}, but of too few of these examples.")
    return LabelErrors(doubted, confirmed, np.setdiff1d(names, doubted))


@cache
def asked_about(source: str) -> tuple[list[int], list[int]]:
    """Return the ids in the test set of a source whose labels people doubted, and confirmed."""
    path = Path(__file__).with_name("label_errors.yaml")
    ids = yaml.safe_load(path.read_text("utf-8"))[source]
    return ids["doubted"], ids["confirmed"]
