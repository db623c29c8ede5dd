import numpy as np
import pytest
from PIL import Image

from created_equal.artefacts import (
    ImageFiles,
    fingerprint,
    has_files,
    image_shape,
    read_dataset,
    read_images,
    write_dataset,
)
from created_equal.datasets import build_dataset
from created_equal.errors import InputError

SIZE = 6


def build(folder, images="files", size=SIZE, path="mine"):
    definition = {"source": "image_folder", "path": path, "size": size, "images": images}
    return build_dataset(definition, folder, download=False)


@pytest.fixture
def folder(tmp_path):
    """Two classes of noise, in color and gray, larger than SIZE and not square."""
    generator = np.random.default_rng(0)
    for split in ("train", "test"):
        for name in ("cat", "dögs"):
            (tmp_path / "mine" / split / name).mkdir(parents=True)
            for number in range(3):
                shape = (9, 12) if number == 2 else (9, 12, 3)
                pixels = generator.integers(256, size=shape, dtype=np.uint8)
                Image.fromarray(pixels).save(tmp_path / "mine" / split / name / f"{number}.png")
    return tmp_path


def first(folder):
    return folder / "mine" / "train" / "cat" / "0.png"


def test_image_files_equal_the_images_in_memory(folder):
    files, memory = build(folder), build(folder, "memory")
    assert not has_files(memory)
    assert has_files(files)
    assert np.array_equal(read_images(files, folder), read_images(memory, folder))
    assert image_shape(files) == image_shape(memory) == (SIZE, SIZE, 3)
    for name in ("label", "example_split", "class_name", "channel_mean", "channel_std"):
        assert files[name].identical(memory[name]), name


@pytest.mark.filterwarnings("error")
def test_what_pillow_warns_of_is_said_by_the_build_alone(folder, caplog):
    exif = Image.Exif()
    exif[0x010E] = "a description that is cut short" * 3
    with Image.open(first(folder)) as image:
        image.save(first(folder), format="JPEG", exif=exif.tobytes()[:-40])
    dataset = build(folder)
    assert f'Skipping tag N" (for example {first(folder)})' in caplog.text
    assert read_images(dataset, folder).shape == (12, SIZE, SIZE, 3)


def test_some_examples_are_read_alone(folder):
    dataset = build(folder)
    chosen = dataset.sel(example=[7, 2])
    assert np.array_equal(read_images(chosen, folder), read_images(dataset, folder)[[7, 2]])


def test_a_file_holds_names_and_hashes_but_no_pixels(folder, tmp_path):
    dataset = build(folder)
    write_dataset(dataset, tmp_path / "d.nc", {})
    read = read_dataset(tmp_path / "d.nc")
    assert read["file"].values[0] == "train/cat/0.png"
    assert read["file"].values[-1] == "test/dögs/2.png"
    assert read.attrs["folder"] == "mine"
    assert image_shape(read) == (SIZE, SIZE, 3)
    assert "image" not in read
    assert fingerprint(read) == fingerprint(dataset)
    assert np.array_equal(read_images(read, folder), read_images(dataset, folder))


def test_the_fingerprint_names_bytes_and_size_but_no_place(folder, monkeypatch):
    before = fingerprint(build(folder))
    assert fingerprint(build(folder, size=SIZE + 1)) != before
    (folder / "mine").rename(folder / "moved")
    assert fingerprint(build(folder, path="moved")) == before
    assert fingerprint(build(folder.parent, path=str(folder / "moved"))) == before
    with (folder / "moved" / "test" / "cat" / "0.png").open("ab") as file:
        file.write(b"\0")
    assert fingerprint(build(folder, path="moved")) != before


def test_the_fingerprint_has_the_version_of_the_decoding(folder, monkeypatch):
    dataset, memory = build(folder), build(folder, "memory")
    before = fingerprint(dataset), fingerprint(memory)
    monkeypatch.setattr("created_equal.artefacts.dataset.DECODING_VERSION", 99)
    after = fingerprint(dataset), fingerprint(memory)
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_a_file_that_is_gone_or_changed_or_no_image_is_named(folder):
    files = ImageFiles(build(folder), folder)
    contents = first(folder).read_bytes()
    first(folder).write_bytes(contents + b"\0")
    with pytest.raises(InputError, match=r"train/cat/0.png has changed since the dataset was"):
        files.pixels(0)
    first(folder).write_bytes(contents)
    files.pixels(0)
    first(folder).unlink()
    with pytest.raises(InputError, match=r"0.png cannot be read \(No such file or directory\); p"):
        files.pixels(0)
    files.pixels(1)


def test_a_file_cut_short_before_the_dataset_was_built_is_named_when_it_is_read(folder):
    broken = folder / "mine" / "test" / "cat" / "1.png"
    broken.write_bytes(broken.read_bytes()[:-60])
    files = ImageFiles(build(folder), folder)
    with pytest.raises(InputError, match=r"test/cat/1.png cannot be read as an image \(.*tru"):
        files.pixels(7)
