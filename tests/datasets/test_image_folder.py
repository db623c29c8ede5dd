import logging
import os
import shutil

import numpy as np
import pytest
from commands import printed_by
from image_folders import save_image

from created_equal.datasets.image_folder import open_image_folder
from created_equal.errors import InputError


@pytest.fixture
def folder(tmp_path):
    """Two classes, in which the pixels of each image have its position as value."""
    save_image(tmp_path / "train" / "cat" / "a.png", 0)
    save_image(tmp_path / "train" / "cat" / "b" / "c.png", 1)
    save_image(tmp_path / "train" / "dog" / "a.png", 2)
    save_image(tmp_path / "test" / "cat" / "z.png", 3)
    save_image(tmp_path / "test" / "dog" / "y.png", 4)
    return tmp_path


@pytest.fixture
def tiny(tmp_path):
    """Tiny ImageNet's layout with the classes n1 (crane) and n2 (broom), but without n3."""
    save_image(tmp_path / "train" / "n1" / "images" / "n1_0.JPEG")
    save_image(tmp_path / "train" / "n2" / "images" / "n2_0.JPEG")
    save_image(tmp_path / "train" / "n2" / "images" / "n2_1.JPEG")
    (tmp_path / "train" / "n1" / "n1_boxes.txt").write_text("n1_0.JPEG\t0\t0\t1\t1\n")
    save_image(tmp_path / "val" / "images" / "val_0.JPEG")
    save_image(tmp_path / "val" / "images" / "val_1.JPEG")
    lines = "val_0.JPEG\tn2\t0\t0\t3\t3\nval_1.JPEG\tn1\t0\t0\t3\t3\n"
    (tmp_path / "val" / "val_annotations.txt").write_text(lines)
    save_image(tmp_path / "test" / "images" / "test_0.JPEG")
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


def test_val_is_used_if_there_is_no_test(folder, caplog):
    caplog.set_level(logging.INFO)
    save_image(folder / "val" / "cat" / "other.png", 200)
    check_five(open_image_folder(folder))
    assert f"{folder / 'val'} is left out, because there is {folder / 'test'}" in caplog.text
    shutil.rmtree(folder / "val")
    (folder / "test").rename(folder / "val")
    check_five(open_image_folder(folder))


def test_tiny_imagenets_own_layout(tiny, caplog):
    source = open_image_folder(tiny)
    assert not caplog.records
    assert list(source.class_names) == ["crane", "broom"]
    assert source.labels.tolist() == [0, 1, 1, 0, 1]
    assert source.is_test.tolist() == [False, False, False, True, True]
    assert source.read(np.arange(5), None).shape == (5, 4, 4, 1)


def test_names_that_are_not_unique_include_the_folder(tiny):
    (tiny / "words.txt").write_text("n1\tcrane, bird\nn2\tcrane, machine\n")
    assert list(open_image_folder(tiny).class_names) == ["crane (n1)", "crane (n2)"]
    (tiny / "words.txt").write_text("n1\tcrane\n")
    assert list(open_image_folder(tiny).class_names) == ["crane", "n2"]


def test_annotations_and_images_must_agree(tiny):
    annotations = tiny / "val" / "val_annotations.txt"
    original = annotations.read_text()
    annotations.write_text(original + "val_7.JPEG\tn1\t0\t0\t3\t3\n")
    with pytest.raises(InputError, match=r"line 3 of .*val_annotations.txt does not name an image"):
        open_image_folder(tiny)
    annotations.write_text(original + "nonsense\n")
    with pytest.raises(InputError, match="line 3 of"):
        open_image_folder(tiny)
    annotations.write_text(original.splitlines()[0])
    with pytest.raises(InputError, match=r"val_1.JPEG has no line in .*val_annotations.txt"):
        open_image_folder(tiny)


def test_annotations_that_are_not_text_are_rejected(tiny):
    (tiny / "val" / "val_annotations.txt").write_bytes(b"val_0.JPEG\tn2\nval_\xff.JPEG\tn1\n")
    with pytest.raises(InputError, match=r"val_annotations.txt is not UTF-8 text; unpack the arch"):
        open_image_folder(tiny)


def test_names_are_utf_8_in_every_locale(tiny):
    """The locale may be ASCII, and words.txt may have invalid bytes."""
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
    printed = printed_by(code, tiny, env=os.environ | ascii_only)
    assert printed == f"5 {['Kräne', chr(0xFFFD) + 'broom']!a}\n"


def test_missing_folders_are_reported(folder):
    with pytest.raises(InputError, match=r"nowhere is not a folder; set the dataset's path"):
        open_image_folder(folder / "nowhere")
    (folder / "test").rename(folder / "tests")
    with pytest.raises(InputError, match=r"folder val \(it has tests, train\); put"):
        open_image_folder(folder)
    (folder / "train").rename(folder / "training")
    with pytest.raises(InputError, match=r"has no folder train \(it has tests, training\); put"):
        open_image_folder(folder)


def test_of_many_folders_a_few_are_named(tmp_path):
    """As if the folders of classes lay there without train and test."""
    for number in range(7):
        (tmp_path / f"class_{number}").mkdir()
    with pytest.raises(InputError, match=r"\(it has class_0, .*, class_4, ...\); put the train"):
        open_image_folder(tmp_path)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_class_without_images_is_rejected(folder, split):
    (folder / split / "emu" / "deep").mkdir(parents=True)
    (folder / split / "emu" / ".hidden").touch()
    with pytest.raises(InputError, match=rf"{split}/emu has no images; .* remove the class emu"):
        open_image_folder(folder)


def test_a_split_without_class_folders_is_rejected(folder):
    shutil.rmtree(folder / "test")
    (folder / "test").mkdir()
    with pytest.raises(InputError, match="test has no class folders; put"):
        open_image_folder(folder)


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        ("train/lost.png", "train/lost.png is outside the class folders; move"),
        ("train/emu/a.png", "has no images of the class emu; add some, or remove"),
        ("test/emu/a.png", r"has the class emu, which is missing in .*train; add it there"),
        ("train/cat/\udcff.png", "train/cat/.udcff.png' cannot be read as UTF-8; rename"),
    ],
    ids=["outside the classes", "only in train", "only in test", "not UTF-8"],
)
def test_an_image_that_does_not_fit_is_rejected(folder, image, sentence):
    save_image(folder / image)
    with pytest.raises(InputError, match=sentence):
        open_image_folder(folder)


def test_a_single_class_is_rejected(folder):
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
    assert "23 of 1500 images are gray" in caplog.text


def test_hidden_files_and_what_other_programs_leave_are_no_examples(folder, caplog):
    caplog.set_level(logging.INFO)
    (folder / "train" / ".DS_Store").touch()
    (folder / "train" / "cat" / "._a.png").touch()
    save_image(folder / "train" / ".ipynb_checkpoints" / "a.png")
    save_image(folder / "train" / "@eaDir" / "a.png")
    save_image(folder / "train" / "cat" / "@eaDir" / "a.png" / "thumb.png")
    save_image(folder / "train" / "__MACOSX" / "a.png")
    (folder / "train" / "cat" / "Thumbs.db").touch()
    (folder / "test" / "desktop.ini").touch()
    check_five(open_image_folder(folder))
    assert "left out: 8 files or folders that are hidden or from other programs" in caplog.text


def test_images_in_folders_within_are_counted(folder, caplog):
    open_image_folder(folder)
    assert f"1 image is in subfolders of the class folders, and used too (for example {folder}" in (
        caplog.text
    )


def test_folders_within_all_class_folders_are_named_too(tmp_path, caplog):
    for split in ("train", "test"):
        for name in ("animal/cat", "animal/dog", "vehicle/car"):
            save_image(tmp_path / split / name / "a.png")
    assert open_image_folder(tmp_path).class_names == ["animal", "vehicle"]
    assert "6 images are in subfolders of the class folders" in caplog.text


def test_links_that_lead_nowhere_or_back_are_named(folder):
    (folder / "train" / "emu").symlink_to(folder / "gone")
    with pytest.raises(InputError, match=r"train/emu is a link to .*gone, which does not exist; m"):
        open_image_folder(folder)
    (folder / "train" / "emu").unlink()
    (folder / "train" / "cat" / "loop").symlink_to(folder / "train")
    with pytest.raises(InputError, match=r"cat/loop is a link to a folder that contains it"):
        open_image_folder(folder)


@pytest.mark.parametrize(
    ("ours", "theirs"), [("Gr\u00fcn", "Gru\u0308n"), ("Cat", "cat "), ("a", "A")]
)
def test_names_that_look_alike_are_spelt_out(folder, ours, theirs):
    save_image(folder / "train" / ours / "a.png")
    save_image(folder / "test" / theirs / "a.png")
    with pytest.raises(InputError, match="which is another name; rename one") as raised:
        open_image_folder(folder)
    shown = {ours, theirs} if ours.isascii() and theirs == "A" else {f"{theirs!a}"}
    assert all(each in str(raised.value) for each in shown)


def test_a_class_whose_name_is_not_utf_8_is_refused(folder):
    (folder / "train" / "cat").rename(folder / "train" / "c\udce9t")
    with pytest.raises(InputError, match=r"c.udce9t' cannot be read as UTF-8; rename it, or choos"):
        open_image_folder(folder)


def test_a_pipe_is_refused_and_not_waited_for(folder):
    os.mkfifo(folder / "train" / "cat" / "pipe.png")
    with pytest.raises(InputError, match=r"train/cat/pipe.png is a pipe, a socket or a device"):
        open_image_folder(folder)
