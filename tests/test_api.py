import sys
from importlib import import_module
from itertools import product
from pathlib import Path
from pkgutil import iter_modules

import numpy as np
import pandas as pd
import pytest
from commands import printed_by
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from learners import examples_of, predictions_of

import created_equal
from created_equal import artefacts, figures
from created_equal.api import FIGURES
from created_equal.errors import InputError
from created_equal.exchange.import_predictions import import_predictions
from created_equal.paths import predictions_path, scores_path
from created_equal.scores import score_ensemble

LABELS = np.array([0, 1, 2, 0, 1, 2, 0, 1])
SPLITS = ["train", "test"] * 4
IS_TEST = np.array(SPLITS) == "test"


@pytest.fixture
def predictions():
    """Labels that 5 networks predict after epochs 0 to 4, (network, epoch, example)."""
    generator = np.random.default_rng(0)
    learned = generator.random((5, 5, 8)) < np.linspace(0.3, 0.9, 5)[None, :, None]
    return np.where(learned, LABELS, generator.integers(0, 3, (5, 5, 8)))


def test_importing_the_package_imports_nothing_else():
    code = (
        "import sys; before = set(sys.modules); import created_equal; "
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = {name.split(".")[0] for name in printed_by(code).split()}
    assert loaded - sys.stdlib_module_names == {"created_equal"}


def test_all_names_are_there_and_have_a_description():
    assert set(created_equal.__all__) <= set(dir(created_equal))
    for name in created_equal.__all__:
        assert getattr(created_equal, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'scores_of'"):
        _ = created_equal.scores_of


def test_scores_of_ones_own_are_those_of_the_same_predictions_files(
    predictions, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    scored = created_equal.score(predictions, LABELS, SPLITS)
    dataset = examples_of(LABELS, IS_TEST)
    # Two jobs, and a file of a third with networks that are in both.
    for first, last in ((0, 2), (3, 4), (1, 4)):
        numbers = range(first, last + 1)
        made = predictions_of(predictions[numbers], dataset, numbers)
        artefacts.write_predictions(made, predictions_path("mine", "nets", first, last), {"a": 1})
    loaded = created_equal.load_predictions("mine", "nets")
    assert np.array_equal(loaded["prediction"], predictions)
    assert loaded["network"].values.tolist() == [0, 1, 2, 3, 4]
    paths = [predictions_path("mine", "nets", *each) for each in ((0, 2), (3, 4))]
    from_files = score_ensemble(paths)
    for name in ("n_right", "n_modal", "modal_label", "accessibility", "accuracy", "bimodality"):
        assert np.array_equal(scored[name], from_files[name], equal_nan=True), name
    artefacts.write_scores(from_files, Path("results/mine/nets/scores.nc"), {"a": 1})
    assert np.array_equal(
        created_equal.load_scores("mine", "nets")["consistency"], scored["consistency"]
    )


def test_predictions_of_a_trial_next_to_those_of_the_study_are_told_apart(predictions, tmp_path):
    """As after a run with fewer epochs and networks, which leaves the files of the study."""
    dataset = examples_of(LABELS, IS_TEST)
    made = {"study": (5, 5), "trial": (2, 3)}  # Networks and epochs.
    for name, (networks, epochs) in made.items():
        part = predictions_of(predictions[:networks, :epochs], dataset, range(networks))
        path = predictions_path("mine", "nets", 0, networks - 1)
        artefacts.write_predictions(part, tmp_path / path.relative_to("results"), {"of": name})
    with pytest.raises(InputError, match="belong to different ensembles"):
        created_equal.load_predictions("mine", "nets", tmp_path)
    for name, (networks, epochs) in made.items():
        path = predictions_path("mine", "nets", 0, networks - 1)
        scored = score_ensemble([tmp_path / path.relative_to("results")])
        artefacts.write_scores(scored, scores_path("mine", "nets", tmp_path), {"of": name})
        loaded = created_equal.load_predictions("mine", "nets", tmp_path)
        assert np.array_equal(loaded["prediction"], predictions[:networks, :epochs])


def test_scores_of_correctness_alone_have_no_consensus(predictions, tmp_path):
    right, path = predictions == LABELS, scores_path("mine", "nets", tmp_path)
    np.save(tmp_path / "right.npy", right)
    import_predictions("correctness", tmp_path / "right.npy", tmp_path / "in", classes="3")
    artefacts.write_scores(score_ensemble([*(tmp_path / "in").glob("*.nc")]), path, {"a": 1})
    loaded = created_equal.load_scores("mine", "nets", tmp_path)
    assert np.allclose(loaded["consistency"], right.mean(axis=0))
    assert "consensus" not in loaded
    assert "consensus" not in created_equal.table(loaded)
    for figure, dataset in (
        *(("figure_03", ()), ("figure_09", (None,))),
        *(("gallery", (None,)), ("hardest", (None,))),
    ):
        with pytest.raises(InputError, match=f"only tell whether .* right, and {figure} needs the"):
            created_equal.draw(figure, loaded, *dataset, "Mine", "nets")


@given(
    arrays.arrays(np.int64, st.tuples(*[st.integers(1, 4)] * 3), elements=st.integers(0, 3)),
    st.data(),
)
def test_consistency_is_the_share_of_networks_that_are_right(predictions, data):
    examples = predictions.shape[2]
    labels = data.draw(arrays.arrays(np.int64, examples, elements=st.integers(0, 3)))
    splits = data.draw(
        st.lists(st.sampled_from(["train", "test"]), min_size=examples, max_size=examples)
    )
    epochs = range(1, predictions.shape[1] + 1)
    scored = created_equal.score(predictions, labels, splits, epochs, classes=4)
    right = predictions == labels
    assert np.allclose(scored["consistency"], right.mean(axis=0))
    assert np.allclose(scored["accessibility"], right.mean(axis=(0, 1)))


def test_one_split_alone(predictions):
    scored = created_equal.score(predictions, LABELS)
    assert np.isnan(scored["bimodality"].sel(split="train")).all()
    assert np.isnan(scored["accuracy"].sel(split="train")).all()
    assert scored["bimodality"].sel(split="test").notnull().all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"predictions": LABELS}, r"predictions have the shape \(8,\) and the labels \(8,\); give"),
        ({"labels": LABELS[:3]}, r"and the labels \(3,\); give predictions \(network, epoch, exam"),
        ({"labels": LABELS / 2}, r"the labels are float64, the lowest is 0\.0; give whole numb"),
        ({"labels": LABELS - 1}, r"are int64, the lowest is -1; give whole numbers, starting at 0"),
        ({"labels": np.array(list("abc"))[LABELS]}, r"^'[abc]' is not a label; give class indic"),
        *(
            ({"predictions": np.full((5, 5, 8), bad)}, r"but labels are the whole numbers 0 to 2;")
            for bad in (np.nan, np.inf, -np.inf, 1e300)
        ),
        (
            {"split": ["test"] * 3},
            r"split has the shape \(3,\); give one, or one for each example.",
        ),
        ({"split": "valid"}, r"split has 'valid'; give train or test\."),
        ({"classes": 2}, r"there is a label 2, but classes is 2; give at least 3\."),
        ({"classes": 0}, r"there is a label 2, but classes is 0; give at least 3\."),
        ({"epochs": [1, 2]}, r"the predictions have the shape \(5, 5, 8\), but \(network, epoch"),
        ({"classes": ["a", "b"]}, r"classes is \['a', 'b'\]; give the number of classes\."),
        ({"epochs": 3}, r"epochs is 3; give a list with the number of each epoch\."),
        ({"epochs": (each for each in (0, 1))}, r"the predictions have the shape \(5, 5, 8\), but"),
        ({"epochs": "01234"}, r"the numbers of the epochs are 0, 1, 2, 3, 4; give whole"),
        ({"labels": np.ma.masked_equal(LABELS, 0)}, r"labels are masked, which would count as val"),
        (
            {"predictions": [[[0, 1], [1]]]},
            r"the lists of predictions or labels have different len",
        ),
        (
            {"labels": LABELS + 10**12},
            r"up to 1,000,000,000,00\d, but at most 32,768 classes are p",
        ),
        (
            {"predictions": np.zeros((5, 1, 8), int)},
            r"predictions are of one epoch, which would count as the untrained one, 0; give the n",
        ),
        ({"epochs": [4, 3, 2, 1, 0]}, r"the numbers of the epochs are 4, 3, 2, 1, 0; give whole"),
    ],
)
def test_invalid_arrays_are_one_sentence(predictions, change, sentence):
    with pytest.raises(InputError, match=sentence):
        created_equal.score(**{"predictions": predictions, "labels": LABELS} | change)


def test_predictions_that_are_missing_or_of_two_ensembles(predictions, tmp_path):
    with pytest.raises(InputError, match=r"^neither .*/predictions nor .*/nets has predictions; "):
        created_equal.load_predictions("mine", "nets", tmp_path)
    for seed in range(2):
        made = predictions_of(predictions[[seed]], examples_of(LABELS, IS_TEST), [seed])
        path = tmp_path / f"mine/nets/predictions/{seed:04d}-{seed:04d}.nc"
        artefacts.write_predictions(made, path, {"seed": seed})
    with pytest.raises(InputError, match="belong to different ensembles"):
        created_equal.load_predictions("mine", "nets", tmp_path)


def test_the_table_has_a_row_for_each_example(predictions):
    scored = created_equal.score(predictions, LABELS, SPLITS)
    table = created_equal.table(scored)
    assert table["split"].tolist() == SPLITS
    assert np.allclose(table["consistency"], (predictions[:, -1] == LABELS).mean(axis=0))
    early = created_equal.table(scored.isel(epoch=slice(2)))
    assert np.allclose(early["consistency"], (predictions[:, 1] == LABELS).mean(axis=0))


OF_BOTH = [f"figure_{each}" for each in ("01", "03", "04", "08", "10")]
OF_TEST = ["figure_02", "figure_05", "robustness"]


@pytest.mark.parametrize(
    ("figure", "absent"), [*product(OF_BOTH, ["train", "test"]), *product(OF_TEST, ["test"])]
)
def test_a_figure_of_examples_that_were_not_scored(predictions, figure, absent):
    scored = created_equal.score(predictions, LABELS, "test" if absent == "train" else "train")
    of_many = figure in ("figure_04", "figure_05", "figure_08", "robustness")
    inputs = ({"a": scored, "b": scored}, "T") if of_many else (scored, "T", "a")
    with pytest.raises(InputError, match=rf"^{figure} shows the {absent} set, but the scores have"):
        created_equal.draw(figure, *inputs)


def test_names_in_place_of_predictions(predictions):
    with pytest.raises(InputError, match=r"'[abc]' is not a label; give class indices"):
        created_equal.score(np.array(list("abc"))[predictions], LABELS)


def test_panels_of_hexagons_are_not_scores():
    panels = {"test": (np.arange(9.0), np.arange(9.0) ** 2)}
    assert created_equal.draw("hexagons", panels, ("a", "b"), "T", "caption").axes
    with pytest.raises(InputError, match="ensembles is not a mapping of names to scores; give"):
        created_equal.draw("robustness", [panels], "T")


def test_arguments_that_a_figure_does_not_have(predictions):
    scored = created_equal.score(predictions, LABELS, SPLITS)
    ending = r"; after 'figure_01', give scores, title, ensemble, epochs\.$"
    for inputs in ((scored,), (scored, "T", "a", None, "more")):
        with pytest.raises(InputError, match=rf"^draw: .*argument.*{ending}"):
            created_equal.draw("figure_01", *inputs)


@pytest.mark.parametrize("given", ["scores.nc", LABELS, pd.DataFrame()])
def test_what_is_not_scores(given):
    sentence = rf"^the scores are of the type {type(given).__name__}; give what load_scores or"
    with pytest.raises(InputError, match=sentence):
        created_equal.table(given)
    with pytest.raises(InputError, match=sentence):
        created_equal.draw("figure_01", given, "T", "a")


def test_predictions_or_a_dataset_in_the_place_of_scores(predictions):
    scores = created_equal.score(predictions, LABELS)
    dataset = examples_of(LABELS, IS_TEST)
    with pytest.raises(
        InputError, match=r"scores have only label, class_name.*; give what load_sc"
    ):
        created_equal.table(dataset)
    with pytest.raises(InputError, match=r"the dataset has no names of classes; give what load_da"):
        created_equal.table(scores, scores)
    for ensembles in (scores, {}, [scores]):
        with pytest.raises(
            InputError, match=r"not a mapping of names to scores; give \{name: scores"
        ):
            created_equal.draw("figure_04", ensembles, "T")
    with pytest.raises(InputError, match="the scores have only label"):
        created_equal.draw("figure_05", {"a": scores, "b": dataset}, "T")


def test_the_figures_are_the_modules_that_draw():
    modules = (module.name for module in iter_modules(figures.__path__))
    drawn = [
        name for name in modules if hasattr(import_module(f"{figures.__name__}.{name}"), "draw")
    ]
    assert sorted(drawn) == [*FIGURES]


def test_a_figure_that_does_not_exist():
    with pytest.raises(InputError, match=r"there is no figure 'figure_12'; name one of figure_01,"):
        created_equal.draw("figure_12")
