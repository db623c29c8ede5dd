import tracemalloc

import numpy as np
import pytest
from torchvision.datasets import CIFAR100

from created_equal.datasets.cifar import open_cifar10, open_cifar100
from created_equal.errors import InputError

ARCHIVE = CIFAR100.filename


def list_files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_an_existing_copy_is_used_and_nothing_is_written(tmp_path, small_cifar100, server):
    small_cifar100.unpack_into(tmp_path)
    before = list_files(tmp_path)
    source = open_cifar100(tmp_path, download=True, superclass=None)
    assert np.array_equal(source.read(np.arange(42), None), small_cifar100.images)
    assert source.labels.tolist() == small_cifar100.fine
    assert source.positions.tolist() == list(range(42))
    assert source.is_test.tolist() == [False] * 30 + [True] * 12
    assert source.class_names[0] == "zebra"
    assert list_files(tmp_path) == before
    assert not server.served


def test_a_superclass_is_relabeled_by_name_and_keeps_positions(tmp_path, small_cifar100):
    small_cifar100.unpack_into(tmp_path)
    source = open_cifar100(tmp_path, download=False, superclass="beasts")
    assert list(source.class_names) == ["ant", "mole", "zebra"]
    assert source.positions[:4].tolist() == [0, 2, 4, 6]
    assert source.labels[:4].tolist() == [2, 0, 1, 2]
    assert source.is_test.sum() == 6
    assert np.array_equal(source.read(np.array([1]), None)[0], small_cifar100.images[2])


def test_cifar10_reads_its_batches_in_order(small_cifar10):
    source = open_cifar10(small_cifar10, download=False)
    assert source.labels.tolist() == [0, 9, 1, 9, 2, 9, 3, 9, 4, 9, 5, 9]
    assert source.is_test.tolist() == [False] * 10 + [True] * 2
    assert source.read(np.arange(12), None)[:, 0, 0, 0].tolist() == np.repeat(range(6), 2).tolist()
    assert source.class_names[3] == "class 3"


def test_a_missing_file_is_named_with_both_remedies(tmp_path, small_cifar100):
    with pytest.raises(
        InputError,
        match=r"cifar-100-python/train is missing; put .* into .*, or "
        r"set download: true",
    ):
        open_cifar100(tmp_path, download=False, superclass=None)
    assert list_files(tmp_path) == []


def test_the_archive_is_downloaded_once(tmp_path, small_cifar100, server):
    root = tmp_path / "root"
    root.mkdir()
    for _ in range(2):
        source = open_cifar100(root, download=True, superclass=None)
        assert np.array_equal(source.read(np.arange(42), None), small_cifar100.images)
    assert server.served[ARCHIVE] == 1
    assert list_files(root / "cifar-100-python") == ["meta", "test", "train"]
    assert not list(root.glob(".unfinished*"))


def test_an_archive_in_data_root_is_unpacked_without_download(tmp_path, small_cifar100, server):
    (tmp_path / ARCHIVE).write_bytes(small_cifar100.archive)
    assert len(open_cifar100(tmp_path, download=False, superclass=None).labels) == 42
    assert not server.served


def test_only_missing_files_are_replaced(tmp_path, small_cifar100):
    small_cifar100.unpack_into(tmp_path)
    train = tmp_path / "cifar-100-python" / "train"
    (tmp_path / "cifar-100-python" / "meta").unlink()
    before = train.stat()
    assert len(open_cifar100(tmp_path, download=True, superclass=None).labels) == 42
    assert train.stat().st_ino == before.st_ino


def test_a_damaged_file_is_named_and_never_unpickled(tmp_path, small_cifar100):
    small_cifar100.unpack_into(tmp_path)
    train = tmp_path / "cifar-100-python" / "train"
    # This pickle creates the file ``proof`` if it is loaded.
    proof = tmp_path / "ran"
    train.write_bytes(f"cbuiltins\nopen\n(S'{proof}'\nS'w'\ntR.".encode())
    with pytest.raises(InputError, match=r"cifar-100-python/train is damaged .*; delete it"):
        open_cifar100(tmp_path, download=True, superclass=None)
    assert not proof.exists()


def test_a_truncated_archive_is_named(tmp_path, small_cifar100):
    (tmp_path / ARCHIVE).write_bytes(small_cifar100.archive[:-10])
    with pytest.raises(InputError, match=rf"{ARCHIVE} is damaged .*; delete it and run again"):
        open_cifar100(tmp_path, download=True, superclass=None)
    assert list_files(tmp_path) == [".lock", ARCHIVE]


def test_real_cifar100_needs_little_memory(data_root):
    tracemalloc.start()
    try:
        source = open_cifar100(data_root, download=False, superclass=None)
        images = source.read(np.arange(60_000), None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert images.shape == (60_000, 32, 32, 3)
    assert np.bincount(source.labels[~source.is_test]).tolist() == [500] * 100
    assert np.bincount(source.labels[source.is_test]).tolist() == [100] * 100
    # The limit is twice the 184 MB of pixels, plus some memory for unpickling.
    assert peak < 550e6


def test_color_channels_are_red_green_and_blue(data_root):
    source = open_cifar100(data_root, download=False, superclass="small_mammals")
    # CIFAR-100 has mean values of 129.3 (red), 124.1 (green) and 112.4 (blue).
    means = source.read(np.arange(3000), None).mean(axis=(0, 1, 2))
    assert means[0] > means[1] > means[2]
