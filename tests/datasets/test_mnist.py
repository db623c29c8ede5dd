import gzip

import numpy as np
import pytest
from torchvision.datasets import MNIST

from created_equal.datasets.mnist import open_mnist
from created_equal.errors import InputError


def check_small(source, small_mnist):
    assert np.array_equal(source.read(np.arange(60), None)[..., 0], small_mnist.images)
    assert source.labels.tolist() == small_mnist.labels.tolist()
    assert source.positions.tolist() == list(range(60))
    assert source.is_test.tolist() == [False] * 40 + [True] * 20
    assert list(source.class_names) == list("0123456789")


def test_packed_files_are_read_without_unpacking_them_in_place(tmp_path, small_mnist, server):
    folder = small_mnist.write_into(tmp_path)
    check_small(open_mnist(tmp_path, download=True), small_mnist)
    assert sorted(path.name for path in folder.iterdir()) == sorted(small_mnist.files)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["MNIST"]
    assert not server.served


def test_unpacked_files_are_read(tmp_path, small_mnist):
    folder = small_mnist.write_into(tmp_path)
    for packed in list(folder.iterdir()):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.unlink()
    check_small(open_mnist(tmp_path, download=False), small_mnist)


def test_only_missing_files_are_downloaded(tmp_path, small_mnist, server):
    folder = small_mnist.write_into(tmp_path)
    (folder / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match=r"t10k-labels-idx1-ubyte.gz is missing; .*download: true"):
        open_mnist(tmp_path, download=False)
    check_small(open_mnist(tmp_path, download=True), small_mnist)
    assert dict(server.served) == {"t10k-labels-idx1-ubyte.gz": 1}


def test_the_second_mirror_is_tried_and_both_are_named(tmp_path, small_mnist, server, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.setattr(MNIST, "mirrors", [server.url + "gone/", server.url])
    check_small(open_mnist(tmp_path / "a", download=True), small_mnist)
    monkeypatch.setattr(MNIST, "mirrors", [server.url + "gone/", server.url + "too/"])
    with pytest.raises(InputError, match=r"/gone/train-im.* or .*/too/train-im.*; check"):
        open_mnist(tmp_path / "b", download=True)


def test_a_damaged_packed_file_is_named(tmp_path, small_mnist):
    folder = small_mnist.write_into(tmp_path)
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(
        InputError, match=r"train-images-idx3-ubyte.gz is damaged, or of .*; delete it"
    ):
        open_mnist(tmp_path, download=True)


@pytest.mark.parametrize("n_bytes", [0, 3, 10, 500, 15_000])
def test_an_unpacked_file_cut_short_is_named(tmp_path, small_mnist, n_bytes):
    folder = small_mnist.write_into(tmp_path)
    packed = folder / "t10k-images-idx3-ubyte.gz"
    cut = gzip.decompress(packed.read_bytes())[:n_bytes]
    packed.unlink()
    packed.with_suffix("").write_bytes(cut)
    with pytest.raises(InputError, match=r"t10k-images-idx3-ubyte is damaged, or of .*; delete it"):
        open_mnist(tmp_path, download=True)


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_files_of_another_data_set_are_not_mnist(tmp_path, small_mnist, pack):
    """Fashion-MNIST and EMNIST have files of the same names."""
    folder = small_mnist.write_into(tmp_path)
    packed = folder / "train-labels-idx1-ubyte.gz"
    contents = gzip.decompress(packed.read_bytes())
    packed.unlink()
    path = packed if pack is gzip.compress else packed.with_suffix("")
    path.write_bytes(pack(contents[:-1] + bytes([5])))
    with pytest.raises(InputError, match=f"{path.name} is damaged, or of another data set"):
        open_mnist(tmp_path, download=False)


def test_no_temporary_file_is_written(tmp_path, small_mnist, monkeypatch):
    small_mnist.write_into(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    check_small(open_mnist(tmp_path, download=False), small_mnist)


def test_real_mnist(data_root):
    source = open_mnist(data_root, download=False)
    train, test = (np.bincount(source.labels[source.is_test == split]) for split in (False, True))
    assert train.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert test.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    images = source.read(np.arange(70_000), None)
    assert images.shape == (70_000, 28, 28, 1)
    assert images[:60_000].mean() / 255 == pytest.approx(0.1307, abs=1e-4)
