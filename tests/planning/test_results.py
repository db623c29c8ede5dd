import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from learners import predictions_of

from created_equal.artefacts import (
    label_examples,
    make_dataset,
    read_scores,
    write_dataset,
    write_predictions,
    write_scores,
)
from created_equal.errors import InputError
from created_equal.planning import results
from created_equal.scores import score_ensemble
from created_equal.study import Architecture, Baseline, Ensemble, Recipe, Study

N, EPOCHS, K, EXAMPLES = 4, 3, 2, 60
LABELS = np.arange(EXAMPLES) % K
IS_TEST = np.arange(EXAMPLES) >= 40
SCORES = Path("results/made_up/st_vgg/scores.nc")
UNLEARNED = (
    "made_up/st_vgg did not learn: the train loss of 4 of 4 networks (0, 1, 2, 3) does not fall; "
    "lower its learning rate or train it for longer."
)


def ensemble_of(**keys):
    return replace(
        Ensemble(
            "made_up", "st_vgg", Architecture("st_vgg"), N, Recipe(epochs=EPOCHS), {"source": "d"}
        ),
        **keys,
    )


STUDY = Study(
    name="made_up",
    title="Made up",
    dataset={"source": "digits", "train_examples": 40, "test_examples": 20},
    ensembles={"st_vgg": ensemble_of()},
    figures={
        "figure_01": {"ensemble": "st_vgg"},
        "figure_07": {"ensemble": "st_vgg", "baselines": ["svm"]},
    },
    baselines={"svm": Baseline("made_up", "svm", 1, None, {})},
)


def made_up(dataset, networks, epochs=range(EPOCHS + 1)):
    right = np.arange(EXAMPLES) % 7 < np.arange(1, len(epochs) + 1)[:, None] + 2
    predicted = np.stack([np.where(right, LABELS, 1 - LABELS)] * len(networks))
    return predictions_of(predicted, dataset, networks, epochs)


@pytest.fixture
def study(tmp_path, monkeypatch):
    """The results of a small study, written where they belong, two networks a file."""
    monkeypatch.chdir(tmp_path)
    images = np.zeros((EXAMPLES, 2, 2, 1), dtype=np.uint8)
    dataset = make_dataset(images, LABELS, np.arange(EXAMPLES), IS_TEST, ["a", "b"])
    folder = tmp_path / "results/made_up"
    write_dataset(dataset, folder / "dataset.nc", STUDY.dataset)
    definition, of_svm = (each.definition for each in (ensemble_of(), STUDY.baselines["svm"]))
    paths = []
    for first in (0, 2):
        paths.append(folder / f"st_vgg/predictions/{first:04d}-{first + 1:04d}.nc")
        write_predictions(made_up(dataset, [first, first + 1]), paths[-1], definition)
    write_scores(score_ensemble(paths), SCORES, definition)
    write_predictions(made_up(dataset, [0], [1]), folder / "baselines/svm.nc", of_svm)
    return STUDY


def failing(tests):
    return [sentence for sentence, passes in tests if not passes]


@pytest.fixture
def unlearned(study):
    """The same study, whose networks' loss stays as it was."""
    scores = read_scores(SCORES)
    unlearned = scores.assign(loss=scores["loss"] * 0 + 0.7)
    write_scores(unlearned, SCORES, ensemble_of().definition)
    return study


def test_results_that_are_as_asked_for_have_a_sentence_for_each_test(study):
    sentences = results.test_results(study, networks_per_job=2)
    assert len(sentences) == 4 + 6 + 2 + 2
    assert "results/made_up/dataset.nc: 40 train examples; the study defines 40" in sentences
    assert any("0002-0003.nc: networks 2 to 3 (2)" in sentence for sentence in sentences)


def test_an_ensemble_that_did_not_learn_is_a_warning_and_no_failure(unlearned):
    *passed, warning = results.test_results(unlearned, networks_per_job=2)
    assert len(passed) == 4 + 6 + 2 + 2
    assert warning == f"warning: {UNLEARNED}"


def test_warnings_at_the_end_of_a_run_are_of_the_scores_among_its_files(unlearned):
    files = [str(SCORES), str(SCORES), "results/made_up/dataset.nc"]
    assert results.warnings_in(files) == [UNLEARNED]
    # Their own job says what is wrong with these.
    assert results.warnings_in(["results/made_up/other/scores.nc"]) == []
    SCORES.write_bytes(SCORES.read_bytes()[:-100])
    assert results.warnings_in(files) == []


def test_each_failure_is_a_sentence_with_the_file_and_the_numbers(study):
    other = replace(
        study,
        dataset={"source": "digits", "train_examples": 41},
        baselines={"svm": replace(study.baselines["svm"], seeds=2)},
    )
    with pytest.raises(InputError) as raised:
        results.test_results(other, networks_per_job=2)
    heading, *failures = str(raised.value).splitlines()
    assert heading == "4 of 13 tests of made_up's results fail:"
    of_dataset, of_svm = failures[:2], failures[2:]
    for definition, count in (of_dataset, of_svm):
        assert re.search(
            r": the definition \w{8}; that of the study is \w{8}; delete it", definition
        )
        assert definition.split(":")[0] == count.split(":")[0]
    assert [of_dataset[1], of_svm[1]] == [
        "  results/made_up/dataset.nc: 40 train examples; the study defines 41; delete it and run "
        "again.",
        "  results/made_up/baselines/svm.nc: 1 random states; the study defines 2; delete it and "
        "run again.",
    ]


def test_results_of_a_former_definition(study):
    """Snakemake does not notice that, if another machine made them."""
    edited = ensemble_of(recipe=Recipe(epochs=EPOCHS, learning_rate=0.01))
    with pytest.raises(InputError) as raised:
        results.test_results(replace(study, ensembles={"st_vgg": edited}), networks_per_job=2)
    assert str(raised.value).startswith("3 of 14 tests")
    assert str(raised.value).count("st_vgg/predictions/000") == 2
    assert f"{SCORES}: the definition " in str(raised.value)


def test_a_file_that_should_be_there_is_missed(study):
    with pytest.raises(InputError, match=r"0000-0003\.nc does not exist"):
        results.test_results(study, networks_per_job=5)


def test_other_epochs_or_networks_than_in_the_files(study):
    longer = failing(results.of_predictions(ensemble_of(recipe=Recipe(epochs=5)), 2))
    assert sum("epochs 0 to 3 (4); the study defines 0 to 5" in each for each in longer) == 2
    fewer = replace(study, ensembles={"st_vgg": ensemble_of(n_networks=2)})
    with pytest.raises(InputError, match=r"scores\.nc: 4 networks; the study defines 2"):
        results.test_results(fewer, networks_per_job=2)
    path = Path("results/made_up/st_vgg/predictions/0002-0003.nc")
    path.write_bytes(path.with_name("0000-0001.nc").read_bytes())
    assert failing(results.of_predictions(study.ensembles["st_vgg"], 2)) == [
        f"{path}: networks 0 to 1 (2); its name says 2 to 3"
    ]


def chosen_of(examples, rounds, what):
    return pd.DataFrame({"example": examples, "round": rounds, "what": what})


@pytest.fixture
def after():
    """A dataset of 40 train and 20 test examples, and the scores of an ensemble without some."""
    before = label_examples(LABELS, np.arange(60), IS_TEST, ["a", "b"])

    def without(removed, moved=()):
        split = np.where(np.isin(np.arange(60), moved), "test", before["example_split"].values)
        made = before.assign_coords(example_split=("example", split))
        return before, made.isel(example=np.setdiff1d(np.arange(60), removed))

    return without


def test_counts_of_what_was_removed_in_each_round(after):
    step = {"keep": "hardest", "fraction": 0.5, "per_round": 0.2, "cut": 3}
    removed = np.arange(20)
    rounds = np.repeat([1, 2, 3], [8, 8, 4])
    chosen = chosen_of(removed, rounds, "removed")
    assert failing(results.of_chosen(chosen, "chosen.csv", step, *after(removed))) == []
    # One more in the first round, and one less in the last, leave as many.
    wrong = chosen_of(removed, np.repeat([1, 2, 3], [9, 8, 3]), "removed")
    assert failing(results.of_chosen(wrong, "chosen.csv", step, *after(removed))) == [
        "chosen.csv: [40, 31, 23, 20] train examples after each round; the study defines [40, 32, "
        "24, 20]"
    ]
    # The ensemble after the second cut has what is left after two.
    step = step | {"cut": 2}
    chosen = chosen_of(removed[:16], rounds[:16], "removed")
    assert failing(results.of_chosen(chosen, "chosen.csv", step, *after(removed[:16]))) == []
    assert len(failing(results.of_chosen(chosen, "chosen.csv", step, *after(removed)))) == 1
    assert len(failing(results.of_chosen(chosen, "chosen.csv", step, *after([])))) == 1


def test_moved_examples_must_be_in_the_test_set(after):
    step = {"move_to_test": "easiest", "fraction": 0.05}
    chosen = chosen_of([3, 7], 1, "moved")
    assert failing(results.of_chosen(chosen, "chosen.csv", step, *after([], [3, 7]))) == []
    (sentence,) = failing(results.of_chosen(chosen, "chosen.csv", step, *after([], [3])))
    assert sentence == "chosen.csv: 1 of 2 examples are moved, and 39 of 40 left in the train set"
    one = chosen_of([3], 1, "moved")
    (sentence,) = failing(results.of_chosen(one, "chosen.csv", step, *after([], [3])))
    assert "[40, 39] train examples after each round; the study defines [40, 38]" in sentence
    twice = chosen_of([3, 3], 1, "moved")
    assert failing(results.of_chosen(twice, "chosen.csv", step, *after([], [3])))


def test_relabelled_examples_are_those_with_another_label(after):
    before, scores = after([])
    scores = scores.copy(deep=True)
    scores["label"][[2, 5]] = 1 - scores["label"][[2, 5]]
    step = {"labels": "random", "seed": 0}
    good, bad = (chosen_of(examples, 1, "relabelled") for examples in ([5, 2], [5]))
    assert failing(results.of_chosen(good, "chosen.csv", step, before, scores)) == []
    assert failing(results.of_chosen(bad, "chosen.csv", step, before, scores)) == [
        "chosen.csv: 1 relabelled examples, and 2 have another label than in the study's dataset"
    ]


def test_an_example_that_is_there_twice(study):
    names = np.arange(EXAMPLES)
    names[1] = 0
    made = make_dataset(
        np.zeros((EXAMPLES, 1, 1, 1), dtype=np.uint8), LABELS, names, IS_TEST, ["a", "b"]
    )
    made = made.assign_attrs(definition=json.dumps(study.dataset))
    assert failing(results.of_dataset(made, study)) == [
        "results/made_up/dataset.nc: 60 examples with 59 different names"
    ]
