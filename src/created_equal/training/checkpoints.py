"""Checkpoints of partly trained networks, so that a killed job loses little work."""

import io
import logging
import pickle
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from created_equal.artefacts import read_sealed, write_sealed
from created_equal.definitions import canonical
from created_equal.errors import InputError, fact_of
from created_equal.training.engine.trainee import EpochResult

RESULTS = ("predictions", "accuracy", "loss")

log = logging.getLogger(__name__)


def write_checkpoint(
    path: Path, identity: Mapping, state: dict, results: Sequence[EpochResult], seconds: float
) -> None:
    """Save a partly trained network; the file is written atomically.

    ``identity`` is everything that determines the network, ``state`` is from ``Trainee.states``,
    ``results`` has every moment so far, from 0 (untrained), and ``seconds`` is the training time.

    Raises:
        InputError: the file cannot be written, or the disk is full.
    """
    contents = {"identity": canonical(identity), "state": state}
    for name in RESULTS:
        contents[name] = torch.from_numpy(np.stack([getattr(each, name) for each in results]))
    contents["seconds"] = seconds
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    write_sealed(path, buffer.getvalue())


def read_checkpoint(
    path: Path, identity: Mapping, moments: Iterable[int]
) -> tuple[dict, list[EpochResult], float] | None:
    """Return state, results and seconds from a checkpoint, or None if there is no usable one.

    The results are those of the first ``moments``, see ``Ensemble.moments``. A checkpoint that is
    damaged or belongs to another network is skipped with a warning.
    """
    if not path.is_file():
        return None
    try:
        sealed = io.BytesIO(read_sealed(path, "checkpoint"))
        contents = torch.load(sealed, weights_only=True, map_location="cpu")
    except InputError as error:
        log.warning("%s; it is skipped.", fact_of(error))
        return None
    except pickle.UnpicklingError:
        # ``get_extra_state`` of somebody's own network may return any object.
        log.warning("%s has objects that are not loaded; it is skipped.", path)
        return None
    if contents["identity"] != canonical(identity):
        log.warning("%s belongs to another network than the one defined now; it is skipped.", path)
        return None
    arrays = (contents[name].numpy() for name in RESULTS)
    results = [EpochResult(*each) for each in zip(moments, *arrays, strict=False)]
    return contents["state"], results, contents["seconds"]
