"""The plan: what exists, what would be trained, and how long that takes."""

import logging
from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import chain
from typing import NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

from created_equal.errors import InputError
from created_equal.planning.existing import built_extent, finished_networks
from created_equal.planning.sizes import Extent, disk_of, expected_extent, extent_of
from created_equal.study import (
    Ensemble,
    Study,
    dataset_path,
    ensembles_of,
    suggestion,
    with_rankings,
)
from created_equal.training import count_operations, measure_costs
from created_equal.training.engine.device import choose_setting, usable_cores
from created_equal.training.measure import Cost, Share, measured_batch_size

# For measuring all kinds of networks together.
SECONDS = 10.0

NAMES = ("study", "ensemble", "architecture")
# On terminals with fewer columns, the table is without these, and without the only study's name.
WIDE = 120
LEFT_OUT = ("architecture", "TFLOP left", "disk MB")

# With a larger share of a core, other programs are not worth mentioning.
ALONE = 0.9

log = logging.getLogger(__name__)


class _Part(NamedTuple):
    """An ensemble, with the extent of its dataset and the seeds of its trained networks."""

    ensemble: Ensemble
    extent: Extent
    trained: set[int]

    @property
    def left(self) -> int:
        """How many networks are not trained yet."""
        return self.ensemble.n_networks - len(self.trained)


class _Row(NamedTuple):
    """A row of the table: an ensemble, or all rounds before one."""

    study: str
    name: str
    parts: Sequence[_Part]

    @property
    def left(self) -> int:
        return sum(part.left for part in self.parts)

    def kind(self, device: str) -> tuple:
        """Return what the cost of a mini-batch depends on."""
        first, extent, _ = self.parts[0]
        size = measured_batch_size(first, extent.image_shape, extent.classes, device)
        # Optimizer and dropout change it by less than the uncertainty.
        recipe = size, first.recipe.activation
        return (first.architecture, recipe, extent.image_shape, extent.classes)


class _Estimate(NamedTuple):
    """What it takes to train a row's networks."""

    operations: int
    alone: float  # seconds, if nothing else is trained
    among_others: float  # seconds of all cores, or of the GPU
    uncertainty: float  # a fraction of both


NOTHING = _Estimate(0, 0.0, 0.0, 0.0)


def print_plan(
    studies: Sequence[Study],
    device: str,
    precision: str,
    networks_per_job: int,
    only: Sequence[str] = (),
) -> None:
    """Print a table of ensembles: networks, epochs, FLOPs, disk space and training time.

    The time in a row assumes that nothing else is trained. The times of rounds are added, because
    each waits for the one before. The total is that of all jobs side by side. Device, precision and
    ``networks_per_job`` are as in the config. If ``only`` has names of ensembles and figures, the
    table is limited to them.

    Raises:
        InputError: the device does not exist, a study's images or train set are too small, or a
            name is unknown.
    """
    setting = choose_setting(device, precision)
    # Snakemake uses all cores of a CPU, and runs one job at a time on a GPU.
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
    kinds = {}
    for row in rows:
        first, extent, _ = row.parts[0]
        if row.left:
            for part in row.parts:
                part.ensemble.check_train_set(part.extent.examples[0])
            kinds[row.kind(device_type)] = (first, extent.image_shape, extent.classes)
    measured, share = [], Share(1.0, 0.0)
    if kinds:
        words = "1 kind" if len(kinds) == 1 else f"{len(kinds)} kinds"
        log.info("measuring %s of networks, for about %d s", words, SECONDS)
        measured, share = measure_costs(list(kinds.values()), setting, jobs, SECONDS)
    costs = dict(zip(kinds, measured, strict=True))
    estimates = [
        _estimate(row, costs[row.kind(device_type)], share, jobs, networks_per_job)
        if row.left
        else NOTHING
        for row in rows
    ]
    if rows:
        title = f"On {device_type}, {setting.precision}, {jobs} at a time"
        console.print(_make_table(title, rows, estimates, console.width))
    if rows and not kinds:
        console.print("All of these networks are trained.")
    elif rows:
        console.print(_total(estimates, share))
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


def _wanted(study: Study, only: Sequence[str]) -> list[str]:
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
    return with_rankings(study, wanted & study.ensembles.keys())


def _find_extent(study: Study) -> Extent | None:
    """Return a study's extent, or None if its dataset is not built and the extent is unknown."""
    if built := built_extent(dataset_path(study.name), study.dataset):
        return built
    expected = expected_extent(study.dataset)
    return expected if expected and expected.classes else None


def _rows(study: Study, wanted: Collection[str], extent: Extent | None) -> list[_Row]:
    """Return the rows of the table: one for each ensemble, and one for all rounds before it."""
    if extent is None:
        return []
    shown = [ensemble for name, ensemble in study.ensembles.items() if name in wanted]
    rows: dict[str, list[_Part]] = {}
    for ensemble, seeds in zip(shown, finished_networks(*shown), strict=True):
        name = f"{ensemble.leads_to}, rounds" if ensemble.is_round else ensemble.name
        trained = seeds & {*range(ensemble.n_networks)}
        rows.setdefault(name, []).append(_Part(ensemble, extent_of(ensemble, extent), trained))
    return [_Row(study.name, name, parts) for name, parts in rows.items()]


def _estimate(row: _Row, cost: Cost, share: Share, jobs: int, networks_per_job: int) -> _Estimate:
    """Estimate what it takes to train a row's networks, with ``jobs`` cores or 1 GPU."""
    first, extent, _ = row.parts[0]
    # The cost of a network is linear in the number of examples.
    train, test = np.mean([part.extent.examples for part in row.parts], axis=0)
    examples = round(train), round(test)
    of_network = cost.of_network(first, examples) / share.mean
    at_once = max(1, jobs // first.resources.cpus)
    alone = of_network * sum(
        _networks_in_a_row(part, networks_per_job, at_once) for part in row.parts
    )
    return _Estimate(
        row.left * count_operations(first, examples, extent.image_shape, extent.classes),
        alone,
        row.left * of_network / at_once,
        float(np.hypot(cost.uncertainty, share.uncertainty)),
    )


def _networks_in_a_row(part: _Part, networks_per_job: int, at_once: int) -> int:
    """Return how many networks the busiest of ``at_once`` places trains, the largest jobs first."""
    jobs = part.ensemble.batches(networks_per_job)
    sizes = [len({*range(first, last + 1)} - part.trained) for first, last in jobs]
    places = [0] * at_once
    for size in sorted(sizes, reverse=True):
        places[places.index(min(places))] += size
    return max(places)


def _make_table(
    title: str, rows: Sequence[_Row], estimates: Sequence[_Estimate], width: int
) -> Table:
    """Return the table; on a narrow terminal, of the columns that matter most."""
    headings = (*NAMES, "networks", "trained", "epochs", "TFLOP left", "disk MB", "time left")
    studies, left_out = {row.study for row in rows}, ()
    if width < WIDE:
        left_out = LEFT_OUT if len(studies) > 1 else (*LEFT_OUT, "study")
    shown = [each for each in headings if each not in left_out]
    table = Table(title=title if "study" in shown else f"{studies.pop()}: {title.lower()}")
    for heading in shown:
        # If there is too little room, names are folded, and numbers stay whole.
        is_name = heading in NAMES
        table.add_column(
            heading, justify="left" if is_name else "right", no_wrap=not is_name, overflow="fold"
        )
    for row, estimate in zip(rows, estimates, strict=True):
        first = row.parts[0].ensemble
        uncertainty = f" \u00b1 {100 * estimate.uncertainty:.0f} %" if row.left else ""
        cells = (
            row.study,
            row.name,
            first.architecture.name,
            f"{sum(part.ensemble.n_networks for part in row.parts):,}",
            f"{sum(len(part.trained) for part in row.parts):,}",
            f"{first.steps[-1]:,} steps" if first.steps else f"{first.recipe.epochs:,}",
            f"{estimate.operations / 1e12:,.2f}",
            f"{sum(disk_of(part.ensemble, part.extent) for part in row.parts) / 1e6:,.1f}",
            f"{_duration(estimate.alone)}{uncertainty}",
        )
        table.add_row(*(dict(zip(headings, cells, strict=True))[each] for each in shown))
    return table


def _duration(seconds: float) -> str:
    """Return a time as 1:23:45; longer than a day, in hours, and longer than three, in days."""
    hours = seconds / 3600
    if hours < 24:
        return str(timedelta(seconds=round(seconds)))
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:,.0f} days"


def _total(estimates: Sequence[_Estimate], share: Share) -> str:
    """Return the sentence about all rows: their jobs run side by side."""
    together = sum(each.among_others for each in estimates)
    total = max(together, *(each.alone for each in estimates))
    uncertainty = sum(each.among_others * each.uncertainty for each in estimates) / together
    busy = (
        f", on a machine as busy as now: each process got {100 * share.mean:.0f} % of a core. "
        f"Without other programs: {_duration(total * share.mean)}"
        if share.mean < ALONE
        else ""
    )
    return (
        f"Total training time: {_duration(total)} \u00b1 "
        f"{100 * uncertainty:.0f} %, estimated from a few steps of each kind of network{busy}."
    )
