"""The plan: what exists, what would be trained, and how long that takes."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from created_equal.errors import InputError
from created_equal.planning.existing import built_data, finished_networks
from created_equal.planning.sizes import Extent, disk_of, expected_extent, extent_of
from created_equal.study import (
    Ensemble,
    Study,
    dataset_path,
    derivation,
    ensembles_of,
    suggestion,
)
from created_equal.training import count_operations, measure_costs
from created_equal.training.engine.device import choose_setting, usable_cores
from created_equal.training.measure import LARGEST_BATCH, Share

# For measuring all kinds of networks together.
SECONDS = 10.0

# With a larger share of a core, other programs are not worth mentioning.
ALONE = 0.9

log = logging.getLogger(__name__)


class _Row(NamedTuple):
    """An ensemble, or all rounds before one."""

    study: str
    name: str
    ensembles: Sequence[Ensemble]
    extents: Sequence[Extent]
    trained: int

    @property
    def networks(self) -> int:
        """How many networks there shall be."""
        return sum(ensemble.n_networks for ensemble in self.ensembles)

    def kind(self, device: str) -> tuple:
        """Return what the cost of a mini-batch depends on."""
        first, extent = self.ensembles[0], self.extents[0]
        # Optimizer and dropout change it by less than the uncertainty.
        recipe = min(first.recipe.batch_size, LARGEST_BATCH[device]), first.recipe.activation
        return (first.architecture, recipe, extent.image_shape, extent.classes)


def print_plan(
    studies: Sequence[Study], device: str, precision: str, only: Sequence[str] = ()
) -> None:
    """Print a table of ensembles: networks, epochs, FLOPs, disk space and training time.

    Args:
        studies: the studies.
        device: as in the config.
        precision: as in the config.
        only: names of ensembles and figures to which the table is limited; none: everything.

    Raises:
        InputError: the device does not exist, a study's images are too small, or a name is unknown.
    """
    setting = choose_setting(device, precision)
    # Snakemake runs one single-threaded job per core on a CPU, and one job at a time on a GPU.
    device_type = setting.device.type
    jobs = usable_cores() if device_type == "cpu" else 1
    console = Console(width=None if Console().is_terminal else 140)
    for study in studies:
        for sentence in chain.from_iterable(study.refused.values()):
            console.print(f"{study.name}: {sentence}", markup=False)
    extents = {study.name: _find_extent(study) for study in studies}
    rows = [
        row for study in studies for row in _rows(study, _wanted(study, only), extents[study.name])
    ]
    kinds = {
        row.kind(device_type): (
            row.ensembles[0],
            row.extents[0].image_shape,
            row.extents[0].classes,
        )
        for row in rows
        if row.networks > row.trained
    }
    measured, share = [], Share(1.0, 0.0)
    if kinds:
        words = "1 kind" if len(kinds) == 1 else f"{len(kinds)} kinds"
        log.info("measuring %s of networks, for about %d s", words, SECONDS)
        measured, share = measure_costs(list(kinds.values()), setting, jobs, SECONDS)
    costs = dict(zip(kinds, measured, strict=True))
    table = Table(title=f"On {device_type}, {setting.precision}, {jobs} at a time")
    for heading in ("study", "ensemble", "architecture"):
        table.add_column(heading, no_wrap=True)
    for heading in ("networks", "trained", "epochs", "TFLOP left", "disk MB", "time left"):
        table.add_column(heading, justify="right", no_wrap=True)
    total, uncertainty = 0.0, 0.0
    for row in rows:
        left, mean, first = row.networks - row.trained, _mean(row.extents), row.ensembles[0]
        operations = seconds = 0
        words = str(timedelta())
        if left:
            cost = costs[row.kind(device_type)]
            operations = left * count_operations(
                first, mean.examples, mean.image_shape, mean.classes
            )
            seconds = left * cost.of_network(first, mean.examples) / (jobs * share.mean)
            uncertain = float(np.hypot(cost.uncertainty, share.uncertainty))
            words = f"{timedelta(seconds=round(seconds))} \u00b1 {100 * uncertain:.0f} %"
            uncertainty += seconds * uncertain
        total += seconds
        table.add_row(
            row.study,
            row.name,
            first.architecture.name,
            f"{row.networks:,}",
            f"{row.trained:,}",
            f"{first.steps[-1]:,} steps" if first.steps else f"{first.recipe.epochs:,}",
            f"{operations / 1e12:,.2f}",
            f"{sum(map(disk_of, row.ensembles, row.extents)) / 1e6:,.1f}",
            words,
        )
    if rows:
        console.print(table)
    if rows and not kinds:
        console.print("All of these networks are trained.")
    elif rows:
        busy = (
            f", on a machine as busy as now: each process got {100 * share.mean:.0f} % of a core. "
            f"Without other programs: {timedelta(seconds=round(total * share.mean))}"
            if share.mean < ALONE
            else ""
        )
        console.print(
            f"Total training time: {timedelta(seconds=round(total))} \u00b1 "
            f"{100 * uncertainty / (total or 1):.0f} %, estimated from a few steps of each kind of "
            f"network{busy}."
        )
    for study in studies:
        if study.dataset.get("images") == "files":
            console.print(
                f"{study.name}: the estimate leaves out decoding image files, which takes longer "
                "than training if the device has to wait for images."
            )
        if extents[study.name] is None:
            console.print(
                f"{study.name}: its size is unknown until its dataset is built; run "
                f"created-equal build_dataset {study.name} first."
            )


def _wanted(study: Study, only: Sequence[str]) -> set[str]:
    """Return the names of a study's ensembles that are named, or shown in a figure named."""
    figures = study.figures | {name: {} for name in study.refused}
    known = [*study.ensembles, *figures]
    unknown = [name for name in only if name not in known]
    if unknown:
        raise InputError(
            f"the study {study.name} has neither an ensemble nor a figure {unknown[0]}; "
            f"{suggestion(unknown[0], known)}"
        )
    wanted = set(only or study.ensembles)
    for name in only:
        wanted |= set(ensembles_of(figures.get(name, {})))
    # An ensemble may need others, which rank its examples.
    for name in list(wanted & study.ensembles.keys()):
        while name := study.ensembles[name].ranked_by:
            wanted.add(name)
    return wanted & study.ensembles.keys()


def _find_extent(study: Study) -> Extent | None:
    """Return a study's extent, or None if its dataset is not built and the extent is unknown."""
    if built := built_data(dataset_path(study.name), study.dataset):
        return built[0]
    expected = expected_extent(study.dataset)
    return expected if expected and expected.classes else None


def _rows(study: Study, wanted: Collection[str], extent: Extent | None) -> list[_Row]:
    """Return the rows of the table: one for each ensemble, and one for all rounds before it."""
    if extent is None:
        return []
    shown = [ensemble for name, ensemble in study.ensembles.items() if name in wanted]
    trained = {
        ensemble.name: sum(seed < ensemble.n_networks for seed in seeds)
        for ensemble, seeds in zip(shown, finished_networks(*shown), strict=True)
    }
    rows: dict[str, list[Ensemble]] = {}
    for ensemble in shown:
        final = derivation.ensemble_of_round(ensemble.name) if ensemble.is_round else ensemble.name
        rows.setdefault(f"{final}, rounds" if ensemble.is_round else final, []).append(ensemble)
    return [
        _Row(
            study.name,
            name,
            ensembles,
            [extent_of(ensemble, extent) for ensemble in ensembles],
            sum(trained[ensemble.name] for ensemble in ensembles),
        )
        for name, ensembles in rows.items()
    ]


def _mean(extents: Sequence[Extent]) -> Extent:
    """Return the mean extent; the cost of a network is linear in the number of examples."""
    train, test = np.mean([extent.examples for extent in extents], axis=0)
    return replace(extents[0], examples=(round(train), round(test)))
