"""The plan: what exists, what would be trained, and how long that takes."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
from rich.console import Console
from rich.table import Table

from created_equal.planning.existing import built_data, finished_networks
from created_equal.planning.sizes import Extent, disk_of, expected_extent, extent_of
from created_equal.study import Ensemble, Study, dataset_path, derivation
from created_equal.training import count_operations, measure_speed
from created_equal.training.engine.device import Setting, choose_setting, usable_cores

log = logging.getLogger(__name__)


def print_plan(studies: Sequence[Study], device: str, precision: str) -> None:
    """Print a table of all ensembles: networks, epochs, FLOPs, disk space and training time.

    Raises:
        InputError: the device does not exist, or a study's images are too small.
    """
    setting = choose_setting(device, precision)
    # Snakemake runs one single-threaded job per core on a CPU, and one job at a time on a GPU.
    jobs = usable_cores() if setting.device.type == "cpu" else 1
    table = Table(title=f"On {setting.device.type}, {setting.precision}, {jobs} at a time")
    for heading in ("study", "ensemble", "architecture"):
        table.add_column(heading, no_wrap=True)
    for heading in ("networks", "trained", "epochs", "TFLOP left", "disk MB", "time left"):
        table.add_column(heading, justify="right", no_wrap=True)
    total = timedelta()
    speed_of = _speed_meter(setting)
    unknown = []
    for study in studies:
        extent = _find_extent(study)
        if extent is None:
            unknown.append(study.name)
            continue
        seeds = finished_networks(*study.ensembles.values())
        found = dict(zip(study.ensembles, seeds, strict=True))
        for name, ensembles in _rows(study):
            extents = [extent_of(ensemble, extent) for ensemble in ensembles]
            trained = sum(seed < each.n_networks for each in ensembles for seed in found[each.name])
            n_networks = sum(ensemble.n_networks for ensemble in ensembles)
            left = n_networks - trained
            operations = 0
            if left:
                mean = _mean(extents)
                operations = left * count_operations(
                    ensembles[0], mean.examples, mean.image_shape, mean.classes
                )
            speed = speed_of(ensembles[0], extent) if left else 1
            duration = timedelta(seconds=round(operations / speed / jobs))
            total += duration
            table.add_row(
                study.name,
                name,
                ensembles[0].architecture.name,
                f"{n_networks:,}",
                f"{trained:,}",
                f"{ensembles[0].recipe.epochs:,}",
                f"{operations / 1e12:,.2f}",
                f"{sum(map(disk_of, ensembles, extents)) / 1e6:,.1f}",
                str(duration),
            )
    console = Console(width=None if Console().is_terminal else 140)
    if table.row_count:
        console.print(table)
        where = "this GPU" if setting.device.type == "cuda" else "one core of this machine"
        console.print(
            f"Total training time: {total}, estimated from a few steps of each kind of network on "
            f"{where}."
        )
    for study in studies:
        if study.dataset.get("images") == "files":
            console.print(
                f"{study.name}: the estimate leaves out decoding image files, which takes longer "
                "than training if the device has to wait for images."
            )
    for name in unknown:
        console.print(
            f"{name}: its size is unknown until its dataset is built; run "
            f"created-equal build_dataset {name} first."
        )


def _find_extent(study: Study) -> Extent | None:
    """Return a study's extent, or None if its dataset is not built and the extent is unknown."""
    if built := built_data(dataset_path(study.name), study.dataset):
        return built[0]
    expected = expected_extent(study.dataset)
    return expected if expected and expected.classes else None


def _rows(study: Study) -> list[tuple[str, list[Ensemble]]]:
    """Return the label and ensembles of each table row: one ensemble, or all rounds before one."""
    rows: dict[str, list[Ensemble]] = {}
    for name, ensemble in study.ensembles.items():
        final = derivation.ensemble_of_round(name) if ensemble.is_round else name
        rows.setdefault(f"{final}, rounds" if ensemble.is_round else name, []).append(ensemble)
    return list(rows.items())


def _mean(extents: Sequence[Extent]) -> Extent:
    """Return the mean extent; the cost of a network is linear in the number of examples."""
    train, test = np.mean([extent.examples for extent in extents], axis=0)
    return replace(extents[0], examples=(round(train), round(test)))


def _speed_meter(setting: Setting) -> Callable[[Ensemble, Extent], float]:
    """Return a function that measures the speed of each kind of network once."""
    measured: dict[tuple, float] = {}

    def speed_of(ensemble: Ensemble, extent: Extent) -> float:
        # Optimizer and dropout change the speed by less than the measurement error.
        recipe = ensemble.recipe.batch_size, ensemble.recipe.activation
        kind = (ensemble.architecture, recipe, extent.image_shape, extent.classes)
        if kind not in measured:
            log.info("measuring the speed of %s/%s", ensemble.study, ensemble.name)
            measured[kind] = measure_speed(ensemble, extent.image_shape, extent.classes, setting)
        return measured[kind]

    return speed_of
