import logging

import numpy as np
import pytest
from image_folders import save_image, save_images

from created_equal.artefacts import content_hash
from created_equal.datasets import build_dataset, file_dataset, file_reading
from created_equal.datasets.file_dataset import channel_moments, hash_files, sample
from created_equal.errors import InputError


@pytest.fixture
def folder(tmp_path):
    names = ("train/a/0", "train/a/1", "train/b/0", "train/b/1", "test/a/0", "test/b/0")
    return save_images(tmp_path, names, color=(1, 2, 3))


def build(folder, **more):
    definition = {"source": "image_folder", "path": str(folder), "size": 4, "images": "files"}
    return build_dataset(definition | more, folder, download=False)


def test_hashes_are_in_the_order_of_the_files(folder):
    files = [folder / "train" / "a" / f"{k}.png" for k in (1, 0)]
    save_image(files[0], (9, 9, 9))
    expected = [content_hash(path.read_bytes()) for path in files]
    assert hash_files(files).tolist() == expected
    assert expected[0] != expected[1]


def test_progress_is_logged(folder, caplog, monkeypatch):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(file_reading, "FILES_PER_LOG_LINE", 2)
    hash_files([folder / "train" / "a" / "0.png"] * 5)
    assert caplog.messages == ["read 2 of 5 files", "read 4 of 5 files"]


def test_unreadable_files_are_named(folder):
    (folder / "train" / "a" / "0.png").write_text("not an image")
    (folder / "test" / "b" / "0.png").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        build(folder)
    assert str(caught.value).startswith("2 files cannot be read as images: ")
    assert "train/a/0.png (not an image, or" in str(caught.value)
    assert str(caught.value).endswith("; replace or remove them, and run again.")


def test_moments_are_those_of_the_train_images(folder):
    save_image(folder / "train" / "a" / "0.png", (5, 2, 3))
    save_image(folder / "test" / "a" / "0.png", (200, 200, 200))
    dataset = build(folder)
    assert dataset["channel_mean"].values.tolist() == [2, 2, 3]
    assert dataset["channel_std"].values.tolist() == [np.sqrt(3), 0, 0]


def test_moments_of_a_sample_are_near_those_of_all_files(folder, monkeypatch):
    generator = np.random.default_rng(0)
    files = [save_image(folder / f"{k}.png", int(generator.integers(256))) for k in range(400)]
    (mean, deviation), *_ = channel_moments(files, 4)
    monkeypatch.setattr(file_dataset, "N_SAMPLED", 200)
    chosen = sample(len(files))
    assert len(chosen) == len(set(chosen)) == 200
    assert np.array_equal(chosen, sample(len(files)))
    (sampled_mean, sampled_deviation), *_ = channel_moments([files[row] for row in chosen], 4)
    # The tolerance is three standard errors of a mean of 200 of 400 files.
    assert sampled_mean == pytest.approx(mean, abs=3 * deviation / np.sqrt(400))
    assert sampled_mean != mean
    assert sampled_deviation == pytest.approx(deviation, rel=0.1)


def test_gray_files_have_three_channels(tmp_path):
    save_images(tmp_path, color=77)
    assert build(tmp_path)["channel_mean"].values.tolist() == [77, 77, 77]


def test_the_same_examples_are_chosen_as_in_memory(folder):
    chosen = build(folder, train_examples=2)
    memory = build(folder, train_examples=2, images="memory")
    assert np.array_equal(chosen["example"].values, memory["example"].values)
    assert chosen.sizes["example"] == 4
