import struct

import numpy as np
import pytest
from PIL import Image, UnidentifiedImageError

from created_equal.decoding.image_file import decode_image, open_image


def save_and_decode(tmp_path, image, name="image.png", **options):
    image.save(tmp_path / name, **options)
    return decode_image(tmp_path / name, None)


def one_color(mode, color, size=(6, 4)):
    return Image.new(mode, size, color)


@pytest.mark.parametrize(
    ("mode", "color", "expected", "is_gray"),
    [
        ("RGB", (10, 20, 30), (10, 20, 30), False),
        ("L", 50, (50, 50, 50), True),
        ("1", 1, (255, 255, 255), True),
        ("RGBA", (10, 20, 30, 255), (10, 20, 30), False),
        ("RGBA", (10, 20, 30, 0), (255, 255, 255), False),
        ("RGBA", (0, 0, 0, 51), (204, 204, 204), False),
        ("LA", (0, 51), (204, 204, 204), True),
        ("I;16", 257 * 100, (100, 100, 100), True),
        ("I;16", 65535, (255, 255, 255), True),
    ],
)
def test_every_kind_of_png_becomes_rgb(tmp_path, mode, color, expected, is_gray):
    result = save_and_decode(tmp_path, one_color(mode, color))
    assert result.pixels.shape == (4, 6, 3)
    assert result.pixels.dtype == np.uint8
    assert (result.pixels == expected).all()
    assert result.is_gray is is_gray


def test_palettes_become_rgb(tmp_path):
    image = one_color("RGB", (200, 10, 10)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert (save_and_decode(tmp_path, image).pixels == (200, 10, 10)).all()


def test_the_a_of_lab_is_not_taken_for_transparency(tmp_path):
    one_color("LAB", (100, 120, 130)).save(tmp_path / "lab.tif")
    assert decode_image(tmp_path / "lab.tif", None).changes == ()


def test_transparent_pixels_of_palettes_become_white(tmp_path):
    image = one_color("P", 0)
    image.putpalette([9, 9, 9])
    assert (save_and_decode(tmp_path, image, transparency=0).pixels == 255).all()


def test_cmyk_becomes_rgb(tmp_path):
    result = save_and_decode(tmp_path, one_color("CMYK", (0, 255, 255, 0)), "image.jpg", quality=95)
    assert (np.abs(result.pixels.astype(int) - (255, 0, 0)) <= 4).all()
    assert not result.is_gray


@pytest.mark.parametrize("name", ["image.png", "image.webp"])
def test_an_image_with_broken_exif_data_keeps_its_pixels(tmp_path, name):
    """As datasets on the web have them (meshrcnn#55, huggingface/datasets#6739)."""
    image = one_color("RGB", (40, 40, 40))
    result = save_and_decode(tmp_path, image, name, exif=b"Exif\0\0broken", lossless=True)
    assert result.pixels.shape == (4, 6, 3) and (result.pixels == 40).all()
    assert result.changes == ("have EXIF data that cannot be read and are not rotated",)
    assert np.array_equal(open_image(tmp_path / name), result.pixels)


def test_exif_data_that_cannot_be_written_again(tmp_path):
    """Pillow writes it again, without the orientation, and fails at a text that is a fraction."""
    maker = struct.pack("<HHII", 0x010F, 5, 1, 38)
    orientation = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    tiff = b"II*\0" + struct.pack("<IH", 8, 2) + maker + orientation + struct.pack("<III", 0, 1, 2)
    image = one_color("RGB", (40, 40, 40))
    result = save_and_decode(tmp_path, image, "image.png", exif=b"Exif\0\0" + tiff)
    assert result.pixels.shape == (4, 6, 3) and (result.pixels == 40).all()
    assert result.changes == ("have EXIF data that cannot be read and are not rotated",)


@pytest.mark.parametrize("function", [open_image, lambda path: decode_image(path, None)])
def test_a_file_that_ghostscript_would_execute_is_no_image(tmp_path, function, monkeypatch):
    program = tmp_path / "bin/gs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/executed\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    lines = (
        "%!PS-Adobe-3.0 EPSF-3.0",
        "%%BoundingBox: 0 0 9 9",
        "%%EndComments",
        "showpage",
        "%%EOF",
    )
    (tmp_path / "cat.png").write_text("\n".join(lines))
    assert Image.open(tmp_path / "cat.png").format == "EPS"
    with pytest.raises(UnidentifiedImageError):
        function(tmp_path / "cat.png")
    assert not (tmp_path / "executed").exists()


def test_16_bits_of_all_channels_together_are_not_deep(tmp_path):
    header = struct.pack("<IiiHHIIiiII", 40, 4, 4, 1, 16, 3, 32, 0, 0, 0, 0)
    masks = struct.pack("<III", 0xF800, 0x7E0, 0x1F)
    pixels = struct.pack("<16H", *([0x8410] * 16))
    file = b"BM" + struct.pack("<IHHI", 98, 0, 0, 66) + header + masks + pixels
    (tmp_path / "image.bmp").write_bytes(file)
    result = decode_image(tmp_path / "image.bmp", None)
    assert (result.pixels == (131, 129, 131)).all()
    assert result.changes == () and result.brightest is None


def test_a_palette_whose_colors_are_all_opaque_is_not_said_to_become_white(tmp_path):
    image = one_color("RGB", (9, 9, 9)).convert("P")
    assert save_and_decode(tmp_path, image, transparency=bytes([255] * 256)).changes == ()
    changes = save_and_decode(tmp_path, image, transparency=bytes([255, 0])).changes
    assert changes == ("have transparent pixels, which become white",)


def test_a_transparent_gray_of_16_bits_stays_gray_and_is_not_said_to_become_white(tmp_path):
    result = save_and_decode(tmp_path, one_color("I;16", 30_000), transparency=30_000)
    assert (result.pixels == 117).all()
    assert result.changes == ("have more than 8 bits per channel, which are rounded to 8",)


def test_exif_orientation_rotates_the_image(tmp_path):
    image = one_color("RGB", (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 3, 4))  # left half white
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees clockwise: left becomes top
    result = save_and_decode(tmp_path, image, exif=exif)
    assert result.pixels.shape == (6, 4, 3)
    assert (result.pixels[:3] == 255).all()
    assert (result.pixels[3:] == 0).all()


def test_an_animation_yields_its_first_frame(tmp_path):
    frames = [one_color("L", value) for value in (40, 90)]
    result = save_and_decode(
        tmp_path, frames[0], "image.gif", save_all=True, append_images=frames[1:]
    )
    assert (result.pixels == 40).all()


def test_32_bit_values_are_rejected(tmp_path):
    with pytest.raises(ValueError, match="neither 8 nor 16 bits"):
        save_and_decode(tmp_path, one_color("F", 0.5), "image.tiff")
    with pytest.raises(ValueError, match="neither 8 nor 16 bits"):
        save_and_decode(tmp_path, one_color("I", 70_000), "image.tiff")


def test_images_are_resized_to_a_square(tmp_path):
    one_color("I;16", 257 * 7).save(tmp_path / "deep.png")
    result = decode_image(tmp_path / "deep.png", 3)
    assert result.pixels.shape == (3, 3, 3)
    assert (result.pixels == 7).all()
