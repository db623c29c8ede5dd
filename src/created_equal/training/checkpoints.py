"""Checkpoints: networks in the middle of their training, saved so that a kill costs little."""

import io
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from created_equal.artefacts import canonical, read_sealed, write_sealed
from created_equal.errors import InputError
from created_equal.training.engine.device import Setting
from created_equal.training.engine.trainee import EpochResult

log = logging.getLogger(__name__)


def write_checkpoint(
    path: Path,
    identity: Mapping,
    state: Mapping,
    results: Sequence[EpochResult],
    seconds: float,
) -> None:
    """Save a network in training; the file is written atomically.

    Args:
        path: the file.
        identity: all that determines the network, see ``identity_of``.
        state: see ``Trainee.states``.
        results: those before the first and after every finished epoch.
        seconds: spent on it so far.

    Raises:
        InputError: the file cannot be written, or the disk is full.
    """
    contents = {
        "identity": canonical(identity),
        "state": dict(state),
        "predictions": torch.from_numpy(np.stack([each.predictions for each in results])),
        "accuracy": torch.from_numpy(np.stack([each.accuracy for each in results])),
        "loss": torch.from_numpy(np.stack([each.loss for each in results])),
        "seconds": seconds,
    }
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    write_sealed(path, buffer.getvalue())


def read_checkpoint(path: Path, identity: Mapping) -> tuple[dict, list[EpochResult], float] | None:
    """Return the state, results and seconds of a checkpoint, or None if there is none to resume.

    A checkpoint that is damaged, or of another network than ``identity`` says, is skipped with a
    line in the log; the network is then trained from its beginning.
    """
    if not path.is_file():
        return None
    try:
        contents = io.BytesIO(read_sealed(path, "checkpoint"))
    except InputError as error:
        log.warning("%s It is skipped.", error)
        return None
    contents = torch.load(contents, weights_only=True, map_location="cpu")
    if contents["identity"] != canonical(identity):
        log.warning("%s is of another network than is defined now; it is skipped.", path)
        return None
    parts = (contents[name].numpy() for name in ("predictions", "accuracy", "loss"))
    results = [
        EpochResult(epoch, *of_epoch) for epoch, of_epoch in enumerate(zip(*parts, strict=True))
    ]
    return contents["state"], results, contents["seconds"]


def identity_of(definition: Mapping, seed: int, setting: Setting) -> dict:
    """Return all that determines a network in training.

    Args:
        definition: see ``networks_definition``.
        seed: the network's.
        setting: a network is finished on the kind of device, and in the precision, on which it was
            begun.
    """
    where = {"device": setting.device.type, "precision": setting.precision}
    return {"definition": dict(definition), "network": seed} | where
