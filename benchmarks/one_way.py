"""Train networks in one way, in this process, and print as JSON what was measured.

benchmarks/training.py runs it, see there.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from ways import WAYS

from created_equal.artefacts import read_dataset
from created_equal.study import Ensemble, dataset_path, load_study
from created_equal.training import count_operations
from created_equal.training.engine.device import (
    Setting,
    choose_setting,
    is_out_of_memory,
    release_memory,
)
from created_equal.training.engine.images import Images

PRODUCT = {"cpu": 4096, "cuda": 16384}


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


def first_ensemble(study: str, epochs: int | None) -> Ensemble:
    """Return the study's first ensemble, trained for so many epochs, or its own."""
    ensemble = next(iter(load_study(study).ensembles.values()))
    return with_epochs(ensemble, epochs or ensemble.recipe.epochs)


def with_epochs(ensemble: Ensemble, epochs: int) -> Ensemble:
    """Return the ensemble trained for so many epochs."""
    return replace(ensemble, recipe=replace(ensemble.recipe, epochs=epochs))


def operations_of_epoch(ensemble: Ensemble, images: Images) -> int:
    """Return the operations in which a network is trained for an epoch and predicts."""
    sizes = tuple(int(split.sum()) for split in images.splits)
    one, two = (
        count_operations(with_epochs(ensemble, epochs), sizes, images.shape, images.classes)
        for epochs in (1, 2)
    )
    return two - one


def measure(
    way: str, ensemble: Ensemble, images: Images, numbers: Sequence[int], limit: float | None
) -> dict:
    """Train networks in this process, until all are finished or the limit is over.

    Returns:
        ``networks``; ``done``, how many of them were trained, in parts where not all epochs were;
        ``preparation`` and ``training``, seconds; ``operations``, of what was done; ``accuracies``
        of each network that was finished, or of those in training, on the test set; ``learnt``,
        (network, example), in how many epochs each finished one was right; ``memory``, bytes;
        ``product``, operations per second.
    """
    setting, epochs = images.setting, ensemble.recipe.epochs
    if way != "engine":
        # Ordinary scripts let cuDNN choose among all its algorithms.
        torch.backends.cudnn.deterministic = False
    labels, test = images.labels.cpu().numpy(), images.splits[1].cpu().numpy()
    right, seconds = [], []
    moment = started = time.monotonic()
    for said in WAYS[way](ensemble, numbers, images):
        wait_for(setting)
        moment, before = time.monotonic(), moment
        seconds.append(moment - before)
        right.append(said == labels)
        if limit and moment - started - seconds[0] > limit:
            break
    preparation = max(0.0, seconds[0] - float(np.median(seconds[1:]))) if seconds[1:] else 0.0
    done = sum(len(each) for each in right) / epochs
    last = right[epochs - 1 :: epochs] or right[-1:]
    finished = [
        sum(each.astype(int) for each in right[end - epochs : end])
        for end in range(epochs, len(right) + 1, epochs)
    ]
    return {
        "networks": len(numbers),
        "done": done,
        "preparation": preparation,
        "training": moment - started - preparation,
        "operations": done * epochs * operations_of_epoch(ensemble, images),
        "accuracies": np.concatenate(last)[:, test].mean(axis=1).tolist(),
        "learnt": np.concatenate(finished).tolist() if finished else [],
        "memory": peak_memory(setting),
        "product": product_speed(setting),
    }


def measure_as_many_as_fit(
    way: str, ensemble: Ensemble, images: Images, numbers: Sequence[int], limit: float | None
) -> dict:
    """Measure half as many networks whenever a GPU's memory is too small; see ``measure``."""
    while True:
        try:
            return measure(way, ensemble, images, numbers, limit)
        except RuntimeError as error:
            if len(numbers) == 1 or not is_out_of_memory(error):
                raise
        numbers = numbers[: len(numbers) // 2]
        release_memory()
        torch.cuda.reset_peak_memory_stats()


def measure_here(asked: argparse.Namespace) -> dict:
    """Measure one way in this process, or say in words what went wrong."""
    try:
        torch.set_num_threads(asked.threads)
        setting = choose_setting("auto", asked.precision)
        ensemble = first_ensemble(asked.study, asked.epochs)
        images = Images(read_dataset(Path(dataset_path(asked.study))), setting)
        numbers = range(asked.first, asked.first + asked.networks)
        return measure_as_many_as_fit(asked.way, ensemble, images, numbers, asked.limit)
    except Exception as error:  # whatever it is, the other ways are measured
        first_line = (str(error).splitlines() or [""])[0]
        return {"failed": f"{type(error).__name__}: {first_line}"}


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--study", required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--networks", type=int, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--limit", type=float)
    print(json.dumps(measure_here(parser.parse_args())))


if __name__ == "__main__":
    main()
