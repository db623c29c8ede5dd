import multiprocessing
import time
from contextlib import closing

import numpy as np
import pytest
import torch

from created_equal.artefacts import ImageFiles
from created_equal.datasets import build_dataset
from created_equal.errors import InputError
from created_equal.training.engine.device import choose_setting
from created_equal.training.engine.images import FileImages, Images, crop_and_flip, load_images

CPU = choose_setting("cpu", "fp32")
BATCHES = [np.array(batch) for batch in ([3, 29, 0], [7, 3, 11], [5, 6, 8], [1, 2, 20])]
SEEDS = [11, 12, 13, 14]


@pytest.fixture(params=[0, 1, 2])
def workers(request):
    return request.param


def file_images(jpegs, workers, augmentation=None):
    return FileImages(jpegs.dataset, CPU, jpegs.data_root, augmentation, workers)


def read(images, batches=BATCHES, seeds=SEEDS):
    return [
        (batch.clone(), labels.clone()) for batch, labels in images.load_batches(batches, seeds)
    ]


def equal(one, other):
    return len(one) == len(other) and all(
        torch.equal(a, b)
        for batch_a, batch_b in zip(one, other, strict=True)
        for a, b in zip(batch_a, batch_b, strict=True)
    )


def test_images_in_files_equal_those_in_memory(jpegs, workers):
    memory = Images(
        build_dataset(jpegs.definition | {"images": "memory"}, jpegs.data_root, False), CPU
    )
    files = file_images(jpegs, workers)
    assert (files.shape, files.classes, len(files)) == (memory.shape, 3, 45)
    assert torch.equal(files.train, memory.train)
    assert torch.equal(files.labels, memory.labels)
    assert equal(read(files), read(memory, seeds=[None] * len(BATCHES)))
    loaded = [(examples, batch.clone()) for examples, batch in files.load_in_order()]
    assert [examples for examples, _ in loaded] == [slice(0, 45)]
    assert torch.equal(loaded[0][1], memory.batch(slice(0, 45)))


def test_all_examples_are_loaded_in_order_and_channels_last(jpegs, workers, monkeypatch):
    files = file_images(jpegs, workers)
    ((_, expected),) = list(files.load_in_order())
    monkeypatch.setattr("created_equal.training.engine.images.EXAMPLES_OF_FILES", 4)
    parts = [(examples, batch.clone()) for examples, batch in files.load_in_order()]
    assert [examples.start for examples, _ in parts] == list(range(0, 45, 4))
    assert parts[0][1].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(torch.cat([batch for _, batch in parts]), expected)


def test_augmentation_depends_on_the_seeds_alone(jpegs, workers):
    images = file_images(jpegs, workers, "crop_and_flip")
    torch.manual_seed(workers)  # this has no effect
    epoch = read(images)
    assert equal(epoch, read(file_images(jpegs, 1, "crop_and_flip")))
    # This is what a job does that resumes in the middle of an epoch.
    assert equal(epoch[2:], read(images, BATCHES[2:], SEEDS[2:]))
    other = read(images, BATCHES, [21, 12, 13, 14])
    assert not torch.equal(epoch[0][0], other[0][0])
    assert equal(epoch[1:], other[1:])
    # Example 3 is in two mini-batches.
    assert not torch.equal(epoch[0][0][0], epoch[1][0][1])


def test_images_are_not_augmented_for_predictions(jpegs):
    plain, augmented = file_images(jpegs, 1), file_images(jpegs, 1, "crop_and_flip")
    ((_, one),), ((_, other),) = list(plain.load_in_order()), list(augmented.load_in_order())
    assert torch.equal(one, other)
    assert not equal(read(plain), read(augmented))


def test_reading_does_not_advance_pytorchs_generator(jpegs, workers):
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    read(file_images(jpegs, workers, "crop_and_flip"))
    assert torch.equal(torch.rand(4), expected)


def test_an_interrupted_epoch_leaves_no_process(jpegs):
    images = file_images(jpegs, 2)
    with closing(images.load_batches(BATCHES, SEEDS)) as batches:
        next(batches)
        assert len(multiprocessing.active_children()) == 2
    assert multiprocessing.active_children() == []
    read(images)
    assert multiprocessing.active_children() == []


def test_a_missing_file_is_named_and_leaves_no_process(jpegs, workers):
    path = jpegs.folder / jpegs.dataset["file"].values[7]
    path.unlink()
    with pytest.raises(InputError) as caught:
        read(file_images(jpegs, workers))
    assert str(caught.value).startswith(f"{path} cannot be read (No such file or directory); put")
    assert multiprocessing.active_children() == []


def test_the_time_spent_waiting_is_measured(jpegs, monkeypatch):
    pixels = ImageFiles.pixels
    monkeypatch.setattr(
        ImageFiles, "pixels", lambda *arguments: (time.sleep(0.01), pixels(*arguments))[1]
    )
    images = file_images(jpegs, 0)
    started = time.monotonic()
    for _ in images.load_batches(BATCHES, SEEDS):
        time.sleep(0.1)
    # Twelve images take ten milliseconds each; the device does not wait while it computes.
    assert 0.12 <= images.waited <= time.monotonic() - started - 0.4


def test_the_dataset_determines_how_images_are_loaded(jpegs, digits, monkeypatch):
    memory = load_images(digits, CPU, jpegs.data_root, None)
    assert isinstance(memory, Images)
    assert memory.waited is None
    monkeypatch.setattr("created_equal.training.engine.images.usable_cores", lambda: 3)
    files = load_images(jpegs.dataset, CPU, jpegs.data_root, None)
    with closing(files.load_batches(BATCHES, SEEDS)) as batches:
        next(batches)
        assert len(multiprocessing.active_children()) == 2
    monkeypatch.setattr("created_equal.training.engine.images.usable_cores", lambda: 1)
    files = load_images(jpegs.dataset, CPU, jpegs.data_root, None)
    with closing(files.load_in_order()) as batches:
        next(batches)
        assert len(multiprocessing.active_children()) == 1


def shifted(image, down, right, mirrored):
    """Pad an image with black, and cut it out again at another place."""
    height, width, _ = image.shape
    most = min(height, width) // 8
    padded = np.pad(image[:, ::-1] if mirrored else image, ((most, most), (most, most), (0, 0)))
    top, left = most - down, most - right
    return padded[top : top + height, left : left + width]


def test_images_in_memory_are_shifted_and_mirrored():
    generator = np.random.default_rng(0)
    pixels = generator.integers(1, 256, size=(5, 16, 24, 3), dtype=np.uint8)
    index = torch.tensor([4, 0, 0, 2, 3, 1])
    words = generator.integers(2**64, size=6, dtype=np.uint64)
    found = crop_and_flip(torch.from_numpy(pixels), index, torch.from_numpy(words.view(np.int64)))
    draws = words.view("<u2").reshape(6, 4).astype(int)
    for image, place, (down, right, mirrored, _) in zip(found, index, draws, strict=True):
        shifts = [draw * 5 // 65536 - 2 for draw in (down, right)]
        np.testing.assert_array_equal(image, shifted(pixels[place], *shifts, mirrored % 2))
    assert len({tuple(draw * 5 // 65536 for draw in each[:2]) for each in draws}) > 3


def test_images_in_memory_are_changed_for_training_only(digits):
    words = [np.full(3, 2**63, dtype=np.uint64)] * 4
    images = Images(digits, CPU, "crop_and_flip")
    plain = [batch for batch, _ in images.load_batches(BATCHES, [None] * 4)]
    changed = [batch for batch, _ in images.load_batches(BATCHES, words)]
    assert not any(map(torch.equal, plain, changed))
    assert changed[0].shape == plain[0].shape
