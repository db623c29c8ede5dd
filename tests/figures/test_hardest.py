from itertools import combinations

import numpy as np

from created_equal.artefacts import select_split
from created_equal.figures import hardest


def test_the_hardest_of_each_split_are_over_their_captions(scores, dataset):
    figure = hardest.draw(scores, dataset, "Digits", "st_vgg")
    for axes, split in zip(figure.axes, ("train", "test"), strict=True):
        assert axes.get_title(loc="left") == f"{split} set"
        places = hardest.hardest(scores, split, 21)
        score = scores["accessibility"].values
        assert (np.diff(score[places]) >= 0).all()
        others = np.setdiff1d(np.flatnonzero(scores["example_split"].values == split), places)
        assert score[places].max() <= score[others].min()
        assert len(axes.images) == len(axes.texts) == 21
        for image, text, place in zip(axes.images, axes.texts, places, strict=True):
            np.testing.assert_array_equal(image.get_array(), dataset["image"].values[place, ..., 0])
            *names, numbers = text.get_text().split("\n")
            assert numbers == f"{score[place]:.2f}, {scores['example'].values[place]}"
            assert " ".join(names).split()[0] == str(scores["label"].values[place])


def test_ties_are_counted_by_hand(scores, dataset):
    """Of 250 train images 52 are never right; of 150 test images the three hardest are alike."""
    accessibility = np.linspace(0.1, 1, scores.sizes["example"])
    is_train = scores["example_split"].values == "train"
    accessibility[np.flatnonzero(is_train)[:52]] = 0
    accessibility[np.flatnonzero(~is_train)[:3]] = 0
    tied = scores.assign(accessibility=("example", accessibility))
    train, test = hardest.draw(tied, dataset, "Digits", "st_vgg").axes
    assert train.get_title(loc="right") == "52 images have accessibility 0; 21 of them are shown"
    assert test.get_title(loc="right") == ""
    assert hardest.ties_in_words(tied, "test", 2).startswith("3 images have accessibility 0; 2 of")
    accessibility[np.flatnonzero(~is_train)[3:14]] = 1 / 3
    tied = scores.assign(accessibility=("example", accessibility))
    words = "11 images have accessibility 0.333; 1 of them is shown"
    assert hardest.ties_in_words(tied, "test", 4) == words


def test_long_names_stay_apart(scores, dataset, texts):
    names = np.array([f"a class of a long name {number}" for number in range(10)], object)
    figure = hardest.draw(scores, dataset.assign(class_name=("class", names)), "Digits", "st_vgg")
    boxes = [(text.get_text(), text.get_window_extent().padded(-1)) for text in texts(figure)]
    overlaps = [(one[0], two[0]) for one, two in combinations(boxes, 2) if one[1].overlaps(two[1])]
    assert not overlaps


def test_a_set_without_images_says_none(scores, dataset):
    figure = hardest.draw(select_split(scores, "test"), dataset, "Digits", "st_vgg")
    train, test = figure.axes
    assert [text.get_text() for text in train.texts] == ["none"]
    assert train.get_title(loc="right") == ""
    assert len(test.images) == 21
