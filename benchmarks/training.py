"""How fast networks are trained: the engine beside what one would write first, on this machine.

    python benchmarks/training.py [--study small_mammals] [--epochs 10] [--networks N] [--json FILE]

Each way trains networks of the study's first ensemble for the same number of epochs and predicts
every example after each. ``loop``: torch modules with torch's own dropout, a DataLoader, one
network after the other, a thread per core. ``vmap``: all networks in one call by torch.func, with
torch's own dropout. ``engine``: what the workflow runs; on a CPU a process of one thread per core.
Each runs in processes of its own; seconds count from the first network to the last prediction. The
share is that of what a large matrix product reaches in the same precision on the same device.

On a GPU it goes on to ask which precisions are as good as fp32: see ``precision``. The dataset must
have been built: created-equal build_dataset small_mammals.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from created_equal.artefacts import read_dataset
from created_equal.networks import Dropout
from created_equal.study import Ensemble, dataset_path, load_study
from created_equal.training import count_operations
from created_equal.training.engine import make_group
from created_equal.training.engine.device import PRECISIONS, Setting, choose_setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.initialise import initialise
from created_equal.training.engine.optimisers import learning_rate, make_optimizer
from created_equal.training.engine.streams import Streams
from created_equal.training.engine.trainee import network_of

PRODUCT = {"cpu": 4096, "cuda": 16384}
# A precision is as good as fp32 if its ensemble is this near to fp32's.
CHECKED_NETWORKS = 20
LEAST_CORRELATION = 0.99
MOST_DIFFERENCE = 0.005


def first_network(ensemble: Ensemble, number: int, images: Images) -> nn.Module:
    """Return an untrained network with torch's own dropout in place of the counted one."""
    network = network_of(ensemble, images.shape, images.classes)
    initialise(network, Streams(ensemble.definition, number))
    for name, layer in list(network.named_children()):
        if isinstance(layer, Dropout):
            setattr(network, name, nn.Dropout(layer.threshold / 256))
    return network.to(images.setting.device)


def train_with_loop(ensemble: Ensemble, numbers: Sequence[int], images: Images) -> np.ndarray:
    """Train networks as a first script would."""
    recipe = ensemble.recipe
    every = images.batch(slice(None)).contiguous()
    train = TensorDataset(every[images.train], images.labels[images.train])
    said = []
    for number in numbers:
        torch.manual_seed(number)
        network = first_network(ensemble, number, images)
        loader = DataLoader(train, batch_size=recipe.batch_size, shuffle=True, drop_last=True)
        optimizer = make_optimizer(network, recipe)
        for epoch in range(1, recipe.epochs + 1):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(recipe, epoch)
            network.train()
            for batch, labels in loader:
                optimizer.zero_grad()
                F.cross_entropy(network(batch), labels).backward()
                optimizer.step()
            network.eval()
            size = images.setting.evaluation_batch
            with torch.no_grad():
                predicted = torch.cat([network(part).argmax(1) for part in every.split(size)])
        said.append(predicted.cpu().numpy())
    return np.stack(said)


def train_with_vmap(ensemble: Ensemble, numbers: Sequence[int], images: Images) -> np.ndarray:
    """Train networks together as torch.func maps one of them over many."""
    recipe = ensemble.recipe
    torch.manual_seed(numbers[0])
    networks = [first_network(ensemble, number, images) for number in numbers]
    weights, buffers = stack_module_state(networks)
    weights = {name: each.detach() for name, each in weights.items()}
    network = deepcopy(networks[0])

    def loss(weights, buffers, index):
        with images.setting.autocast():
            logits = functional_call(network, (weights, buffers), (images.batch(index),))
        return F.cross_entropy(logits.float(), images.labels[index])

    def predict(weights, buffers, batch):
        with images.setting.autocast():
            return functional_call(network, (weights, buffers), (batch,)).argmax(1)

    slopes = vmap(grad(loss), randomness="different")
    predictions = vmap(predict, in_dims=(0, 0, None))
    steps = len(images.train) // recipe.batch_size
    device = images.setting.device
    for epoch in range(1, recipe.epochs + 1):
        network.train()
        orders = [torch.randperm(len(images.train), device=device) for _ in numbers]
        for step in range(steps):
            chosen = slice(step * recipe.batch_size, (step + 1) * recipe.batch_size)
            index = images.train[torch.stack([order[chosen] for order in orders])]
            for name, slope in slopes(weights, buffers, index).items():
                weights[name].sub_(slope, alpha=learning_rate(recipe, epoch))
        network.eval()
        with torch.no_grad():
            said = [predictions(weights, buffers, batch) for _, batch in images.in_order()]
    return torch.cat(said, dim=1).cpu().numpy()


def train_with_engine(ensemble: Ensemble, numbers: Sequence[int], images: Images) -> np.ndarray:
    """Train networks as the workflow does, and return what they say last."""
    return all_predictions(ensemble, numbers, images)[:, -1]


def all_predictions(ensemble: Ensemble, numbers: Sequence[int], images: Images) -> np.ndarray:
    """Return what the engine's networks say after every epoch: (network, epoch, example)."""
    said, left = [], list(numbers)
    while left:
        group = make_group(ensemble, left, images)
        of_group = []
        for _ in range(ensemble.recipe.epochs):
            for _ in group.finish_epoch():
                pass
            of_group.append([each.predictions for each in group.evaluate(lambda: None)])
        said.append(np.stack(of_group, axis=1))
        left = left[len(group.numbers) :]
    return np.concatenate(said)


WAYS = {"loop": train_with_loop, "vmap": train_with_vmap, "engine": train_with_engine}


def product_speed(setting: Setting) -> float:
    """Return the operations per second of a large matrix product, the best of five."""
    dtype = torch.bfloat16 if setting.precision == "bf16" else torch.float32
    size = PRODUCT[setting.device.type]
    matrix = torch.randn(size, size, device=setting.device).to(dtype)
    seconds = []
    for _ in range(6):
        wait_for(setting)
        started = time.monotonic()
        matrix @ matrix
        wait_for(setting)
        seconds.append(time.monotonic() - started)
    return 2 * size**3 / min(seconds[1:])


def wait_for(setting: Setting) -> None:
    """Wait until a GPU has done what it was asked for."""
    if setting.device.type == "cuda":
        torch.cuda.synchronize()


def peak_memory(setting: Setting) -> int:
    """Return the most bytes that this process held, of the GPU's memory where it used one."""
    if setting.device.type == "cuda":
        return torch.cuda.max_memory_reserved()
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def load(study: str, epochs: int, setting: Setting) -> tuple[Ensemble, Images]:
    """Return the study's first ensemble, trained for so many epochs, and its dataset."""
    ensemble = next(iter(load_study(study).ensembles.values()))
    ensemble = replace(ensemble, recipe=replace(ensemble.recipe, epochs=epochs))
    return ensemble, Images(read_dataset(Path(dataset_path(study))), setting)


def measure(way: str, study: str, epochs: int, numbers: Sequence[int], setting: Setting) -> dict:
    """Train networks in this process: seconds, operations, test accuracy, peak memory."""
    ensemble, images = load(study, epochs, setting)
    wait_for(setting)
    started = time.monotonic()
    said = WAYS[way](ensemble, numbers, images)
    wait_for(setting)
    seconds = time.monotonic() - started
    test = images.splits[1].cpu().numpy()
    right = said[:, test] == images.labels.cpu().numpy()[test]
    sizes = tuple(int(split.sum()) for split in images.splits)
    return {
        "seconds": seconds,
        "operations": len(numbers)
        * count_operations(ensemble, sizes, images.shape, images.classes),
        "accuracy": float(right.mean()),
        "memory": peak_memory(setting),
        "product": product_speed(setting),
    }


def side_by_side(way: str, processes: int, networks: int, options: list[str]) -> dict:
    """Train networks in some processes at once and put together what they measured."""
    share = networks // processes
    running = [
        subprocess.Popen(
            [
                *(sys.executable, __file__, "--way", way, "--networks", str(share)),
                *("--first", str(place * share), *options),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        for place in range(processes)
    ]
    printed = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        sys.exit(f"{way}: a process failed")
    results = [json.loads(text) for text in printed]
    seconds = max(result["seconds"] for result in results)
    speed = sum(result["operations"] for result in results) / seconds
    product = sum(result["product"] for result in results)
    return {
        "processes": processes,
        "networks": processes * share,
        "seconds": seconds,
        "networks_per_hour": processes * share * 3600 / seconds,
        "teraflops": speed / 1e12,
        "share_of_product": speed / product,
        "memory_gib": sum(result["memory"] for result in results) / 2**30,
        "accuracy": float(np.mean([result["accuracy"] for result in results])),
    }


def precision(study: str, epochs: int) -> dict[str, dict]:
    """Compare ensembles of other precisions with fp32's, on a GPU.

    Returns:
        for each precision the seconds, the correlation of accessibility over all examples and the
        difference of the mean test accuracy after the last epoch, and whether both are within the
        bounds for ``precision: auto``.
    """
    found = {}
    for name in [each for each in PRECISIONS if each != "auto"]:
        setting = choose_setting("cuda", name)
        ensemble, images = load(study, epochs, setting)
        started = time.monotonic()
        said = all_predictions(ensemble, range(CHECKED_NETWORKS), images)
        seconds = time.monotonic() - started
        right = said == images.labels.cpu().numpy()
        accessibility = right.mean(axis=(0, 1))
        accuracy = right[:, -1][:, images.splits[1].cpu().numpy()].mean()
        if not found:
            reference = accessibility, accuracy
        correlation = float(np.corrcoef(reference[0], accessibility)[0, 1])
        difference = float(accuracy - reference[1])
        found[name] = {
            "seconds": seconds,
            "correlation": correlation,
            "difference": difference,
            "as_good": correlation >= LEAST_CORRELATION and abs(difference) <= MOST_DIFFERENCE,
        }
    return found


def print_table(title: str, rows: dict[str, dict], columns: dict[str, tuple[str, str]]) -> None:
    """Print a row for each way; columns: key -> heading and format."""
    table = Table(title=title)
    table.add_column("")
    for heading, _ in columns.values():
        table.add_column(heading)
    for name, row in rows.items():
        table.add_row(name, *(format(row[key], form) for key, (_, form) in columns.items()))
    Console().print(table)


def main() -> None:
    """Measure every way, or one of them in this process, as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", default="small_mammals")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--networks", type=int, help="default: a core each, or 100 on a GPU")
    parser.add_argument("--way", choices=WAYS, help="measure one way in this process only")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the results here too")
    asked = parser.parse_args()
    # The loop is what one writes first, so it computes as PyTorch does unless it is asked.
    setting = choose_setting("auto", "fp32" if asked.way == "loop" else "auto")
    if asked.way:
        torch.set_num_threads(asked.threads)
        numbers = range(asked.first, asked.first + asked.networks)
        print(json.dumps(measure(asked.way, asked.study, asked.epochs, numbers, setting)))
        return
    cores = len(os.sched_getaffinity(0))
    on_gpu = setting.device.type == "cuda"
    networks = asked.networks or (100 if on_gpu else cores)
    common = ["--study", asked.study, "--epochs", str(asked.epochs)]
    all_cores = [*common, "--threads", str(cores)]
    found = {
        # Of a loop, two networks say what a hundred would.
        "loop": side_by_side("loop", 1, min(networks, 2), all_cores),
        "vmap": side_by_side("vmap", 1, networks, all_cores),
        "engine": side_by_side("engine", 1 if on_gpu else cores, networks, common),
    }
    where = torch.cuda.get_device_name() if on_gpu else f"{cores} cores"
    title = f"{asked.study}, {asked.epochs} epochs, on {where}, {setting.precision} (loop: fp32)"
    columns = {
        "networks": ("networks", "d"),
        "processes": ("processes", "d"),
        "networks_per_hour": ("networks/h", ".1f"),
        "teraflops": ("TFLOP/s", ".3g"),
        "share_of_product": ("of a product", ".1%"),
        "memory_gib": ("GiB", ".2f"),
        "accuracy": ("test accuracy", ".3f"),
    }
    print_table(f"{title}, torch {torch.__version__}", found, columns)
    for other in ("loop", "vmap"):
        times = found["engine"]["networks_per_hour"] / found[other]["networks_per_hour"]
        print(f"engine / {other}: {times:.2f}")
    precisions = precision(asked.study, asked.epochs) if on_gpu else {}
    if precisions:
        columns = {
            "seconds": ("seconds", ".1f"),
            "correlation": ("accessibility r", ".4f"),
            "difference": ("accuracy - fp32's", "+.4f"),
            "as_good": ("as good", ""),
        }
        print_table(f"{CHECKED_NETWORKS} networks beside fp32's", precisions, columns)
    if asked.json:
        results = {"where": title, "engines": found, "precisions": precisions}
        asked.json.write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
