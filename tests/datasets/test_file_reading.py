import logging

import numpy as np
import pytest
from PIL import Image

from created_equal.datasets.file_reading import CHUNK, read_files
from created_equal.errors import InputError


def save(path, mode="RGB", color=0, size=(5, 4)):
    Image.new(mode, size, color).save(path)
    return path


def test_rows_are_read_in_the_given_order(tmp_path):
    files = [save(tmp_path / f"{k}.png", color=(k, 0, 0)) for k in range(4)]
    images = read_files(files, np.array([3, 1]), None)
    assert images.shape == (2, 4, 5, 3)
    assert images[:, 0, 0, 0].tolist() == [3, 1]


def test_several_chunks_are_read_in_order(tmp_path):
    files = [save(tmp_path / f"{k}.png", "L", k, (1, 1)) for k in range(3)]
    rows = np.arange(2 * CHUNK + 5) % 3
    assert np.array_equal(read_files(files, rows, None)[:, 0, 0, 0], rows)


def test_gray_images_have_one_channel(tmp_path, caplog):
    files = [save(tmp_path / f"{k}.png", "L", k) for k in range(3)]
    images = read_files(files, np.arange(3), None)
    assert images.shape == (3, 4, 5, 1)
    assert images[:, 0, 0, 0].tolist() == [0, 1, 2]
    assert not caplog.records


def test_gray_images_among_color_images_become_color_with_a_warning(tmp_path, caplog):
    files = [save(tmp_path / "a.png", "RGB", (1, 2, 3)), save(tmp_path / "b.png", "L", 9)]
    with caplog.at_level(logging.INFO):
        images = read_files(files, np.arange(2), None)
    assert images[1, 0, 0].tolist() == [9, 9, 9]
    assert "1 of 2 images are gray" in caplog.text
    assert "b.png" in caplog.text


def test_different_sizes_are_reported_with_two_files_and_a_remedy(tmp_path):
    files = [
        save(tmp_path / "a.png"),
        save(tmp_path / "b.png"),
        save(tmp_path / "c.png", size=(7, 2)),
    ]
    with pytest.raises(
        InputError, match=r"a.png has 5 x 4 pixels, .*c.png 7 x 2\); add size: N to the dataset"
    ):
        read_files(files, np.arange(3), None)
    assert read_files(files, np.arange(3), 4).shape == (3, 4, 4, 3)


def test_broken_files_are_named_and_counted(tmp_path):
    files = [save(tmp_path / f"{k}.png", size=(60, 60)) for k in range(7)]
    Image.effect_noise((60, 60), 90).save(files[1])
    files[1].write_bytes(files[1].read_bytes()[:2000])
    for k in (2, 3, 5):
        files[k].write_text("not an image")
    files[6].unlink()
    for size in (None, 8):
        with pytest.raises(InputError) as caught:
            read_files(files, np.arange(7), size)
        message = str(caught.value)
        assert message.startswith("5 files cannot be read as images: ")
        assert "1.png (" in message
        assert "2.png (not an image)" in message
        assert message.endswith("and 2 more; replace or remove them, and run again.")
        assert "5.png" not in message


def test_the_first_file_may_be_broken(tmp_path):
    files = [tmp_path / "a.png", save(tmp_path / "b.png")]
    files[0].write_bytes(b"")
    with pytest.raises(
        InputError, match=r"1 file cannot be read as images: .*a.png \(not an image"
    ):
        read_files(files, np.arange(2), None)


def test_no_readable_file(tmp_path):
    (tmp_path / "a.png").write_text("not an image")
    with pytest.raises(InputError, match="1 file cannot be read"):
        read_files([tmp_path / "a.png"], np.arange(1), None)
    with pytest.raises(InputError, match=r"gone.png \(No such file or directory\)"):
        read_files([tmp_path / "gone.png"], np.arange(1), None)
