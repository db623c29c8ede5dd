"""Time and memory of scores, figures and claims at ImageNet's size, on made-up predictions.

    python benchmarks/scores.py FOLDER [--examples 1331167] [--networks 27 5] [--epochs 100]

It makes up a study of two or more ensembles in FOLDER, one network a file, unless it is there
already; then it runs the commands of the workflow on it, one after the other, and prints for each
its seconds, those of them that it had a core, and the peak memory of its largest process. At the
default size it takes 5 GB of disk. FOLDER is left as it is; delete it at the end.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import xarray as xr
from rich.console import Console
from rich.table import Table

from created_equal.artefacts import make_dataset, make_predictions, write_dataset, write_predictions
from created_equal.study import dataset_path, predictions_path

STUDY = "made_up"
FIGURES = {
    "figure_01": {"ensemble": "first"},
    "figure_02": {"ensemble": "first"},
    "figure_03": {"ensemble": "first"},
    "figure_04": {"ensembles": ["first", "second"]},
    "figure_05": {"ensemble": "first", "linear": "second"},
    "figure_09": {"ensemble": "first"},
    "figure_10": {"ensemble": "first"},
    "figure_11": {"ensemble": "first"},
}
NAMES = ("first", "second", "third", "fourth")
TEST_SHARE = 50_000 / 1_331_167
EXAMPLES_AT_ONCE = 2**16
GIB = 2**20
"""In KiB, in which the kernel counts."""


def make_study(folder: Path, examples: int, networks: dict[str, int], epochs: int, classes: int):
    """Make up a dataset of images of one pixel, ensembles' predictions, and a study of them."""
    generator = np.random.default_rng(0)
    dataset = make_dataset(
        np.zeros((examples, 1, 1, 1), dtype=np.uint8),
        generator.permutation(np.arange(examples) % classes),
        np.arange(examples),
        np.arange(examples) >= examples - max(1, round(TEST_SHARE * examples)),
        [f"class {number}" for number in range(classes)],
    )
    difficulty = generator.lognormal(np.log(epochs / 8), 1.6, examples).astype(np.float32)
    for name, count in networks.items():
        for network in range(count):
            path = folder / predictions_path(STUDY, name, network, network)
            if not path.is_file():
                seed = [len(name), network]
                made = make_up_network(dataset, difficulty, epochs, network, seed)
                write_predictions(made, path, {"made up": name})
    definition = {"source": "digits", "size": 16}
    write_dataset(dataset, folder / dataset_path(STUDY), definition)
    study = {
        "title": "Made up",
        "dataset": definition,
        "recipe": {"epochs": epochs},
        "ensembles": {
            name: {"architecture": "st_vgg", "networks": count, "linear": name != "first"}
            for name, count in networks.items()
        },
        "figures": figures_of(networks),
    }
    studies = folder / "config" / "studies"
    studies.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    (studies / f"{STUDY}.yaml").write_text(json.dumps(study))
    (folder / "config.yaml").write_text(json.dumps({"studies": [STUDY], "networks_per_job": 1}))
    if not (folder / "notebooks").exists():
        (folder / "notebooks").symlink_to(Path(__file__).resolve().parents[1] / "notebooks")


def figures_of(networks: dict[str, int]) -> dict:
    """Return the figures of the study: the two first ensembles in all, and all in one."""
    return FIGURES | {"robustness": {"ensembles": list(networks)}}


def make_up_network(
    dataset: xr.Dataset, difficulty: np.ndarray, epochs: int, network: int, seed: list[int]
) -> xr.Dataset:
    """Make up a network's predictions (1, epoch, example).

    It learns an example at an epoch near the example's difficulty, give or take a fifth; at each
    epoch it errs in one of twenty that it has learnt, and takes what it gets wrong for one of eight
    labels, one of them more often than the others. Untrained it guesses.
    """
    generator = np.random.default_rng(seed)
    labels, classes = dataset["label"].values.astype(np.uint16), dataset.sizes["class"]
    predictions = np.empty((1, epochs + 1, len(labels)), dtype=np.min_scalar_type(classes - 1))
    predictions[0, 0] = generator.integers(classes, size=len(labels))
    for start in range(0, len(labels), EXAMPLES_AT_ONCE):
        block = slice(start, start + EXAMPLES_AT_ONCE)
        own = labels[block]
        noise = generator.lognormal(0, 0.2, len(own)).astype(np.float32)
        learnt = np.arange(1, epochs + 1)[:, None] >= difficulty[block] * noise
        luck = generator.integers(256, size=learnt.shape, dtype=np.uint8)
        right = learnt & (luck >= 13)
        confused = own + 1 + np.minimum(luck % 16, 7) ** 2
        predictions[0, 1:, block] = np.where(right, own, confused % classes)
    is_test = dataset["example_split"].values == "test"
    accuracy = np.array(
        [
            [(after[chosen] == labels[chosen]).mean() for chosen in (~is_test, is_test)]
            for after in predictions[0]
        ]
    )[None]
    return make_predictions(predictions, accuracy, 1 - accuracy, [network], dataset)


def measure(command: list[str], folder: Path) -> tuple[float, float, float]:
    """Run a command in a folder: its seconds, CPU seconds, and largest process's peak in GiB."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "created_equal", *command], cwd=folder)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"created-equal {' '.join(command)} failed")
    seconds = time.monotonic() - started
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / GIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--examples", type=int, default=1_331_167)
    parser.add_argument(
        "--networks", type=int, nargs="+", default=[27, 5], help="of each ensemble, two to four"
    )
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--classes", type=int, default=1000)
    asked = parser.parse_args()
    networks = dict(zip(NAMES, asked.networks, strict=False))
    started = time.monotonic()
    make_study(asked.folder, asked.examples, networks, asked.epochs, asked.classes)
    own = resource.getrusage(resource.RUSAGE_SELF)
    making = time.monotonic() - started, own.ru_utime + own.ru_stime, own.ru_maxrss / GIB
    size = f"{asked.examples:,} examples, {asked.epochs + 1} epochs, {asked.classes} classes"
    table = Table("command", "seconds", "CPU seconds", "peak memory, GiB", title=size)
    table.add_row("(made up, if absent)", *_words(*making))
    commands = [["score_ensemble", STUDY, name] for name in networks]
    commands += [["render_figure", STUDY, figure] for figure in figures_of(networks)]
    commands += [["render_cross_dataset"], ["test_results", STUDY], ["check_claims", STUDY]]
    for command in commands:
        table.add_row(" ".join(command), *_words(*measure(command, asked.folder)))
    Console().print(table)


def _words(seconds: float, cpu_seconds: float, peak: float) -> tuple[str, str, str]:
    return f"{seconds:.0f}", f"{cpu_seconds:.0f}", f"{peak:.2f}"


if __name__ == "__main__":
    main()
