"""How fast networks are trained: the engine beside other ways, and in which precision.

    python benchmarks/training.py [--study small_mammals] [--epochs N] [--networks N] [--json FILE]
                                  [--ways engine,loop,...] [--precisions fp32,bf16,...]

Networks of the study's first ensemble are trained, and predict every example after each epoch.
First ``precisions``: is an ensemble in another precision as good as fp32's? If the networks were
trained for the study's own epochs, what is found becomes ``precision: auto`` on this kind of
device. Then the ``ways``, in that precision. ``engine``: what the workflow runs; on a CPU a process
of one thread per core. ``loop``: torch modules with torch's own dropout, a DataLoader, fp32, one
network after the other. ``vmap``: all networks in one call by torch.func, which makes grouped
convolutions. ``unfold`` and ``shift``: the same by torch.compile, with each convolution as one
batched matrix product of neighbourhoods, or as the sum of one for each place in the kernel.
``fused``: all networks in one call, each layer a kernel of our own in Triton; on a GPU alone.

Each runs in processes of its own; what fails there is said below the table, and the file has all
that is finished. Seconds count from the first network to the last prediction. Preparation is what
the first epoch takes longer than the others: compiling, recording. On a GPU a way ends after
--limit seconds of training, the engine after five times as many, and what all epochs would take is
reckoned from those that are finished. The share is that of what a large matrix product reaches in
the same precision on the same device. The dataset must have been built: created-equal build_dataset
STUDY.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from one_way import first_ensemble
from precisions import CHECKED_NETWORKS, compare, keep_verdict, other_seeds
from rich.console import Console
from rich.table import Table
from ways import ON_GPU_ALONE, WAYS

from created_equal.training.engine.device import PRECISIONS, choose_setting, describe_device

ONE_WAY = Path(__file__).with_name("one_way.py")
EPOCHS_ON_CPU = 3
# Seconds of training after which a way ends on a GPU, and how many times as long the engine has.
LIMIT, LIMITS_OF_ENGINE = 30, 5
# Seconds that a way may take beside, to start and to compile, before it is killed.
PATIENCE = 300

WAYS_COLUMNS = {
    "processes": ("processes", "d"),
    "networks": ("networks", "d"),
    "trained": ("trained", ".0%"),
    "preparation": ("preparation, s", ".1f"),
    "seconds": ("all in all, s", ".1f"),
    "networks_per_hour": ("networks/h", ".1f"),
    "once_prepared": ("once prepared", ".1f"),
    "teraflops": ("TFLOP/s", ".3g"),
    "share_of_product": ("of a product", ".1%"),
    "memory_gib": ("GiB", ".2f"),
    "accuracy": ("test accuracy", ".3f"),
    "load": ("load before", ".1f"),
}
PRECISIONS_COLUMNS = {
    "seconds": ("seconds", ".1f"),
    "correlation": ("accessibility r", ".4f"),
    "difference": ("accuracy - fp32's", "+.4f"),
    "as_good": ("as good", ""),
}


def side_by_side(
    way: str, processes: int, networks: int, limit: float | None, options: Sequence[str]
) -> dict:
    """Train networks in some processes at once and put together what they measured.

    Returns:
        a row with the keys of ``WAYS_COLUMNS``, and ``accuracies`` and ``learnt`` as ``measure``
        returns them; or ``failed``, why there is none.
    """
    share = networks // processes
    load = os.getloadavg()[0]
    running = [
        subprocess.Popen(
            [
                *(sys.executable, ONE_WAY, way, "--networks", str(share)),
                *("--first", str(place * share), *options),
                *(("--limit", str(limit)) if limit else ()),
            ],
            stdout=subprocess.PIPE,
            text=True,
            # What is compiled is compiled anew, so that preparation is what it is the first time.
            env=os.environ
            | {"TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1", "TRITON_ALWAYS_COMPILE": "1"},
        )
        for place in range(processes)
    ]
    results = [wait_until_done(process, limit) for process in running]
    failed = [result["failed"] for result in results if "failed" in result]
    if failed:
        return {"failed": failed[0]}
    together = {
        key: sum((result[key] for result in results[1:]), results[0][key]) for key in results[0]
    }
    preparation = max(result["preparation"] for result in results)
    training = max(result["training"] for result in results)
    # What all networks would take; what they took, where all were finished.
    training_all = training / together["done"] * together["networks"]
    return {
        "processes": processes,
        "networks": together["networks"],
        "trained": together["done"] / together["networks"],
        "preparation": preparation,
        "seconds": preparation + training_all,
        "networks_per_hour": together["networks"] * 3600 / (preparation + training_all),
        "once_prepared": together["networks"] * 3600 / training_all,
        "teraflops": together["operations"] / training / 1e12,
        "share_of_product": together["operations"] / training / together["product"],
        "memory_gib": together["memory"] / 2**30,
        "accuracy": float(np.mean(together["accuracies"])),
        "load": load,
        "accuracies": together["accuracies"],
        "learnt": together["learnt"],
    }


def wait_until_done(process: subprocess.Popen, limit: float | None) -> dict:
    """Return what a process printed, or ``failed`` with the reason."""
    longest = limit + PATIENCE if limit else None
    try:
        printed, _ = process.communicate(timeout=longest)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {"failed": f"not finished after {longest:.0f} s, and killed"}
    if process.returncode:
        return {"failed": f"its process ended with {process.returncode}"}
    return json.loads(printed.splitlines()[-1])


def check_precisions(
    study: str, epochs: int, precisions: Sequence[str], processes: int
) -> Iterator[dict]:
    """Train ensembles of the engine in fp32 and other precisions, and compare them.

    Yields:
        whenever one more is trained, precision -> what ``compare`` says and ``seconds``, or
        ``failed``; and ``other_seeds``.
    """
    rows, accessibilities, accuracies = {}, {}, {}
    for name in sorted(precisions, key=lambda name: name != "fp32"):
        options = ["--study", study, "--epochs", str(epochs), "--precision", name]
        rows[name] = side_by_side("engine", processes, CHECKED_NETWORKS, None, options)
        if "failed" not in rows[name]:
            accessibilities[name] = np.array(rows[name]["learnt"]) / epochs
            accuracies[name] = np.array(rows[name]["accuracies"])
        if "fp32" not in accessibilities:
            yield rows
            return
        compared = compare(accessibilities, accuracies)
        found = {
            name: compared[name] | {key: row[key] for key in ("seconds", "load", "accuracies")}
            if name in compared
            else row
            for name, row in rows.items()
        }
        seeds = other_seeds(accessibilities["fp32"], accuracies["fp32"])
        yield found | {"other_seeds": seeds}


def print_table(title: str, rows: Mapping[str, Mapping], columns: Mapping) -> None:
    """Print a row for each way, and under it what is missing; columns: key -> heading, format."""
    table = Table(title=title)
    table.add_column("")
    for heading, _ in columns.values():
        table.add_column(heading)
    for name, row in rows.items():
        if "failed" not in row:
            table.add_row(name, *(format(row[key], form) for key, (_, form) in columns.items()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    for name, row in rows.items():
        if "failed" in row:
            print(f"{name}: not measured: {row['failed']}")


def names(text: str) -> list[str]:
    """Return the names in a list with commas; an empty text has none."""
    return [each for each in text.split(",") if each]


def arguments() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", default="small_mammals")
    parser.add_argument(
        "--epochs", type=int, help=f"default: the study's; on a CPU {EPOCHS_ON_CPU} for the ways"
    )
    parser.add_argument("--networks", type=int, help="default: a core each, or 100 on a GPU")
    parser.add_argument("--ways", type=names, help="default: all of the device; '' for none")
    parser.add_argument(
        "--precisions", type=names, help="default: all on a GPU, none on a CPU; '' for none"
    )
    parser.add_argument("--precision", default="auto", help="of the ways but for loop")
    parser.add_argument("--limit", type=float, help=f"default: {LIMIT} on a GPU, none on a CPU")
    parser.add_argument("--json", type=Path, help="write the results here too")
    return parser


def main() -> None:
    """Measure what the arguments say."""
    parser = arguments()
    asked = parser.parse_args()
    setting = choose_setting("auto", asked.precision)
    device, on_gpu = describe_device(setting), setting.device.type == "cuda"
    of_device = [name for name in PRECISIONS if name != "auto" and (on_gpu or name != "tf32")]
    if asked.precisions is None:
        asked.precisions = of_device if on_gpu else []
    ways = [name for name in WAYS if on_gpu or name not in ON_GPU_ALONE]
    if asked.ways is None:
        asked.ways = ways
    for chosen, known in ((asked.ways, ways), (asked.precisions, of_device)):
        if not set(chosen) <= set(known):
            parser.error(f"{','.join(chosen)}: choose from {', '.join(known)}")
    cores = len(os.sched_getaffinity(0))
    own_epochs = first_ensemble(asked.study, None).recipe.epochs
    results = {
        "device": device if on_gpu else f"{cores} cores, {device}",
        "torch": torch.__version__,
        "study": asked.study,
    }

    def keep() -> None:
        if asked.json:
            asked.json.write_text(json.dumps(results, indent=2))

    if asked.precisions:
        epochs = asked.epochs or own_epochs
        checked = dict.fromkeys(["fp32", *asked.precisions])
        for found in check_precisions(asked.study, epochs, checked, 1 if on_gpu else cores):
            results |= {"precisions": found, "precisions_epochs": epochs}
            keep()
        report_precisions(results, device, own_epochs, of_device)
    if not asked.ways:
        return
    setting = choose_setting("auto", asked.precision)
    networks = asked.networks or (100 if on_gpu else cores)
    limit = asked.limit or (LIMIT if on_gpu else None)
    epochs = asked.epochs or (own_epochs if on_gpu else EPOCHS_ON_CPU)
    results |= {"ways": {}, "ways_epochs": epochs, "ways_precision": setting.precision}
    for way in asked.ways:
        engine, loop = way == "engine", way == "loop"
        options = ["--study", asked.study, "--epochs", str(epochs)]
        options += ["--precision", "fp32" if loop else setting.precision]
        options += ["--threads", "1" if engine else str(cores)]
        row = side_by_side(
            way,
            cores if engine and not on_gpu else 1,
            # Of a loop, two networks say what a hundred would.
            min(networks, 2) if loop else networks,
            limit and limit * (LIMITS_OF_ENGINE if engine else 1),
            options,
        )
        results["ways"][way] = {key: row[key] for key in row if key != "learnt"}
        keep()
    report_ways(results)


def report_precisions(
    results: Mapping, device: str, own_epochs: int, of_device: Sequence[str]
) -> None:
    """Print what was found of the precisions, and keep it if it decides."""
    study, epochs = results["study"], results["precisions_epochs"]
    found = dict(results["precisions"])
    seeds = found.pop("other_seeds", None)
    title = f"{CHECKED_NETWORKS} networks of {study}, {epochs} epochs, on {results['device']}"
    print_table(f"{title}, torch {results['torch']}", found, PRECISIONS_COLUMNS)
    if seeds:
        print(
            f"other seeds, in fp32: accessibility r {seeds['correlation']:.4f}, standard error of "
            f"the difference of accuracies {seeds['difference']:.4f}"
        )
    compared = {name: row for name, row in found.items() if "failed" not in row}
    if epochs == own_epochs and set(compared) == set(of_device):
        chosen = keep_verdict(device, compared, study, epochs)
        print(f"precision: auto is {chosen} from now on, on {device}")
    else:
        print(
            f"precision: auto stays what it was: that needs {', '.join(of_device)} and the "
            f"study's own {own_epochs} epochs"
        )


def report_ways(results: Mapping) -> None:
    """Print what was measured of the ways."""
    rows = results["ways"]
    title = f"{results['study']}, {results['ways_epochs']} epochs, on {results['device']}"
    title += f", {results['ways_precision']} (loop: fp32), torch {results['torch']}"
    print_table(title, rows, WAYS_COLUMNS)
    measured = {name: row for name, row in rows.items() if "failed" not in row}
    engine = measured.pop("engine", None)
    for other, row in measured.items() if engine else ():
        times = engine["networks_per_hour"] / row["networks_per_hour"]
        prepared = engine["once_prepared"] / row["once_prepared"]
        print(f"engine / {other}: {times:.2f}, once prepared {prepared:.2f}")


if __name__ == "__main__":
    main()
