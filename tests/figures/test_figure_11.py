import numpy as np
import pytest
import xarray as xr
from PIL import Image

from created_equal.artefacts import content_hash
from created_equal.errors import InputError
from created_equal.figures.figure_11 import draw, fit_words
from created_equal.figures.images import class_name, example_name
from created_equal.scores import example_patterns


def test_each_curve_is_next_to_its_image(scores, dataset):
    figure = draw(scores, dataset, "Digits", "st_vgg")
    patterns = example_patterns(scores["n_right"].values, 8, 0.1)
    assert len(figure.axes) == 2 * len(patterns)
    for row, (pattern, found) in enumerate(patterns.items()):
        image, curve = figure.axes[2 * row : 2 * row + 2]
        example = dataset.isel(example=found.index)
        np.testing.assert_array_equal(
            image.images[0].get_array(), example["image"].values.squeeze(-1)
        )
        np.testing.assert_array_equal(
            curve.lines[0].get_ydata(), scores["n_right"].values[:, found.index] / 8
        )
        title = curve.get_title(loc="left")
        assert f"{pattern} (" in title
        assert f"class {int(example['label'])}, " in title
        assert title.endswith(f"{example['example_split'].item()} set, position {found.index}")


def test_an_example_that_is_forgotten_is_found(scores, dataset):
    figure = draw(scores, dataset, "Digits", "st_vgg")
    assert figure.axes[9].get_title(loc="left") == (
        "(e) high, then falls to 0 (fit 1.00)\nclass 7, train set, position 7"
    )


def test_positions_are_explained_for_sources_with_and_without_a_test_set(scores, dataset):
    """Scikit-learn's digits have one set, in which train and test examples take turns."""
    figure = draw(scores, dataset, "Digits", "st_vgg")
    (text,) = [text.get_text() for text in figure.texts if "Position:" in text.get_text()]
    assert "in the source; if it has two sets, train images first." in " ".join(text.split())


def test_an_image_that_came_from_a_file_has_its_name(scores, dataset):
    names = [f"train/cat/{index}.png" for index in range(dataset.sizes["example"])]
    figure = draw(scores, dataset.assign(file=("example", names)), "Mine", "st_vgg")
    assert figure.axes[9].get_title(loc="left").endswith("class 7, train set, 7.png")
    assert not [text for text in figure.texts if "Position:" in text.get_text()]


def test_color_images_stay_in_color(scores, dataset):
    color = dataset.drop_vars(["channel_mean", "channel_std"]).isel(channel=[0, 0, 0])
    figure = draw(scores, color, "Digits", "st_vgg")
    assert figure.axes[0].images[0].get_array().shape == (8, 8, 3)


def test_images_are_read_from_the_few_files_that_are_shown(scores, dataset, tmp_path):
    (tmp_path / "mine").mkdir()
    shown = [found.index for found in example_patterns(scores["n_right"].values, 8, 0.1).values()]
    names = [f"{index}.png" for index in range(dataset.sizes["example"])]
    hashes = np.zeros(len(names), dtype=np.uint64)
    for index in shown:
        Image.fromarray(dataset["image"].values[index, ..., 0]).save(
            tmp_path / "mine" / names[index]
        )
        hashes[index] = content_hash((tmp_path / "mine" / names[index]).read_bytes())
    files = dataset.drop_vars(["image", "channel_mean", "channel_std"]).assign(
        file=("example", names), pixel_hash=("example", hashes)
    )
    files.attrs = {"folder": "mine", "height": 8, "width": 8, "channels": 3}
    figure = draw(scores, files, "Mine", "st_vgg", tmp_path)
    for row, index in enumerate(shown):
        drawn = figure.axes[2 * row].images[0].get_array()
        np.testing.assert_array_equal(drawn, dataset["image"].values[index].repeat(3, axis=-1))
        assert figure.axes[2 * row + 1].get_title(loc="left").endswith(f" set, {names[index]}")
    (tmp_path / "mine" / names[shown[2]]).unlink()
    with pytest.raises(InputError, match=rf"mine/{names[shown[2]]} cannot be read"):
        draw(scores, files, "Mine", "st_vgg", tmp_path)


def test_curves_differ_in_more_than_color(scores, dataset):
    lines = [axes.lines[0] for axes in draw(scores, dataset, "Digits", "st_vgg").axes[1::2]]
    assert len({line.get_marker() for line in lines}) == 5


def test_a_poor_fit_is_stated():
    assert fit_words(0.5) == "fit 0.50"
    assert fit_words(0.244) == "best fit only 0.24"


def test_a_dataset_without_the_examples(scores, dataset):
    with pytest.raises(InputError, match="of st_vgg, which the dataset does not have"):
        draw(scores, dataset.isel(example=slice(0, 2)), "Digits", "st_vgg")


def test_scores_without_every_epoch(scores, dataset):
    for epochs, lacking in ([1, 2, 3], 0), ([0, 1, 3], 2):
        with pytest.raises(InputError, match=f"^st_vgg has no record of epoch {lacking}, but the"):
            draw(scores.isel(epoch=epochs), dataset, "Digits", "st_vgg")


def test_a_long_class_name_is_cut():
    dataset = xr.Dataset({"class_name": ("class", ["mouse", "n01440764_tench_and_its_cousins"])})
    assert class_name(dataset, 1) == "n01440764_tench_and_its_…"
    assert class_name(dataset, 0) == "mouse"


def test_a_long_file_name_keeps_its_end():
    names = ["train/cat/a.png", "test/dog/the_longest_name_of_all_0017.png"]
    dataset = xr.Dataset({"file": ("example", names)}, {"example": [3, 8]}, {"folder": "mine"})
    assert example_name(dataset, 3) == "a.png"
    assert example_name(dataset, 8) == "…est_name_of_all_0017.png"


def test_label_and_split_are_those_used_in_training(scores, dataset):
    """They differ from the study's if labels are random or examples were moved."""
    scores = scores.assign(label=(scores["label"] + 1) % 10)
    named = [axes.get_title(loc="left") for axes in draw(scores, dataset, "D", "st_vgg").axes[1::2]]
    patterns = example_patterns(scores["n_right"], 8, 1 / 10).values()
    for found, title in zip(patterns, named, strict=True):
        example = scores.isel(example=found.index)
        assert f"class {example['label'].item()}, {example['example_split'].item()} set" in title


def test_long_names_of_classes_stay_on_the_page(scores, dataset, texts):
    names = np.array([f"W{'w' * 40}{label}" for label in range(10)], dtype=object)
    figure = draw(scores, dataset.assign(class_name=("class", names)), "Digits", "st_vgg")
    assert max(text.get_window_extent().x1 for text in texts(figure)) <= figure.bbox.x1
