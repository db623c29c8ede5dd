import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data import write_study

from created_equal.artefacts import (
    make_dataset,
    make_predictions,
    write_dataset,
    write_predictions,
    write_scores,
)
from created_equal.claims.evidence import _data_of, _trained_otherwise, open_evidence
from created_equal.errors import InputError
from created_equal.scores import scores_of_baseline
from created_equal.study import (
    REFERENCE,
    Architecture,
    Baseline,
    Ensemble,
    Recipe,
    Study,
    load_study,
)


def ensemble_of(name, **derived):
    dataset = {"source": "d"} | ({"derived": derived} if derived else {})
    return Ensemble("made_up", name, Architecture("st_vgg"), 2, Recipe(epochs=1), dataset)


def study_of(figures):
    return Study(
        name="made_up",
        title="Made up",
        dataset={"source": "d"},
        ensembles={
            "st_vgg": ensemble_of("st_vgg"),
            "easiest": ensemble_of("easiest", move_to_test="easiest", fraction=0.1),
            "hard": ensemble_of("hard", keep="hardest", fraction=0.2, cut=1),
            "fifth": ensemble_of("fifth", keep="random", fraction=0.2, cut=1),
            "half": ensemble_of("half", keep="random", fraction=0.5, cut=1),
        },
        figures=figures,
        baselines={"svm": Baseline("made_up", "svm", 1, None, {})},
    )


@pytest.fixture
def predictions():
    """Two random states, three numbers of weak learners, four examples of two classes."""
    dataset = make_dataset(
        np.zeros((4, 1, 1, 1), dtype=np.uint8), [0, 1, 0, 1], [5, 6, 7, 8], [0, 0, 1, 1], ["a", "b"]
    )
    predicted = np.array(
        [[[0, 1, 0, 1], [0, 1, 0, 0], [1, 1, 0, 0]], [[0, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 1]]]
    )
    accuracy = np.full((2, 3, 2), 0.5)
    return make_predictions(predicted, accuracy, accuracy * np.nan, [0, 1], dataset, [1, 2, 3])


def test_scores_of_a_baseline_by_hand(predictions):
    scores = scores_of_baseline(predictions.assign_attrs(definition="{}"))
    assert scores["n_right"].values.tolist() == [[2, 1, 2, 2], [2, 1, 2, 0], [1, 2, 2, 1]]
    assert scores["accessibility"].values == pytest.approx([5 / 6, 2 / 3, 1, 0.5])
    assert scores["epoch"].values.tolist() == [1, 2, 3]
    assert scores["example_split"].values.tolist() == ["train", "train", "test", "test"]
    assert (scores.sizes["network"], scores.attrs["classes"]) == (2, 2)


def test_everything_that_the_figures_name_is_there(
    made_up, dataset, predictions, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results/made_up"
    study = study_of(
        {
            "figure_01": {"ensemble": "st_vgg", "epochs": [0, 1, 2, 3]},
            "figure_07": {"ensemble": "st_vgg", "baselines": ["svm"]},
            "figure_08": {"random_labels": "st_vgg", "hard": "hard"},
            "moved_examples": {"ensemble": "st_vgg", "easiest": "easiest"},
        }
    )
    scores = made_up("made_up", True).scores["cnn"]
    for name in ("st_vgg", "hard", "fifth"):
        write_scores(scores, folder / name / "scores.nc", study.ensembles[name].definition)
    moved = np.isin(scores["example"].values, [4, 9])
    write_scores(scores.assign(moved=("example", moved)), folder / "easiest/scores.nc", {})
    write_dataset(dataset, folder / "dataset.nc", {})
    write_predictions(predictions, folder / "baselines/svm.nc", {})
    with open_evidence(study, networks_per_job=1) as evidence:
        assert evidence.study == evidence.data == "made_up"
        assert set(evidence.scores) == {"st_vgg", "hard", "fifth", "easiest", "baselines/svm"}
        assert evidence.predictions["hard"] == [
            Path(f"results/made_up/hard/predictions/000{each}-000{each}.nc") for each in (0, 1)
        ]
        assert evidence.predictions["baselines/svm"] == [Path("results/made_up/baselines/svm.nc")]
        assert set(evidence.predictions) == set(evidence.scores)
        assert not evidence.kept
        assert evidence.roles["figure_08.random"] == ("fifth",)
        assert evidence.epochs == {"figure_01": [0, 1, 2, 3]}
        assert list(evidence.moved) == ["easiest"]
        assert evidence.moved["easiest"].tolist() == [4, 9]
    kept = {name: replace(each, scores_in=REFERENCE) for name, each in study.ensembles.items()}
    shutil.move(folder, tmp_path / "reference/made_up")
    for path in ("dataset.nc", "baselines/svm.nc"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(tmp_path / "reference/made_up" / path, folder / path)
    path = tmp_path / "reference/made_up/st_vgg/predictions/0-1.nc"
    write_predictions(predictions, path, study.ensembles["st_vgg"].definition)
    write_predictions(predictions, path.with_name("0-2.nc"), {"of": "a former definition"})
    with open_evidence(replace(study, ensembles=kept), networks_per_job=1) as evidence:
        assert evidence.kept
        assert evidence.predictions["st_vgg"] == [
            Path("reference/made_up/st_vgg/predictions/0-1.nc")
        ]
        assert evidence.predictions["hard"] == []
        assert evidence.predictions["baselines/svm"] != []
        assert evidence.moved["easiest"].tolist() == [4, 9]


@pytest.mark.parametrize(
    "text, data", [("base: mammals", "mammals"), ("base: mammals\ndataset: {source: d}", "made_up")]
)
def test_a_study_has_the_data_of_its_base_unless_it_has_its_own(text, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_study(text, "made_up")
    assert _data_of(study_of({})) == data


def test_other_settings_than_those_of_the_study_of_the_data_are_noticed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two = {name: {"architecture": "st_vgg"} for name in ("a", "b")}
    planned = {"title": "M", "dataset": {"source": "digits"}, "ensembles": two}
    write_study(planned | {"recipe": {"epochs": 3}}, "mammals")
    others = {"a": {"networks": 7}, "b": {"recipe": {"activation": "relu"}}, "c": two["a"]}
    write_study({"base": "mammals", "title": "N", "ensembles": others}, "mine")
    for study, expected in (
        (load_study("mine"), {"b", "c"}),
        (load_study("mammals"), set()),
        (load_study("mammals", epochs=2), {"a", "b"}),
    ):
        assert _trained_otherwise("mammals", study.ensembles) == expected
    # Its hardest examples are chosen in fewer rounds.
    assert not _trained_otherwise("small_mammals", load_study("small_mammals_night").ensembles)


def test_a_missing_file_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(InputError, match=r"st_vgg/scores\.nc does not exist"),
        open_evidence(study_of({"figure_01": {"ensemble": "st_vgg"}}), networks_per_job=1),
    ):
        pass
