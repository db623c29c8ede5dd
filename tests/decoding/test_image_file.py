import numpy as np
import pytest
from PIL import Image

from created_equal.decoding.image_file import decode_image


def decoded(tmp_path, image, name="image.png", **options):
    image.save(tmp_path / name, **options)
    return decode_image(tmp_path / name, None)


def one_colour(mode, colour, size=(6, 4)):
    return Image.new(mode, size, colour)


@pytest.mark.parametrize(
    ("mode", "colour", "expected", "is_grey"),
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
def test_every_kind_of_png_becomes_rgb(tmp_path, mode, colour, expected, is_grey):
    result = decoded(tmp_path, one_colour(mode, colour))
    assert result.pixels.shape == (4, 6, 3)
    assert result.pixels.dtype == np.uint8
    assert (result.pixels == expected).all()
    assert result.is_grey is is_grey


def test_a_palette_gives_its_colours(tmp_path):
    image = one_colour("RGB", (200, 10, 10)).convert("P", palette=Image.Palette.ADAPTIVE)
    assert (decoded(tmp_path, image).pixels == (200, 10, 10)).all()


def test_a_transparent_palette_shows_white(tmp_path):
    image = one_colour("P", 0)
    image.putpalette([9, 9, 9])
    assert (decoded(tmp_path, image, transparency=0).pixels == 255).all()


def test_cmyk_becomes_rgb(tmp_path):
    result = decoded(tmp_path, one_colour("CMYK", (0, 255, 255, 0)), "image.jpg", quality=95)
    assert (np.abs(result.pixels.astype(int) - (255, 0, 0)) <= 4).all()
    assert not result.is_grey


def test_exif_orientation_turns_it_upright(tmp_path):
    image = one_colour("RGB", (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 3, 4))  # left half white
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise: left becomes top
    result = decoded(tmp_path, image, exif=exif)
    assert result.pixels.shape == (6, 4, 3)
    assert (result.pixels[:3] == 255).all()
    assert (result.pixels[3:] == 0).all()


def test_of_an_animation_the_first_frame(tmp_path):
    frames = [one_colour("L", value) for value in (40, 90)]
    result = decoded(tmp_path, frames[0], "image.gif", save_all=True, append_images=frames[1:])
    assert (result.pixels == 40).all()


def test_numbers_of_32_bits_are_refused(tmp_path):
    with pytest.raises(ValueError, match="neither 8 nor 16 bits"):
        decoded(tmp_path, one_colour("F", 0.5), "image.tiff")
    with pytest.raises(ValueError, match="neither 8 nor 16 bits"):
        decoded(tmp_path, one_colour("I", 70_000), "image.tiff")


def test_size_makes_it_square(tmp_path):
    one_colour("I;16", 257 * 7).save(tmp_path / "deep.png")
    result = decode_image(tmp_path / "deep.png", 3)
    assert result.pixels.shape == (3, 3, 3)
    assert (result.pixels == 7).all()
