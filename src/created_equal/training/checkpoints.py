"""Checkpoints: networks in the middle of their training, kept so that a kill costs little."""

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


def checkpoint_path(folder: Path, number: int) -> Path:
    """Return where the checkpoint of a network is, in the folder of what is unfinished."""
    return folder / f"{number:04d}.pt"


def write_checkpoint(
    path: Path,
    identity: Mapping,
    state: Mapping,
    results: Sequence[EpochResult],
    seconds: float,
) -> None:
    """Keep a network in training.

    Args:
        path: where; whole or absent.
        identity: all that it follows from, see ``identity_of``.
        state: see ``Trainee.state``.
        results: what it said before the first and after every finished epoch.
        seconds: spent on it so far.

    Raises:
        InputError: the place cannot be written to, or the disk is full.
    """
    contents = {
        "identity": canonical(identity),
        "state": dict(state),
        "predictions": torch.from_numpy(np.stack([each.predictions for each in results])),
        "accuracy": torch.from_numpy(np.stack([each.accuracy for each in results])),
        "loss": torch.from_numpy(np.stack([each.loss for each in results])),
        "seconds": seconds,
    }
    octets = io.BytesIO()
    torch.save(contents, octets)
    write_sealed(path, octets.getvalue())


def read_checkpoint(path: Path, identity: Mapping) -> tuple[dict, list[EpochResult], float] | None:
    """Return the state, results and seconds of a checkpoint; None if there is none to go on from.

    One that is damaged, or of another network than ``identity`` says, is left out with a line in
    the log; the network is then trained from its beginning.
    """
    if not path.is_file():
        return None
    try:
        octets = read_sealed(path, "checkpoint")
    except InputError as error:
        log.warning("%s It is left out here.", error)
        return None
    contents = torch.load(io.BytesIO(octets), weights_only=True, map_location="cpu")
    if contents["identity"] != canonical(identity):
        log.warning("%s is of another network than now defined; it is left out here.", path)
        return None
    parts = (contents[name].numpy() for name in ("predictions", "accuracy", "loss"))
    results = [
        EpochResult(epoch, *of_epoch) for epoch, of_epoch in enumerate(zip(*parts, strict=True))
    ]
    return contents["state"], results, contents["seconds"]


def identity_of(definition: Mapping, number: int, setting: Setting) -> dict:
    """Return all that a network in training follows from.

    Args:
        definition: see ``networks_definition``.
        number: the network's.
        setting: a network that began on one kind of device, in one precision, ends there.
    """
    where = {"device": setting.device.type, "precision": setting.precision}
    return {"definition": dict(definition), "network": number} | where
