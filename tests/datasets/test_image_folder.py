import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from created_equal.datasets.image_folder import open_image_folder
from created_equal.errors import InputError


def put(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 4), value).save(path)


@pytest.fixture
def folder(tmp_path):
    """Two classes; the value of each image's pixels is its position."""
    put(tmp_path / "train" / "cat" / "a.png", 0)
    put(tmp_path / "train" / "cat" / "b" / "c.png", 1)
    put(tmp_path / "train" / "dog" / "a.png", 2)
    put(tmp_path / "test" / "cat" / "z.png", 3)
    put(tmp_path / "test" / "dog" / "y.png", 4)
    return tmp_path


@pytest.fixture
def tiny(tmp_path):
    """Tiny ImageNet's layout: classes n2 (broom) and n1 (crane), and n3 that is not there."""
    put(tmp_path / "train" / "n1" / "images" / "n1_0.JPEG")
    put(tmp_path / "train" / "n2" / "images" / "n2_0.JPEG")
    put(tmp_path / "train" / "n2" / "images" / "n2_1.JPEG")
    (tmp_path / "train" / "n1" / "n1_boxes.txt").write_text("n1_0.JPEG\t0\t0\t1\t1\n")
    put(tmp_path / "val" / "images" / "val_0.JPEG")
    put(tmp_path / "val" / "images" / "val_1.JPEG")
    lines = "val_0.JPEG\tn2\t0\t0\t3\t3\nval_1.JPEG\tn1\t0\t0\t3\t3\n"
    (tmp_path / "val" / "val_annotations.txt").write_text(lines)
    put(tmp_path / "test" / "images" / "test_0.JPEG")
    (tmp_path / "wnids.txt").write_text("n1\nn2\nn3\n")
    (tmp_path / "words.txt").write_text("n1\tcrane, bird\nn2\tbroom\nn3\tiPod\n")
    return tmp_path


def check_five(source):
    images = source.read(np.arange(5), None)
    assert images[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]
    assert source.labels.tolist() == [0, 0, 1, 0, 1]
    assert source.is_test.tolist() == [False, False, False, True, True]
    assert source.positions.tolist() == [0, 1, 2, 3, 4]
    assert list(source.class_names) == ["cat", "dog"]


def test_class_folders_are_read_in_order(folder):
    check_five(open_image_folder(folder))


def test_val_stands_in_for_test_and_test_goes_first(folder):
    put(folder / "val" / "cat" / "other.png", 200)
    check_five(open_image_folder(folder))
    shutil.rmtree(folder / "val")
    (folder / "test").rename(folder / "val")
    check_five(open_image_folder(folder))


def test_hidden_files_and_folders_are_left_out(folder):
    (folder / "train" / ".DS_Store").touch()
    (folder / "train" / "cat" / "._a.png").touch()
    put(folder / "train" / ".ipynb_checkpoints" / "a.png")
    check_five(open_image_folder(folder))


def test_tiny_imagenets_own_layout(tiny):
    source = open_image_folder(tiny)
    assert list(source.class_names) == ["crane", "broom"]
    assert source.labels.tolist() == [0, 1, 1, 0, 1]
    assert source.is_test.tolist() == [False, False, False, True, True]
    assert source.read(np.arange(5), None).shape == (5, 4, 4, 1)


def test_names_that_are_not_unique_keep_the_folder(tiny):
    (tiny / "words.txt").write_text("n1\tcrane, bird\nn2\tcrane, machine\n")
    assert list(open_image_folder(tiny).class_names) == ["crane (n1)", "crane (n2)"]
    (tiny / "words.txt").write_text("n1\tcrane\n")
    assert list(open_image_folder(tiny).class_names) == ["crane", "n2"]


def test_annotations_and_images_must_agree(tiny):
    annotations = tiny / "val" / "val_annotations.txt"
    whole = annotations.read_text()
    annotations.write_text(whole + "val_7.JPEG\tn1\t0\t0\t3\t3\n")
    with pytest.raises(InputError, match=r"line 3 of .*val_annotations.txt does not name an image"):
        open_image_folder(tiny)
    annotations.write_text(whole + "nonsense\n")
    with pytest.raises(InputError, match="line 3 of"):
        open_image_folder(tiny)
    annotations.write_text(whole.splitlines()[0])
    with pytest.raises(InputError, match=r"val_1.JPEG has no line in .*val_annotations.txt"):
        open_image_folder(tiny)


def test_annotations_that_are_no_text(tiny):
    (tiny / "val" / "val_annotations.txt").write_bytes(b"val_0.JPEG\tn2\nval_\xff.JPEG\tn1\n")
    with pytest.raises(InputError, match=r"val_annotations.txt is not UTF-8 text; unpack the arch"):
        open_image_folder(tiny)


def test_names_are_utf_8_wherever_this_runs(tiny):
    """Also in a locale of ASCII; what is no text in words.txt is no reason to stop."""
    annotations = tiny / "val" / "val_annotations.txt"
    annotations.write_text(annotations.read_text().replace("\t3\n", "\tdrei ³\n"), encoding="utf-8")
    (tiny / "words.txt").write_bytes("n1\tKräne\nn2\t".encode() + b"\xffbroom\n")
    code = (
        "import sys; from pathlib import Path;"
        "from created_equal.datasets.image_folder import open_image_folder;"
        "opened = open_image_folder(Path(sys.argv[1]));"
        "print(len(opened.files), ascii(list(opened.class_names)))"
    )
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-c", code, tiny],
        env=os.environ | ascii_only,
        capture_output=True,
        text=True,
    )
    assert done.stdout == f"5 {['Kräne', chr(0xFFFD) + 'broom']!a}\n", done.stderr


def test_missing_folders(folder):
    with pytest.raises(InputError, match=r"nowhere is not a folder; set the dataset's path"):
        open_image_folder(folder / "nowhere")
    (folder / "test").rename(folder / "tests")
    with pytest.raises(InputError, match="neither a folder test nor a folder val; put"):
        open_image_folder(folder)
    (folder / "train").rename(folder / "training")
    with pytest.raises(InputError, match=r"has no folder train; put .* in train/CLASS/"):
        open_image_folder(folder)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_with_no_images(folder, split):
    (folder / split / "emu" / "deep").mkdir(parents=True)
    (folder / split / "emu" / ".hidden").touch()
    with pytest.raises(InputError, match=rf"{split}/emu has no images; .* remove the class emu"):
        open_image_folder(folder)


def test_no_class_folders_at_all(folder):
    shutil.rmtree(folder / "test")
    (folder / "test").mkdir()
    with pytest.raises(InputError, match="test has no class folders; put"):
        open_image_folder(folder)


def test_an_image_outside_the_class_folders(folder):
    put(folder / "train" / "lost.png")
    with pytest.raises(InputError, match=r"train/lost.png lies outside the class folders; move"):
        open_image_folder(folder)


def test_a_train_class_that_is_not_in_test(folder):
    put(folder / "train" / "emu" / "a.png")
    with pytest.raises(InputError, match=r"has no images of the class emu; add some, or leave"):
        open_image_folder(folder)


def test_a_test_class_that_is_not_in_train(folder):
    put(folder / "test" / "emu" / "a.png")
    with pytest.raises(InputError, match=r"has the class emu, which .*train has not; add it there"):
        open_image_folder(folder)


def test_one_class_only(folder):
    shutil.rmtree(folder / "train" / "dog")
    with pytest.raises(InputError, match=r"train has only one class \(cat\); give at least two"):
        open_image_folder(folder)


def test_real_tiny_imagenet(data_root, caplog):
    source = open_image_folder(data_root / "tiny-imagenet-200")
    assert np.bincount(source.labels[~source.is_test]).tolist() == [100] * 10
    assert np.bincount(source.labels[source.is_test]).tolist() == [50] * 10
    assert list(source.class_names)[:3] == [
        "European fire salamander",
        "standard poodle",
        "bighorn",
    ]
    assert source.read(np.arange(1500), None).shape == (1500, 64, 64, 3)
    assert "23 of 1500 images are grey" in caplog.text
