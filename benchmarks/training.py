"""How fast the engine trains beside the loop that one would write first.

    python benchmarks/training.py [--study small_mammals] [--epochs 10]

Both train networks of the study's first ensemble on all cores of this machine for the same number
of epochs and predict every example after each. The loop: torch modules with torch's own dropout, a
DataLoader, one process with a thread per core. The engine: one process of one thread per core, as
the workflow runs it. On a GPU both run as one process. The dataset must have been built:
created-equal build_dataset small_mammals.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from created_equal.artefacts import read_dataset
from created_equal.networks import Dropout
from created_equal.study import Ensemble, dataset_path, load_study
from created_equal.training.engine.device import Setting, choose_setting
from created_equal.training.engine.images import Images
from created_equal.training.engine.optimisers import learning_rate, make_optimizer
from created_equal.training.engine.plain import train_network
from created_equal.training.engine.trainee import network_of


def train_with_loop(ensemble: Ensemble, number: int, images: Images) -> float:
    """Train one network as a first script would, and return its test accuracy."""
    recipe, device = ensemble.recipe, images.setting.device
    torch.manual_seed(number)
    network = network_of(ensemble, images.shape, images.classes)
    for name, layer in list(network.named_children()):
        if isinstance(layer, Dropout):
            setattr(network, name, nn.Dropout(layer.threshold / 256))
        elif isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    network.to(device)
    every = images.batch(slice(None)).contiguous()
    train = TensorDataset(every[images.train], images.labels[images.train])
    loader = DataLoader(train, batch_size=recipe.batch_size, shuffle=True, drop_last=True)
    optimizer = make_optimizer(network, recipe)
    test = images.splits[1]
    for epoch in range(1, recipe.epochs + 1):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(recipe, epoch)
        network.train()
        for batch, labels in loader:
            optimizer.zero_grad()
            F.cross_entropy(network(batch), labels).backward()
            optimizer.step()
        network.eval()
        with torch.no_grad():
            predicted = torch.cat([network(part).argmax(1) for part in every.split(100)])
    return (predicted == images.labels)[test].float().mean().item()


def train_with_engine(ensemble: Ensemble, number: int, images: Images) -> float:
    """Train one network with the engine, and return its test accuracy."""
    *_, last = train_network(ensemble, number, images)
    return float(last.accuracy[1])


WAYS = {"loop": train_with_loop, "engine": train_with_engine}


def measure(way: str, study: str, epochs: int, number: int, threads: int, setting: Setting) -> dict:
    """Train one network in this process: its seconds and test accuracy."""
    torch.set_num_threads(threads)
    ensemble = next(iter(load_study(study).ensembles.values()))
    ensemble = replace(ensemble, recipe=replace(ensemble.recipe, epochs=epochs))
    images = Images(read_dataset(Path(dataset_path(study))), setting)
    started = time.monotonic()
    accuracy = WAYS[way](ensemble, number, images)
    return {"seconds": time.monotonic() - started, "accuracy": accuracy}


def run_side_by_side(way: str, processes: int, options: list[str]) -> dict:
    """Train one network in each of some processes at once: networks per hour, mean accuracy."""
    command = [sys.executable, __file__, "--way", way, *options]
    running = [
        subprocess.Popen([*command, "--number", str(number)], stdout=subprocess.PIPE, text=True)
        for number in range(processes)
    ]
    results = [json.loads(process.communicate()[0]) for process in running]
    if any(process.returncode for process in running):
        sys.exit(f"{way}: a process failed")
    return {
        "networks_per_hour": processes * 3600 / max(result["seconds"] for result in results),
        "accuracy": float(np.mean([result["accuracy"] for result in results])),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", default="small_mammals")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--way", choices=WAYS, help="measure one way in this process only")
    parser.add_argument("--number", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the results here too")
    asked = parser.parse_args()
    fp32, best = (choose_setting("auto", precision) for precision in ("fp32", "auto"))
    if asked.way:
        setting = fp32 if asked.way == "loop" else best
        result = measure(asked.way, asked.study, asked.epochs, asked.number, asked.threads, setting)
        print(json.dumps(result))
        return
    cores = len(os.sched_getaffinity(0))
    processes = cores if best.device.type == "cpu" else 1
    common = ["--study", asked.study, "--epochs", str(asked.epochs)]
    loop = run_side_by_side("loop", 1, [*common, "--threads", str(cores)])
    engine = run_side_by_side("engine", processes, common)
    where = f"{best.device.type}, {cores} cores, torch {torch.__version__}"
    table = Table(title=f"{asked.study}, {asked.epochs} epochs on {where}")
    for heading in ("", "precision", "processes", "networks/h", "test accuracy"):
        table.add_column(heading)
    rows = (("loop", "fp32", 1, loop), ("engine", best.precision, processes, engine))
    for name, precision, count, result in rows:
        speed, accuracy = f"{result['networks_per_hour']:.1f}", f"{result['accuracy']:.3f}"
        table.add_row(name, precision, str(count), speed, accuracy)
    Console().print(table)
    ratio = engine["networks_per_hour"] / loop["networks_per_hour"]
    print(f"ratio {ratio:.2f}")
    if asked.json:
        asked.json.write_text(json.dumps({"loop": loop, "engine": engine, "ratio": ratio}))


if __name__ == "__main__":
    main()
