"""Train one network by two processes, which torchrun starts, and record it in a folder:

torchrun --nproc_per_node 2 distributed_training.py loop|lightning|transformers FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import torch
from own_training import NAMES, Data, digits, make_model, predict, train_for_one_epoch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DistributedSampler

from created_equal.recorder import Recorder

EPOCHS = 2


def loop(recorder: Recorder, data: Data, folder: Path) -> list[np.ndarray]:
    """Train and record the network as it is and, in every other epoch, compiled."""
    distributed.init_process_group("gloo")
    model = DistributedDataParallel(make_model())
    compiled = torch.compile(model, backend="eager")
    train = data.loader("train")
    sampler = DistributedSampler(train.dataset)
    expected = []
    for epoch in range(EPOCHS + 1):
        used = (model, compiled)[epoch % 2]
        if epoch:
            sampler.set_epoch(epoch)
            train_for_one_epoch(used, data.loader("train", sampler=sampler))
        recorder.evaluate(epoch, used, data.loaders())
        # What one process alone sends here must not pass for its part of the next epoch.
        distributed.barrier()
        expected.append(predict(model.module, data.inputs["test"]))
    return expected


def lightning(recorder: Recorder, data: Data, folder: Path) -> list[np.ndarray]:
    from test_lightning import Expected, Module, trainer

    from created_equal.recorder.lightning import Predictions

    expected = Expected(data)
    fit = trainer(folder, EPOCHS, Predictions(recorder, data.loaders()), expected, devices=2).fit
    fit(Module(), data.loader("train", shuffle=True))
    return expected.found


def transformers(recorder: Recorder, data: Data, folder: Path) -> list[np.ndarray]:
    from test_transformers import Classifier, Expected, arguments, columns
    from transformers import Trainer

    from created_equal.recorder.transformers import Predictions

    expected = Expected(data)
    of_splits = columns(data)
    Trainer(
        Classifier(),
        arguments(folder, num_train_epochs=EPOCHS, ddp_backend="gloo"),
        train_dataset=of_splits["train"],
        callbacks=[Predictions(recorder, of_splits), expected],
    ).train()
    return expected.found


def main(kind: str, folder: Path) -> None:
    torch.set_num_threads(1)
    data = digits()
    ways = (loop, lightning, transformers)
    way = {each.__name__: each for each in ways}[kind]
    with Recorder(folder / "predictions", network=0, labels=data.labels, classes=NAMES) as recorder:
        expected = way(recorder, data, folder)
    assert distributed.get_world_size() == 2
    if distributed.get_rank() == 0:
        found = [each if each.ndim == 1 else each.argmax(axis=1) for each in expected]
        np.save(folder / "expected.npy", found)
    # Otherwise a process may end while the other still waits for it.
    distributed.barrier()
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
