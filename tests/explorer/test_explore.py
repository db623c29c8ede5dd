from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_up import NAMES, make_images, make_scores

from created_equal import explorer
from created_equal.errors import InputError
from created_equal.explorer import explore as module
from created_equal.explorer.explore import NEVER, learned, ranks_in_class, select
from created_equal.explorer.thumbnails import make_thumbnails
from created_equal.scores import BLOCKS, extremes

SOURCE = Path(explorer.__file__).parent
Write = Callable[..., Path]


def test_the_code_of_the_page_stays_short():
    assert len((SOURCE / "explorer.js").read_text("utf-8").splitlines()) <= 500


def test_the_same_scores_give_the_same_page(write, scores, dataset, page_path):
    assert write({"st_vgg": scores}, dataset).read_bytes() == page_path.read_bytes()


def test_an_example_is_learned_from_the_epoch_on_from_which_most_networks_are_right():
    n_right = np.array([[4, 0, 0, 2], [1, 3, 0, 3], [3, 3, 4, 2], [3, 4, 1, 4]], dtype=np.uint8)
    found = learned(n_right, 4, np.array([0, 1, 2, 5]))
    assert found.tolist() == [2, 1, NEVER, 5]
    # Untrained networks have learned nothing.
    assert learned(np.full((3, 1), 4, np.uint8), 4, np.arange(3)).tolist() == [1]
    assert learned(np.array([[0], [4]]), 4, np.array([0, 100_000])).tolist() == [100_000]


def test_ranks_are_those_of_the_class_and_equal_for_equals():
    accessibility = np.array([0.5, 0.9, 0.5, 0.1, 0.7])
    assert ranks_in_class(accessibility, np.array([0, 0, 0, 0, 1])).tolist() == [2, 1, 2, 4, 1]


def test_a_selection_has_the_gallery_and_a_sample_and_is_said(scores, dataset, write, monkeypatch):
    names = scores["example"].values
    assert select(scores, names, 240).tolist() == names.tolist()
    chosen = select(scores, names, 100)
    assert len(chosen) == len(np.unique(chosen)) == 100
    assert (np.diff(chosen) > 0).all()
    each = 100 // (2 * len(BLOCKS) * len(NAMES))
    listed = np.concatenate([names[block.examples] for block in extremes(scores, each)])
    assert np.isin(listed, chosen).all()
    assert len(np.unique(listed)) < 100
    monkeypatch.setattr(module, "MOST_EXAMPLES", 100)
    page = write({"a": scores}, dataset).read_text("utf-8")
    assert "This page shows 100 of 240 examples: the easiest, the hardest, the most" in page


def test_a_page_that_would_be_too_large_shows_fewer(scores, dataset, page_path, write, monkeypatch):
    most = page_path.stat().st_size * 9 // 10
    monkeypatch.setattr(module, "MOST_BYTES", most)
    path = write({"a": scores}, dataset)
    assert path.stat().st_size <= most
    assert "of 240 examples: the easiest" in path.read_text("utf-8")


def test_ensembles_that_do_not_fit_are_said(scores, dataset, write):
    steps = scores.assign_attrs(definition='{"steps": [1, 5]}')
    with pytest.raises(InputError, match="is recorded after steps, the other after epochs"):
        write({"a": steps, "b": scores}, dataset)
    first, second = scores.isel(example=slice(100)), scores.isel(example=slice(100, None))
    with pytest.raises(InputError, match="a and b have no example in common; choose ensembles"):
        write({"a": first, "b": second}, dataset)
    with pytest.raises(InputError, match="have example 339, which the dataset does not have; bui"):
        write({"a": scores}, dataset.isel(example=slice(239)))


def test_thumbnails_are_on_as_many_sheets_as_they_need(monkeypatch):
    monkeypatch.setattr("created_equal.explorer.thumbnails.SHEET", 64)
    thumbnails = make_thumbnails(make_images(13, 20, 30, 3), Path())
    assert (thumbnails.width, thumbnails.height, thumbnails.cell) == (30, 20, (32, 32))
    assert (thumbnails.columns, thumbnails.rows, len(thumbnails.sheets)) == (2, 2, 4)
    monkeypatch.setattr("created_equal.explorer.thumbnails.PIXELS", 13 * 15 * 15)
    smaller = make_thumbnails(make_images(13, 20, 30, 3), Path())
    assert (smaller.width, smaller.height, smaller.cell) == (15, 10, (16, 16))


def test_images_that_were_in_files_keep_their_names(scores, dataset, write):
    names = [f"test/cat/{number}.png" for number in range(dataset.sizes["example"])]
    named = dataset.assign(file=("example", np.array(names, dtype=object)))
    assert '"test/cat/239.png"' in write({"a": scores}, named).read_text("utf-8")


def test_a_class_without_images_has_no_accessibility(scores, dataset, write):
    unused = np.append(dataset["class_name"].values, "unused")
    more = dataset.drop_vars("class_name").assign(class_name=("class", unused))
    page = write({"a": scores}, more).read_text("utf-8")
    assert ">unused: no images</option>" in page


def test_made_up_scores_are_such_as_scores_are():
    scores = make_scores(make_images(30, 4, 4, 3))
    assert (scores["n_modal"] >= scores["n_right"]).all()
    is_right = scores["modal_label"] == scores["label"]
    assert (scores["n_modal"] == scores["n_right"]).where(is_right, True).all()
