"""Train the missing networks of a job and write one predictions file."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import xarray as xr

from created_equal.artefacts import check_definition, definition_of, fingerprint, read_dataset
from created_equal.errors import InputError
from created_equal.study import Ensemble, predictions_folders
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import load_images
from created_equal.training.engine.reading import explain_killed_readers
from created_equal.training.job import Job
from created_equal.training.predictions_folder import PredictionsFolder
from created_equal.training.progress import Report, make_bar
from created_equal.training.stop_request import listen_for_stop
from created_equal.versions import ENGINE_VERSION

log = logging.getLogger(__name__)


def train_networks(
    ensemble: Ensemble,
    dataset: Path,
    seeds: Sequence[int],
    output: Path,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 1,
    data_root: Path = Path(),
) -> None:
    """Train some networks of an ensemble and write their predictions.

    Networks with the same definition, data and engine version are reused if they are in a file next
    to ``output``, in another study, or in ``reference`` (see ``PredictionsFolder`` and
    ``predictions_folders``). All others are trained. Each is saved as soon as it is finished, and
    before that in a checkpoint about every minute, from which the next job resumes. On SIGTERM or
    Ctrl-C the job finishes its step, saves its networks, and exits with 143 or 130.

    Args:
        ensemble: the ensemble.
        dataset: path of the dataset file.
        seeds: the seeds of the networks.
        output: path of the predictions file.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        precision: ``"auto"``, ``"fp32"``, ``"tf32"`` or ``"bf16"``.
        threads: number of CPU threads; another number may change the rounding of results.
        data_root: the folder that the dataset's folder is relative to, if its images stay in files.

    Raises:
        InputError: the dataset does not match the ensemble, an image file is missing or has
            changed, the device is missing or its memory is too small for one network, or a loss is
            not finite (all other networks are saved).
    """
    setting = choose_setting(device, precision)
    torch.set_num_threads(threads)
    data = read_dataset(dataset)
    _check_dataset(ensemble, data, dataset)

    definition = networks_definition(ensemble, fingerprint(data))
    (folders,) = predictions_folders(ensemble)
    others = [path for path in folders if path != output.parent]
    folder = PredictionsFolder(output.parent, definition, others)
    trained = folder.find()
    missing = [seed for seed in seeds if seed not in trained]
    title = f"{ensemble.study}/{ensemble.name}"
    n_found = len(seeds) - len(missing)
    log.info(
        "%s: %d networks to train%s, %s in %s",
        title,
        len(missing),
        f", {n_found} already there" if n_found else "",
        setting.device,
        setting.precision,
    )

    images = load_images(data, setting, data_root, ensemble.recipe.augmentation)
    n_moments = len(ensemble.moments) - 1
    with listen_for_stop() as stop_request, make_bar() as bar, explain_killed_readers():
        report = Report(title, n_moments, len(missing), bar, ensemble.steps)
        job = Job(ensemble, data, images, folder, report, stop_request)
        job.train(missing)
    if job.diverged:
        raise InputError(_describe_divergence(ensemble, job.diverged))
    folder.collect(seeds, trained | job.trained, output)


def networks_definition(ensemble: Ensemble, data: str) -> dict:
    """Return everything that determines an ensemble's networks, except for their seeds.

    ``data`` is the fingerprint of its dataset.
    """
    return ensemble.definition | {"engine_version": ENGINE_VERSION, "data": data}


def _check_dataset(ensemble: Ensemble, data: xr.Dataset, path: Path) -> None:
    check_definition(path, definition_of(data), ensemble.dataset)
    n_train = int((data["example_split"].values == "train").sum())
    if n_train < ensemble.recipe.batch_size:
        raise InputError(
            f"{ensemble.study}/{ensemble.name}: the train set has {n_train} examples, fewer than "
            f"one mini-batch; set recipe.batch_size to {n_train} or less."
        )


def _describe_divergence(ensemble: Ensemble, diverged: Mapping[int, int]) -> str:
    seed, epoch = min(diverged.items())
    n_others = len(diverged) - 1
    more = f" (and {n_others} other{'s' if n_others > 1 else ''})" if n_others else ""
    return (
        f"{ensemble.study}/{ensemble.name}, network {seed}{more}: the loss is not finite after "
        f"{ensemble.unit} {epoch}; lower recipe.learning_rate "
        f"({ensemble.recipe.learning_rate:g}) or change its decay."
    )
