"""Measure the speed of training, and whether another precision trains an equal ensemble.

    python benchmarks/training.py                                       # like make benchmark
    python benchmarks/training.py --study digits --ways engine --networks 20 --epochs 20

Networks of the study's first ensemble are trained, and predict every example after each epoch, in
each precision and in these ways:

    engine  the workflow's own code; on a CPU one process with one thread per core
    loop    the obvious script: a DataLoader, PyTorch's dropout, one network after the other
    vmap    all networks in one call with torch.func, which makes grouped convolutions
    fused   if --candidate is given: kernels from that folder, see candidate.py

Each way runs in its own processes; if it fails, the reason is printed below the table, and the
traceback of an unexpected error to stderr. Seconds are counted from the first step to the last
prediction; preparation is the additional time of the first epoch. After the first epoch and --limit
seconds more, a way stops at the end of the current epoch, and the time for all epochs is
extrapolated. If the engine finishes all networks in fp32 and in another precision, the two
ensembles are compared; they have the same seeds, so only rounding differs.
Build the dataset first: created-equal build_dataset STUDY.
"""

import argparse
import json
import multiprocessing
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import torch
from candidate import train_with_candidate
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from created_equal.artefacts import read_dataset, write_atomically
from created_equal.errors import InputError
from created_equal.networks import Dropout, build_network
from created_equal.study import Ensemble, dataset_path, load_study
from created_equal.training.engine import make_group
from created_equal.training.engine.device import (
    PRECISIONS,
    choose_setting,
    describe_device,
    release_memory,
    usable_cores,
)
from created_equal.training.engine.images import Images
from created_equal.training.engine.initialize import initialize
from created_equal.training.engine.optimizers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Streams

EPOCHS_ON_CPU, NETWORKS_ON_GPU, LIMIT_ON_GPU = 3, 100, 60
# The loop's time per network does not depend on the number of networks.
MOST_NETWORKS_OF_LOOP = 2
PREDICTED_AT_ONCE = 100
COLUMNS = {
    "processes": ("processes", "d"),
    "networks": ("networks", "d"),
    "trained": ("trained", ".0%"),
    "preparation": ("preparation, s", ".1f"),
    "seconds": ("seconds", ".1f"),
    "networks_per_hour": ("networks/h", ".1f"),
    "times_loop": ("times fp32 loop", ".2f"),
    "memory_gib": ("peak GiB", ".2f"),
    "accuracy": ("test accuracy", ".3f"),
}


def train_with_engine(ensemble: Ensemble, seeds: Sequence[int], images: Images) -> Iterator:
    """Train networks like the workflow, in groups of the same size."""
    left = list(seeds)
    while left:
        group = make_group(ensemble, left, images)
        for _ in range(ensemble.recipe.epochs):
            for _ in group.finish_epoch():
                pass
            yield np.stack([each.predictions for each in group.evaluate(lambda: None)])
        left = left[len(group.seeds) :]
        del group
        release_memory()


def train_with_loop(ensemble: Ensemble, seeds: Sequence[int], images: Images) -> Iterator:
    """Train networks like a simple script."""
    recipe = ensemble.recipe
    pixels = images.batch(slice(None)).contiguous()
    train = TensorDataset(pixels[images.train], images.labels[images.train])
    for seed in seeds:
        torch.manual_seed(seed)
        network = plain_network(ensemble, seed, images)
        loader = DataLoader(train, batch_size=recipe.batch_size, shuffle=True, drop_last=True)
        optimizer = make_optimizer(network, recipe)
        for epoch in range(1, recipe.epochs + 1):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(recipe, epoch)
            network.train()
            for batch, labels in loader:
                optimizer.zero_grad()
                with images.setting.autocast():
                    logits = network(batch)
                F.cross_entropy(logits.float(), labels).backward()
                optimizer.step()
            network.eval()
            with torch.no_grad(), images.setting.autocast():
                parts = [network(part).argmax(1) for part in pixels.split(images.prediction_batch)]
            yield torch.cat(parts).cpu().numpy()[None]


def train_with_vmap(ensemble: Ensemble, seeds: Sequence[int], images: Images) -> Iterator:
    """Train networks together with torch.func; raises InputError if the optimizer is not SGD."""
    recipe, device = ensemble.recipe, images.setting.device
    if recipe.optimizer != "sgd" or recipe.momentum or recipe.weight_decay:
        raise InputError(
            f"{ensemble.study}/{ensemble.name} is not trained by plain SGD, the only optimizer of "
            "vmap in this benchmark; leave vmap out of --ways."
        )
    torch.manual_seed(seeds[0])
    networks = [plain_network(ensemble, seed, images) for seed in seeds]
    network = networks[0]
    weights, buffers = stack_module_state(networks)
    weights = {name: each.detach() for name, each in weights.items()}

    def logits(weights: dict, buffers: dict, batch: torch.Tensor) -> torch.Tensor:
        with images.setting.autocast():
            return functional_call(network, (weights, buffers), (batch,))

    def loss(weights: dict, buffers: dict, batch: torch.Tensor, labels: torch.Tensor):
        return F.cross_entropy(logits(weights, buffers, batch).float(), labels)

    gradients_of = vmap(grad(loss), randomness="different")
    logits_of = vmap(logits, in_dims=(0, 0, None))
    for epoch in range(1, recipe.epochs + 1):
        network.train()
        orders = torch.stack([torch.randperm(len(images.train), device=device) for _ in seeds])
        for step in range(len(images.train) // recipe.batch_size):
            places = orders[:, step * recipe.batch_size : (step + 1) * recipe.batch_size]
            index = images.train[places]
            batches = images.batch(index.flatten()).unflatten(0, index.shape)
            gradients = gradients_of(weights, buffers, batches, images.labels[index])
            for name, gradient in gradients.items():
                weights[name].sub_(gradient, alpha=learning_rate(recipe, epoch))
        network.eval()
        parts = torch.arange(len(images), device=device).split(PREDICTED_AT_ONCE)
        with torch.no_grad():
            predicted = [
                logits_of(weights, buffers, images.batch(part)).argmax(2) for part in parts
            ]
        yield torch.cat(predicted, dim=1).cpu().numpy()


def plain_network(ensemble: Ensemble, seed: int, images: Images) -> nn.Module:
    """Return an untrained network with the engine's first weights and PyTorch's own dropout."""
    network = build_network(ensemble.architecture, ensemble.recipe, images.shape, images.classes)
    initialize(network, Streams(ensemble.streams_definition, seed))
    for name, layer in list(network.named_children()):
        if isinstance(layer, Dropout):
            setattr(network, name, nn.Dropout(layer.threshold / 256))
    return network.to(images.setting.device)


# Each way yields the predictions (network, example) int64 of the networks in training after every
# epoch.
WAYS = {"engine": train_with_engine, "loop": train_with_loop, "vmap": train_with_vmap}
CANDIDATE = {"fused": train_with_candidate}


def first_ensemble(study: str, epochs: int | None) -> Ensemble:
    """Return the study's first ensemble, with another number of epochs if one is given."""
    ensemble = next(iter(load_study(study).ensembles.values()))
    epochs = epochs or ensemble.recipe.epochs
    return replace(ensemble, recipe=replace(ensemble.recipe, epochs=epochs))


def measure(
    way: str,
    precision: str,
    study: str,
    epochs: int,
    limit: float | None,
    threads: int,
    seeds: Sequence[int],
) -> dict:
    """Train networks in this process until all are finished, or for ``limit`` seconds.

    The first epoch does not count for the limit.

    Returns:
        ``done``, the number of trained networks, with a fraction for partly trained ones;
        ``preparation`` and ``training`` in seconds; test ``accuracies`` of the finished networks
        or, if there are none, of those in training; ``learned`` (network, example), the number of
        epochs in which each finished network was right; ``memory`` in bytes.
    """
    torch.set_num_threads(threads)
    setting = choose_setting("auto", precision)
    # Simple scripts let cuDNN choose among all its algorithms.
    torch.backends.cudnn.deterministic = way == "engine"
    images = Images(read_dataset(Path(dataset_path(study))), setting)
    labels, test = images.labels.cpu().numpy(), images.splits[1]
    right, times = [], [time.monotonic()]
    for predicted in (WAYS | CANDIDATE)[way](first_ensemble(study, epochs), seeds, images):
        times.append(time.monotonic())
        right.append(predicted == labels)
        # The first epoch is left out, because it prepares everything.
        if limit and len(right) > 1 and times[-1] - times[1] > limit:
            break
    seconds = np.diff(times)
    preparation = max(0.0, seconds[0] - np.median(seconds[1:])) if len(right) > 1 else 0.0
    finished = [right[end - epochs : end] for end in range(epochs, len(right) + 1, epochs)]
    last = np.concatenate([each[-1] for each in finished] or right[-1:])
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
    return {
        "done": sum(len(each) for each in right) / epochs,
        "preparation": preparation,
        "training": seconds.sum() - preparation,
        "accuracies": last[:, test].mean(axis=1).tolist(),
        "learned": [row for each in finished for row in np.sum(each, axis=0)],
        "memory": torch.cuda.max_memory_reserved() if setting.device.type == "cuda" else peak,
    }


def measure_in_processes(processes: int, n_networks: int, *task) -> dict:
    """Train seeds 0 to N - 1 in several processes; ``task`` has the other arguments of ``measure``.

    Returns:
        the keys of ``COLUMNS`` except ``times_loop``, and ``accuracies`` and ``learned`` as from
        ``measure``; or only ``failed``, the reason of a failure.
    """
    shares = [range(process, n_networks, processes) for process in range(processes)]
    try:
        # Its server imports PyTorch once; CUDA is first used in the processes forked from it.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["created_equal.training.engine"])
        with ProcessPoolExecutor(processes, context, max_tasks_per_child=1) as pool:
            futures = [pool.submit(measure, *task, share) for share in shares]
            results = [future.result() for future in futures]
    except Exception as error:  # The other ways are still measured.
        if not isinstance(error, InputError):
            traceback.print_exc()
        first_line = (str(error).splitlines() or [""])[0]
        return {"failed": f"{type(error).__name__}: {first_line}"}
    total = {key: sum((each[key] for each in results[1:]), results[0][key]) for key in results[0]}
    preparation, training = (
        max(each[key] for each in results) for key in ("preparation", "training")
    )
    seconds = preparation + training * n_networks / total["done"]
    return {
        "processes": processes,
        "networks": n_networks,
        "trained": total["done"] / n_networks,
        "preparation": preparation,
        "seconds": seconds,
        "networks_per_hour": n_networks * 3600 / seconds,
        "memory_gib": total["memory"] / 2**30,
        "accuracy": float(np.mean(total["accuracies"])),
        "accuracies": total["accuracies"],
        "learned": total["learned"],
    }


def compare(fp32: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> dict:
    """Compare two ensembles with the same seeds, given ``learned`` and ``accuracies`` of each.

    Returns:
        ``correlation`` of accessibility and ``difference`` of mean test accuracy; and for
        comparison those of two fp32 ensembles with different seeds: ``other_seeds_correlation``,
        from the halves of ``fp32`` by Spearman and Brown's 2 r / (1 + r), and
        ``other_seeds_error``, the standard error of the difference.
    """
    (learned, accuracies), half = fp32, len(fp32[1]) // 2
    of_halves = correlation(learned[:half], learned[half:])
    return {
        "correlation": correlation(learned, other[0]),
        "difference": float(np.mean(other[1]) - np.mean(accuracies)),
        "other_seeds_correlation": 2 * of_halves / (1 + of_halves),
        "other_seeds_error": float(np.std(accuracies, ddof=1) * np.sqrt(2 / len(accuracies))),
    }


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Pearson's r of the means over networks, given two (network, example)."""
    return float(np.corrcoef(one.mean(axis=0), other.mean(axis=0))[0, 1])


def print_results(results: dict) -> None:
    """Print the table, the reasons of missing rows, and the comparison of precisions."""
    table = Table("", title="{study}, {epochs} epochs, {device}, torch {torch}".format(**results))
    for heading, _ in COLUMNS.values():
        table.add_column(heading, justify="right")
    for name, row in results["rows"].items():
        if "failed" not in row:
            cells = (
                format(row[key], form) if key in row else "" for key, (_, form) in COLUMNS.items()
            )
            table.add_row(name, *cells)
    Console(width=None if sys.stdout.isatty() else 140).print(table)
    for name, row in results["rows"].items():
        if "failed" in row:
            print(f"{name}: not measured: {row['failed']}")
    for precision, found in results["compared"].items():
        print(
            "{} against fp32, same seeds: accessibility r = {correlation:.4f}, test accuracy "
            "{difference:+.4f}. Other seeds, in fp32: r = {other_seeds_correlation:.4f}, standard "
            "error {other_seeds_error:.4f}.".format(precision, **found)
        )


def device_precisions() -> list[str]:
    """Return the precisions of this machine's device."""
    found = []
    for name in PRECISIONS[1:]:
        with suppress(InputError):
            found.append(choose_setting("auto", name).precision)
    return found


def run(options: argparse.Namespace) -> dict:
    """Measure every way in every precision; ``--json`` is written after each of them."""
    # Invalid input is reported here once, not in every process.
    precisions = options.precisions or device_precisions()
    settings = [choose_setting("auto", precision) for precision in precisions]
    read_dataset(Path(dataset_path(options.study)))
    on_gpu, cores = settings[0].device.type == "cuda", usable_cores()
    epochs = options.epochs or (None if on_gpu else EPOCHS_ON_CPU)
    epochs = first_ensemble(options.study, epochs).recipe.epochs
    n_networks = options.networks or (NETWORKS_ON_GPU if on_gpu else cores)
    limit = options.limit or (LIMIT_ON_GPU if on_gpu else None)
    device = describe_device(settings[0])
    rows, compared, ensembles = {}, {}, {}
    results = {
        "device": device if on_gpu else f"{cores} cores, {device}",
        "torch": torch.__version__,
        "study": options.study,
        "epochs": epochs,
        "rows": rows,
        "compared": compared,
    }
    for precision, way in product(dict.fromkeys(each.precision for each in settings), options.ways):
        alone = on_gpu or way != "engine"
        row = rows[f"{way} {precision}"] = measure_in_processes(
            1 if alone else min(cores, n_networks),
            min(n_networks, MOST_NETWORKS_OF_LOOP) if way == "loop" else n_networks,
            *(way, precision, options.study, epochs, limit, cores if alone else 1),
        )
        learned = np.array(row.pop("learned", []))
        if way == "engine" and n_networks > 1 and row.get("trained") == 1:
            ensembles[precision] = learned, np.array(row["accuracies"])
            if precision != "fp32" and "fp32" in ensembles:
                compared[precision] = compare(ensembles["fp32"], ensembles[precision])
        loop = rows.get("loop fp32", {}).get("networks_per_hour")
        for each in rows.values():
            if loop and "failed" not in each:
                each["times_loop"] = each["networks_per_hour"] / loop
        if options.json:
            write_atomically(options.json, json.dumps(results, indent=2).encode())
    return results


def main() -> None:
    """Measure and print."""

    def names(text: str) -> list[str]:
        return text.split(",")

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--study", default="small_mammals")
    parser.add_argument(
        "--epochs", type=int, help=f"default: {EPOCHS_ON_CPU}; on a GPU the study's"
    )
    parser.add_argument("--networks", type=int, help="default: one per core; on a GPU 100")
    parser.add_argument("--ways", type=names, help=f"default: {','.join(WAYS)}; fused too if given")
    parser.add_argument("--candidate", type=Path, help="folder of a fourth way, fused")
    parser.add_argument("--precisions", type=names, help="default: all that the device has")
    parser.add_argument("--limit", type=float, help=f"seconds; default: {LIMIT_ON_GPU} on a GPU")
    parser.add_argument("--json", type=Path, help="write the results to this file too")
    options = parser.parse_args()
    ways = [*WAYS]
    if options.candidate:
        sys.path.append(str(options.candidate))  # Also in processes that this one starts.
        ways += CANDIDATE
    options.ways = options.ways or ways
    if unknown := sorted(set(options.ways) - set(ways)):
        parser.error(f"--ways {','.join(unknown)}: choose from {', '.join(ways)}")
    try:
        results = run(options)
    except InputError as error:
        sys.exit(str(error))
    print_results(results)
    if all("failed" in row for row in results["rows"].values()):
        sys.exit("Nothing could be measured.")


if __name__ == "__main__":
    main()
