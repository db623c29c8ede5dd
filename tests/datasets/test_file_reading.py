import logging
import struct
import zlib

import numpy as np
import pytest
from image_folders import save_image
from PIL import Image

from created_equal.datasets.file_reading import CHUNK, read_files
from created_equal.errors import InputError


def save(path, mode="RGB", color=0, size=(5, 4)):
    return save_image(path, color, size, mode)


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
    with pytest.raises(InputError, match=r"has 5 x 4 pixels, .*c.png 7 x 2\); add size: N to the"):
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
        assert "2.png (not an image, or" in message
        assert message.endswith("and 2 more; replace or remove them, and run again.")
        assert "5.png" not in message


def test_the_first_file_may_be_broken(tmp_path):
    files = [tmp_path / "a.png", save(tmp_path / "b.png")]
    files[0].write_bytes(b"")
    with pytest.raises(
        InputError, match=r"1 file cannot be read as an image: .*a.png \(not an image"
    ):
        read_files(files, np.arange(2), None)


def test_an_image_larger_than_pillow_reads_is_named_with_its_pixels(tmp_path, monkeypatch, caplog):
    files = [save(tmp_path / f"{k}.png", size=(10, k)) for k in (9, 15, 21)]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert read_files(files, np.arange(2), 8).shape == (2, 8, 8, 3)
    assert caplog.messages == []
    with pytest.raises(InputError) as caught:
        read_files(files, np.arange(3), 8)
    assert str(caught.value) == (
        f"1 file cannot be read as an image: {files[2]} (210 pixels, but at most 200 can be read; "
        "reduce it); replace or remove it, and run again."
    )


def test_no_readable_file(tmp_path):
    (tmp_path / "a.png").write_text("not an image")
    with pytest.raises(InputError, match="1 file cannot be read"):
        read_files([tmp_path / "a.png"], np.arange(1), None)
    with pytest.raises(InputError, match=r"gone.png \(No such file or directory\)"):
        read_files([tmp_path / "gone.png"], np.arange(1), None)


def deep(path, largest):
    """Save a gray image of 16 bits whose values rise to the largest."""
    values = np.linspace(0, largest, 20).astype(np.uint16).reshape(4, 5)
    Image.fromarray(values).save(path)
    return path


def test_twelve_bits_in_sixteen_are_refused_and_named_among_others(tmp_path, caplog):
    files = [deep(tmp_path / "a.png", 2000), deep(tmp_path / "b.png", 4095)]
    with pytest.raises(InputError, match=r"b\.png, would be 16 of 255, and at most 17 levels"):
        read_files(files, np.arange(2), None)
    files.append(deep(tmp_path / "c.png", 65535))
    assert read_files(files, np.arange(3), None).max() == 255
    assert "2 of 3 images with more than 8 bits per channel use at most a sixteenth" in caplog.text


def test_a_dark_image_of_sixteen_bits_among_those_of_eight_is_only_a_warning(tmp_path, caplog):
    files = [deep(tmp_path / "night.png", 20_000)]
    files += [save(tmp_path / f"{name}.png", "L", 200) for name in "ab"]
    assert read_files(files, np.arange(3), None).max() == 200
    assert "1 of 3 images have more than 8 bits per channel, but use only the lower" in caplog.text
    with pytest.raises(InputError, match=r"night\.png, would be 78 of 255"):
        read_files(files[:1], np.arange(1), None)


def test_eight_bits_in_thirty_two_are_refused(tmp_path):
    values = np.arange(20, dtype=np.int32).reshape(4, 5) * 13
    Image.fromarray(values).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"would be 1 of 255, and at most 2 levels"):
        read_files([tmp_path / "a.tif"], np.arange(1), None)


def test_twelve_bits_of_color_are_refused(tmp_path):
    """Pillow reads 16-bit color as the upper 8 bits, without a word."""
    path = tmp_path / "color.png"
    path.write_bytes(color_of_16_bits(4095))
    with pytest.raises(InputError, match=r"color\.png, would be 15 of 255, and at most 16"):
        read_files([path], np.arange(1), None)
    path.write_bytes(color_of_16_bits(65535))
    assert read_files([path], np.arange(1), None).max() == 255


def color_of_16_bits(value):
    """Return a PNG of one pixel with three channels of 16 bits."""

    def chunk(kind, data):
        checksum = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + checksum

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0" + struct.pack(">HHH", value, 0, 9))
    parts = ((b"IHDR", header), (b"IDAT", pixel), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def test_what_images_lose_is_counted(tmp_path, caplog):
    frames = [Image.new("L", (9, 9), value) for value in (40, 90)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    save(tmp_path / "b.png", "RGBA", (1, 2, 3, 4), (9, 9))
    save(tmp_path / "c.png", "RGBA", (1, 2, 3, 255), (30, 9))
    save(tmp_path / "d.png", size=(9, 3))
    files = sorted(tmp_path.iterdir())
    caplog.set_level(logging.INFO)
    read_files(files, np.arange(4), 8)
    assert "files: 3 PNG, 1 GIF" in caplog.messages
    for words in (
        "1 of 4 images have several frames or pages, of which only the first is read (for example "
        f"{files[0]})",
        f"1 of 4 images have transparent pixels, which become white (for example {files[1]})",
        f"1 of 4 images are smaller than 8 x 8 pixels and are enlarged (for example {files[3]})",
        "2 of 4 images are so oblong that more than half of their pixels are cropped (for example "
        f"{files[2]})",
    ):
        assert words in caplog.text


@pytest.mark.filterwarnings("error")
def test_warnings_of_the_decoder_are_counted_and_name_a_file(tmp_path, caplog):
    files = [save(tmp_path / "good.jpg")]
    for tag in (0x010E, 0x0131):
        exif = Image.Exif()
        exif[tag] = "a description that is cut short" * 3
        files.append(tmp_path / f"{tag}.jpg")
        Image.new("RGB", (5, 4)).save(files[-1], exif=exif.tobytes()[:-40])
    assert read_files(files, np.arange(2 * CHUNK) % 3, None).shape == (2 * CHUNK, 4, 5, 3)
    (message,) = caplog.messages
    assert message == (
        f"85 of {2 * CHUNK} images make Pillow warn: "
        f'"Tag data larger than file. Skipping tag N" (for example {files[1]})'
    )
