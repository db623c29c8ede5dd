from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from learners import predictions_of
from matplotlib.text import Text

from created_equal.artefacts import consistency, make_dataset
from created_equal.figures import gallery
from created_equal.figures.saving import save
from created_equal.scores import BLOCKS, extremes, score_opened


def test_every_image_is_over_its_caption(scores, dataset):
    figure = gallery.draw(scores, dataset, "Digits", "st_vgg")
    assert [axes.get_title(loc="left") for axes in figure.axes] == list(BLOCKS)
    expected = list(extremes(scores, 3))
    last = scores.isel(epoch=-1)
    for axes, name in zip(figure.axes, BLOCKS, strict=True):
        shown = np.concatenate([block.examples for block in expected if block.name == name])
        assert len(axes.images) == len(shown)
        words = [text.get_text() for text in axes.texts if text.get_text() != "none"]
        for image, place, text in zip(axes.images, shown, words, strict=True):
            pixels = dataset["image"].values[place, ..., 0]
            np.testing.assert_array_equal(image.get_array(), pixels)
            example = last.isel(example=place)
            label, modal = int(example["label"]), int(example["modal_label"])
            assert text == (f"{label}" if label == modal else f"{label} → {modal}")


def test_a_class_without_candidates_for_wrong_labels_says_none(scores, dataset):
    right = scores.assign(n_right=scores["n_right"] * 0 + 8, n_modal=scores["n_modal"] * 0 + 8)
    axes = gallery.draw(right, dataset, "Digits", "st_vgg").axes[-1]
    assert [text.get_text() for text in axes.texts] == ["none"] * 10
    assert not axes.images


ANIMALS = ["hamster", "mouse", "rabbit", "shrew", "squirrel", "wardrobe", "television", "couch"]
# No font has these two, so they are spelt out, which takes six letters each.
UNKNOWN = "\ufdd0\ufdd1"


def test_of_many_classes_those_with_the_most_doubtful_images_are_shown(dataset):
    """Class 11 has 40 images that are agreed but wrong, the others 30."""
    counts = np.array([30] * 11 + [40])
    labels = np.repeat(np.arange(12), counts)
    images = np.zeros((len(labels), 4, 4, 1), dtype=np.uint8)
    is_test = np.tile([False, True], len(labels) // 2)
    many = make_dataset(images, labels, np.arange(len(labels)), is_test, list("abcdefghijkl"))
    made = predictions_of(np.broadcast_to((labels + 1) % 12, (8, 2, len(labels))), many)
    scores = score_opened([made.assign_attrs(definition="{}", versions="{}")], ["made up"])
    figure = gallery.draw(scores, many, "Many", "st_vgg")
    captions = {text.get_text()[0] for text in figure.axes[-1].texts}
    assert captions == set("abcdefghi") | {"l"}
    words = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "10 of 12 classes, those with the most" in " ".join(words.split())
    right = scores.assign(n_right=scores["n_right"] * 0 + 8, n_modal=scores["n_modal"] * 0 + 8)
    texts = gallery.draw(right, many, "Many", "st_vgg").findobj(Text)
    words = " ".join(text.get_text() for text in texts)
    assert "10 of 12 classes, the first ones, since no image" in " ".join(words.split())


@pytest.mark.parametrize(
    "names",
    [
        [*ANIMALS, "bowls", "x" * 40],
        [*ANIMALS, "a_b^c" * 8, f"{UNKNOWN}_{'b' * 40}"],
        ["a", "b", "c_d", UNKNOWN[0], f"x{UNKNOWN}", "$a^b$", "a_b^c", UNKNOWN[1], "犬" * 20, "e"],
    ],
    ids=["long", "long and unknown", "short and unknown"],
)
def test_long_names_have_two_lines_and_stay_apart(scores, dataset, texts, names):
    named = dataset.assign(class_name=("class", np.array(names, object)))
    taken_for_the_next = (scores["label"] + 1) % 10 + 0 * scores["modal_label"]
    wrong = scores.assign(modal_label=taken_for_the_next.transpose("epoch", "example"))
    figure = gallery.draw(wrong, named, "Animals", "st_vgg")
    texts(figure)
    captions = [text for axes in figure.axes for text in axes.texts]
    boxes = [text.get_window_extent() for text in captions]
    assert any(" →\n" in text.get_text() for text in captions)
    overlaps = [
        (one, other)
        for place, one in enumerate(boxes)
        for other in boxes[:place]
        if one.padded(-1).overlaps(other.padded(-1))
    ]
    assert not overlaps


def test_the_footing_says_how_many_equal_images_are_left_out(scores, dataset):
    alike = scores.assign(
        n_right=scores["n_right"] * 0 + 8,
        n_modal=scores["n_modal"] * 0 + 8,
        accessibility=scores["accessibility"] * 0 + 1,
    )
    figure = gallery.draw(alike, dataset, "Digits", "st_vgg")
    words = figure.get_supxlabel().replace("\n", " ")
    assert " Of tied images, those with the lowest positions are shown; left out, though" in words
    assert words.endswith(
        "last one shown of their class: 370 easiest, 370 hardest, 370 most disputed."
    )
    made = gallery.table(alike, dataset)
    of_zeros = made[(made["label"] == 0) & (made["block"] == "hardest")]
    count = int((scores["label"] == 0).sum())
    assert of_zeros["equal_later"].tolist() == list(range(count - 1, count - 21, -1))
    distinct = scores.assign(
        accessibility=("example", np.linspace(0, 1, 400)),
        n_right=scores["n_right"] * 0 + 8,
    )
    modal = np.tile(np.arange(400, dtype=np.int64), (scores.sizes["epoch"], 1))
    distinct = distinct.assign(n_modal=(("epoch", "example"), modal))
    figure = gallery.draw(distinct, dataset, "Digits", "st_vgg")
    assert "Of tied images" not in figure.get_supxlabel()


def test_images_that_are_not_square_keep_their_shape(scores, dataset):
    narrow = dataset.isel(width=slice(2, 6), channel=[0, 0, 0])
    axes = gallery.draw(scores, narrow, "Digits", "st_vgg").axes[0]
    left, right, bottom, top = axes.images[0].get_extent()
    assert (right - left) / (bottom - top) == pytest.approx(0.5)
    assert (left + right) / 2 == pytest.approx(0.5)
    assert axes.get_aspect() == 1
    assert axes.images[0].get_array().shape == (8, 4, 3)


def test_of_many_classes_those_with_the_most_candidates(scores, dataset, monkeypatch):
    monkeypatch.setattr(gallery, "MOST_CLASSES", 2)
    label = scores["label"].values
    n_right, n_modal = (np.full_like(scores["n_right"].values, 8) for _ in range(2))
    n_right[-1, np.flatnonzero(label == 7)[:2]] = 0
    n_right[-1, np.flatnonzero(label == 3)[:1]] = 0
    curves = ("epoch", "example")
    doubtful = scores.assign(n_right=(curves, n_right), n_modal=(curves, n_modal))
    figure = gallery.draw(doubtful, dataset, "Digits", "st_vgg")
    assert "2 of 10 classes, those with the most images" in figure.get_suptitle()
    axes = figure.axes[0]
    assert [text.get_text()[0] for text in axes.texts] == ["3"] * 3 + ["7"] * 3


def test_the_table_has_what_is_drawn_and_more(scores, dataset, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = gallery.table(scores, dataset)
    save(gallery.draw(scores, dataset, "Digits", "st_vgg"), "digits", "gallery", made)
    path = Path("paper_figures/digits/gallery.csv")
    read = pd.read_csv(path, dtype={"class": str, "pixel_hash": str})
    assert len(read) == len(made) > 100
    for block in extremes(scores, gallery.IN_TABLE):
        rows = read[(read["label"] == block.label) & (read["block"] == block.name)]
        assert rows["example"].tolist() == scores["example"].values[block.examples].tolist()
        assert rows["rank"].tolist() == list(range(1, len(rows) + 1))
        last = consistency(scores).isel(epoch=-1, example=block.examples)
        np.testing.assert_array_equal(rows["consistency"], last)
    row = read.iloc[3]
    assert row["pixel_hash"] == f"{int(dataset['pixel_hash'].sel(example=row['example'])):016x}"
