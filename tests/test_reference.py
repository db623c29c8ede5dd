"""Scores that are kept with the code, as a study sees them."""

import json
from pathlib import Path

import pytest
import yaml

from created_equal.errors import InputError
from created_equal.reference import read_catalogue
from created_equal.study import load_config, load_configured, load_study

STUDY = {
    "title": "A study",
    "dataset": {"source": "digits"},
    "networks": 10,
    "ensembles": {
        "a": {"architecture": "st_vgg"},
        "b": {"architecture": "small_st_vgg"},
        "moved": {
            "architecture": "st_vgg",
            "dataset": {"move_to_test": "hardest", "fraction": 0.1, "ranked_by": "a"},
        },
    },
    "figures": {
        "figure_01": {"ensemble": "a"},
        "figure_04": {"ensembles": ["a", "b"]},
        "robustness": {"ensembles": ["a", "b"]},
    },
}


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study whose ensembles a and moved have scores that are kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CREATED_EQUAL_CONFIG", raising=False)
    Path("config/studies").mkdir(parents=True)
    Path("config/studies/one.yaml").write_text(yaml.safe_dump(STUDY))
    Path("config.yaml").write_text("scores: reference\n")
    ensembles = load_study("one").ensembles
    keep({name: ensembles[name].definition for name in ("a", "moved")})
    return ensembles


def keep(definitions):
    for name in definitions:
        Path("reference/one", name).mkdir(parents=True, exist_ok=True)
        Path("reference/one", name, "scores.nc").touch()
    catalogue = {
        name: {"definition": definition, "networks": 7} for name, definition in definitions.items()
    }
    Path("reference/one/scores.json").write_text(json.dumps(catalogue))


def test_kept_scores_take_the_place_of_those_that_are_trained(study):
    kept, trained = load_configured("one"), load_study("one")
    assert kept.scores_path("a") == "reference/one/a/scores.nc"
    assert trained.scores_path("a") == "results/one/a/scores.nc"
    assert kept.title == "A study (reference scores)"
    assert kept.ensembles["a"].networks == 7
    assert kept.ensembles["a"].definition == trained.ensembles["a"].definition


def test_figures_of_others_are_refused_by_name(study):
    kept = load_configured("one")
    assert list(kept.figures) == ["figure_01"]
    assert kept.refused["figure_04"] == [
        "figures.figure_04 shows b, which is not in reference/one/scores.json; say scores=trained "
        "to train it."
    ]
    assert list(load_study("one").figures) == list(STUDY["figures"])


def test_scores_of_what_the_study_was_before_are_none(study):
    changed = STUDY | {"recipe": {"learning_rate": 0.1}}
    Path("config/studies/one.yaml").write_text(yaml.safe_dump(changed))
    kept = load_configured("one")
    assert not kept.figures
    (sentence,) = kept.refused["figure_01"]
    assert "shows a, which has another definition in reference/one/scores.json" in sentence


def test_scores_that_are_not_where_the_catalogue_says(study):
    Path("reference/one/a/scores.nc").unlink()
    kept = load_configured("one")
    (sentence,) = kept.refused["figure_01"]
    assert "a, which should have its scores in reference/one/a/scores.nc, which is not" in sentence
    with pytest.raises(InputError, match="no scores of one/a are kept; say scores=trained"):
        kept.scores_path("a")


def test_a_number_of_networks_contradicts_kept_scores(study):
    with pytest.raises(InputError, match="networks is 20, but scores is reference"):
        load_config({"scores": "reference", "networks": 20})


def test_a_study_of_which_nothing_is_kept(study):
    Path("config/studies/two.yaml").write_text(yaml.safe_dump(STUDY))
    with pytest.raises(InputError, match=r"no scores of two are kept here .*: one\.$"):
        load_configured("two")


@pytest.mark.parametrize(
    "text, said",
    [("{", "cannot be read"), ("[]", "is no catalogue"), ('{"a": {"networks": 3}}', "see a")],
)
def test_a_catalogue_that_is_none(study, text, said):
    Path("reference/one/scores.json").write_text(text)
    with pytest.raises(InputError, match=rf"reference/one/scores\.json .*{said}.*get it anew"):
        read_catalogue("one")
