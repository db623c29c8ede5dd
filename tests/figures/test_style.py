from itertools import combinations

import matplotlib
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import created_equal
from created_equal.errors import InputError
from created_equal.figures import figure_01, figure_10, style
from created_equal.figures.style import (
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

TITLE = (
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
def test_text_is_large_inside_the_page_and_not_on_other_text(figure, drawings, texts):
    drawn = drawings[figure](TITLE, "small_st_vgg")
    visible = texts(drawn)
    assert len(visible) > 10
    assert min(text.get_fontsize() for text in visible) >= 9
    assert drawn.get_figwidth() == PAGE_WIDTH
    a_figure_hides_nothing(drawn, visible)
    words = [" ".join(text.get_text().split()) for text in visible]
    if figure not in ("robustness", CROSS_DATASET):  # These show several ensembles.
        heading = next(text for text in words if text.startswith(TITLE.split()[0]))
        assert "small_st_vgg, N = 8 networks, epochs " in heading
    assert not any("Warning" in text for text in words)


@pytest.mark.parametrize("figure", [*FIGURES, CROSS_DATASET])
def test_a_figure_warns_of_an_ensemble_that_did_not_learn(
    figure, drawings_of, scores, other, dataset, texts
):
    flat = scores.assign(loss=scores["loss"] * 0 + 2.3)
    drawn = drawings_of(flat, other, dataset)[figure]("Digits", "st_vgg")
    visible = texts(drawn)
    (warned,) = [text.get_text() for text in visible if "Warning: " in text.get_text()]
    assert "st_vgg did not learn: the train loss of 8 of 8 networks" in warned.replace("\n", " ")
    a_figure_hides_nothing(drawn, visible)


def test_the_users_matplotlib_settings_are_ignored():
    read = styled(lambda: dict(matplotlib.rcParams))
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.grid": True}):
        settings = read()
        assert matplotlib.rcParams["font.size"] == 30
    assert settings["font.size"] == 9
    assert settings["svg.fonttype"] == "none"
    assert settings["pdf.fonttype"] == 42
    assert not settings["axes.grid"]


def test_looks_differ_in_more_than_color():
    assert len(set(PALETTE)) == 10
    assert len(set(LINE_STYLES)) == len(set(MARKERS)) == 5


@pytest.mark.parametrize(
    ("epochs", "words"),
    [
        ((), "a, N = 8 networks"),
        ((3,), "a, N = 8 networks, epoch 3"),
        ((0, 1, 20), "a, N = 8 networks, epochs 0, 1 and 20"),
    ],
)
def test_describe(scores, epochs, words):
    assert describe("a", scores, epochs) == words


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("st_vgg", "st_vgg"),
        ("k_nearest_neighbours", "k_nearest_\nneighbours"),
        ("digits: small_st_vgg", "digits:\nsmall_st_vgg"),
    ],
)
def test_long_names_are_broken_after_underscores(name, lines):
    assert wrap_name(name, 13) == lines


def test_describe_one_network(scores):
    assert describe("a", scores.isel(network=[0])) == "a, N = 1 network"


def test_chance_is_one_in_the_number_of_classes(scores):
    assert chance(scores) == 0.1


def test_dollars_are_no_mathematics(drawings, words):
    title = "Cash $$ of $1_note$, \\frac{1}{2} and $\\alpha$"
    figure = drawings["figure_10"](title, "st_vgg")
    assert any(title in each for each in words(figure))
    assert not any(text.get_parse_math() for text in figure.findobj(Text))


def test_characters_that_no_font_has_are_spelt_out(drawings, words):
    """matplotlib draws the same placeholder for all of them."""
    figure = drawings["figure_10"](
        "\U0001fae8 and \ufdd0, \u0441\u043e\u0431\u0430\u043a\u0430", "st_vgg"
    )
    (title,) = (each for each in words(figure) if " and " in each)
    assert "U+FDD0, \u0441\u043e\u0431\u0430\u043a\u0430" in title.split("\n")[0]


def test_the_drawn_length_is_in_letters_and_counts_what_is_spelt_out():
    assert style.drawn_length("") == 0
    assert style.drawn_length("x" * 40) == pytest.approx(40, abs=0.2)
    assert style.drawn_length("\ufdd0") == style.drawn_length("U+FDD0") > 6
    assert style.drawn_length("WWW") > 4 > style.drawn_length("iiiiiiii")


@pytest.fixture
def shown():
    """Scores, and a figure of one's own with two axes."""
    scores = created_equal.load_scores("digits", "st_vgg", created_equal.REFERENCE)
    return scores, Figure(figsize=(14.4, 5), layout="constrained")


def words(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_a_figure_is_drawn_on_subfigures_and_axes_of_ones_own(shown):
    scores, own = shown
    left, right = own.subplots(1, 2)
    left.set_title("mine")
    drawn = figure_10.draw(scores, "Digits", "st-VGG", on=right)
    assert drawn in own.subfigs
    assert right not in own.axes and left in own.axes
    on_page = figure_10.draw(scores, "Digits", "st-VGG")
    assert set(words(on_page)) <= set(words(own)) and "mine" in words(own)
    whole = Figure(layout="constrained", figsize=(7.2, 5))
    assert figure_10.draw(scores, "Digits", "st-VGG", on=whole) is whole
    assert len(whole.axes) == len(on_page.axes)
    part = Figure(figsize=(14.4, 5), layout="constrained").subfigures(1, 2)[0]
    assert figure_10.draw(scores, "Digits", "st-VGG", on=part) is part


@pytest.mark.parametrize("figure", [*FIGURES, CROSS_DATASET])
def test_every_figure_is_drawn_in_the_place_of_axes(figure, drawings, texts):
    on_page = drawings[figure]("Digits", "small_st_vgg")
    size = (2 * PAGE_WIDTH + 0.5, on_page.get_figheight() + 0.5)
    own = Figure(figsize=size, layout="constrained")
    left, right = own.subplots(1, 2)
    left.set(xticks=[], yticks=[])
    drawn = drawings[figure]("Digits", "small_st_vgg", on=right)
    assert len(own.axes) == len(on_page.axes) + 1
    visible = texts(own)
    assert len(visible) > 10
    a_figure_hides_nothing(own, visible)
    assert min(text.get_window_extent().x0 for text in visible) >= drawn.bbox.x0 - 1


def test_long_texts_are_broken_in_proportion(shown):
    scores, own = shown
    narrow, _ = own.subfigures(1, 2, width_ratios=(1, 3))
    figure_10.draw(scores, "word " * 30, "st-VGG", on=narrow)
    assert max(len(line) for line in narrow.get_suptitle().splitlines()) <= 50


def test_the_style_of_ones_own_figure_stays(shown):
    scores, own = shown
    before = matplotlib.rcParams["font.size"]
    axes = own.subplots()
    with pytest.raises(InputError, match="figure_01 shows 4 epochs"):
        figure_01.draw(scores, "Digits", "st-VGG", [0, 1], on=axes)
    assert matplotlib.rcParams["font.size"] == before
    assert style.page(3).get_figheight() == 3


def test_what_cannot_be_drawn_on(shown):
    scores, own = shown
    with pytest.raises(InputError, match=r'has no constrained layout, .*; make it with layout="c'):
        figure_10.draw(scores, "Digits", "st-VGG", on=Figure())
    with pytest.raises(InputError, match=r"on is of the type ndarray; give a figure, a subfi"):
        figure_10.draw(scores, "Digits", "st-VGG", on=own.subplots(1, 2))
    with pytest.raises(InputError, match="are not in a grid; make them with subplots, or give a"):
        figure_10.draw(scores, "Digits", "st-VGG", on=own.add_axes((0, 0, 1, 1)))
