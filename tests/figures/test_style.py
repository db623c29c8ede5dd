from collections.abc import Callable
from itertools import combinations

import matplotlib
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from created_equal.figures.style import (
    HATCHES,
    LINE_STYLES,
    MARKERS,
    PAGE_WIDTH,
    PALETTE,
    chance,
    describe,
    styled,
    wrap_name,
)
from created_equal.study import CROSS_DATASET, FIGURES

LONG = (
    "Household furniture, a superclass of CIFAR-100, with labels of our own and "
    + "more words " * 8
)


def a_figure_hides_nothing(figure: Figure, texts: list[Text]) -> None:
    page = figure.bbox
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    for words, box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1 + 0.5, f"{words!r} leaves the page"
        assert page.y0 <= box.y0 and box.y1 <= page.y1 + 0.5, f"{words!r} leaves the page"
    for (words, box), (other, its_box) in combinations(boxes, 2):
        # Letters are smaller than their line, so an overlap of one pixel is allowed.
        assert not box.padded(-1).overlaps(its_box.padded(-1)), f"{words!r} on {other!r}"


@pytest.mark.parametrize("figure", [*FIGURES, CROSS_DATASET])
@pytest.mark.parametrize("title", ["Digits", LONG], ids=["short", "long"])
def test_text_is_large_inside_the_page_and_not_on_other_text(
    figure: str,
    title: str,
    drawings: dict[str, Callable[[str, str], Figure]],
    texts: Callable[[Figure], list[Text]],
) -> None:
    drawn = drawings[figure](title, "small_st_vgg")
    visible = texts(drawn)
    assert len(visible) > 10
    assert min(text.get_fontsize() for text in visible) >= 8
    assert drawn.get_figwidth() == PAGE_WIDTH
    a_figure_hides_nothing(drawn, visible)


@pytest.mark.parametrize("figure", [name for name in FIGURES if name != "robustness"])
def test_the_heading_names_study_ensemble_networks_and_epochs(
    figure: str,
    drawings: dict[str, Callable[[str, str], Figure]],
    words: Callable[[Figure], list[str]],
) -> None:
    heading = next(text for text in words(drawings[figure]("Digits", "st_vgg")) if "Digits" in text)
    assert "st_vgg, N = 8 networks, epochs " in heading


@pytest.mark.parametrize("figure", [*FIGURES, CROSS_DATASET])
def test_a_figure_warns_of_an_ensemble_that_did_not_learn(
    figure: str,
    drawings: dict[str, Callable[[str, str], Figure]],
    drawings_of: Callable,
    scores: xr.Dataset,
    other: xr.Dataset,
    dataset: xr.Dataset,
    texts: Callable[[Figure], list[Text]],
) -> None:
    flat = scores.assign(loss=scores["loss"] * 0 + 2.3)
    drawn = drawings_of(flat, other, dataset)[figure]("Digits", "st_vgg")
    visible = texts(drawn)
    (warned,) = [text.get_text() for text in visible if "Warning: " in text.get_text()]
    assert "st_vgg did not learn: the train loss of 8 of 8 networks" in warned.replace("\n", " ")
    a_figure_hides_nothing(drawn, visible)
    learned = texts(drawings[figure]("Digits", "st_vgg"))
    assert not any("Warning" in text.get_text() for text in learned)


def test_the_users_matplotlib_settings_are_ignored() -> None:
    read = styled(lambda: dict(matplotlib.rcParams))
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.grid": True}):
        settings = read()
        assert matplotlib.rcParams["font.size"] == 30
    assert settings["font.size"] == 8
    assert settings["svg.fonttype"] == "none"
    assert settings["pdf.fonttype"] == 42
    assert not settings["axes.grid"]


def test_looks_differ_in_more_than_color() -> None:
    assert len(set(HATCHES)) == len(PALETTE) == 10
    assert len(set(LINE_STYLES)) == len(set(MARKERS)) == 5


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        ((), "a, N = 8 networks"),
        ((3,), "a, N = 8 networks, epoch 3"),
        ((0, 1, 20), "a, N = 8 networks, epochs 0, 1 and 20"),
    ],
)
def test_describe(scores: xr.Dataset, epochs: tuple[int, ...], words: str) -> None:
    assert describe("a", scores, epochs) == words


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("st_vgg", "st_vgg"),
        ("k_nearest_neighbours", "k_nearest_\nneighbours"),
        ("digits: small_st_vgg", "digits:\nsmall_st_vgg"),
    ],
)
def test_long_names_are_broken_after_underscores(name: str, lines: str) -> None:
    assert wrap_name(name, 13) == lines


def test_describe_one_network(scores: xr.Dataset) -> None:
    assert describe("a", scores.isel(network=[0])) == "a, N = 1 network"


def test_chance_is_one_in_the_number_of_classes(scores: xr.Dataset) -> None:
    assert chance(scores) == 0.1


def test_dollars_are_no_mathematics(
    drawings: dict[str, Callable[[str, str], Figure]], words: Callable[[Figure], list[str]]
) -> None:
    title = "Cash $$ of $1_note$, \\frac{1}{2} and $\\alpha$"
    figure = drawings["figure_10"](title, "st_vgg")
    assert any(title in each for each in words(figure))
    assert not any(text.get_parse_math() for text in figure.findobj(Text))


def test_characters_that_no_font_has_are_spelt_out(
    drawings: dict[str, Callable[[str, str], Figure]], words: Callable[[Figure], list[str]]
) -> None:
    """matplotlib draws the same placeholder for all of them."""
    figure = drawings["figure_10"](
        "\U0001fae8 and \ufdd0, \u0441\u043e\u0431\u0430\u043a\u0430", "st_vgg"
    )
    (title,) = (each for each in words(figure) if " and " in each)
    assert "U+FDD0, \u0441\u043e\u0431\u0430\u043a\u0430" in title.split("\n")[0]
