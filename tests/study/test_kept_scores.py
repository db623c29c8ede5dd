"""Scores that are kept with the code: keeping them, and studies that use them."""

import json
import logging
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import xarray as xr
from commands import refused
from data import DIGITS, NARROW, overwrite, small_study, write_study

from created_equal import cli
from created_equal.artefacts import definition_of, read_scores, write_scores
from created_equal.artefacts.files import write_artefact
from created_equal.errors import InputError
from created_equal.study import (
    FIGURES,
    REFERENCE,
    keep_scores,
    load_config,
    load_configured,
    load_study,
)
from created_equal.study.kept_scores import read_catalogue

RECIPE = {"epochs": 3, "batch_size": 20, "learning_rate": 0.1}
SMALL = small_study(
    recipe=RECIPE,
    ensembles={
        "one": NARROW,
        "other": {"architecture": "small_st_vgg", "width": 0.125},
        "unseen": {"architecture": "small_st_vgg", "width": 0.25},
    },
    baselines={"svm": {}, "perceptron": {"seeds": 2}, "decision_tree": {"seeds": 1}},
    figures={
        "figure_01": {"ensemble": "one"},
        "figure_04": {"ensembles": ["one", "other"]},
        "figure_07": {"ensemble": "one", "baselines": ["svm", "perceptron"]},
    },
)


@pytest.fixture
def untrained(study_folder):
    write_study(SMALL)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """The results of the study, with only its first ensemble trained."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("trained"))
        write_study(SMALL)
        cli.build_dataset("small")
        cli.train_networks("small", "one")
        cli.score_ensemble("small", "one")
        return Path("results").resolve()


@pytest.fixture
def trained(untrained, results):
    """The study, with only its first ensemble trained."""
    shutil.copytree(results, "results")


def test_scores_are_kept_with_facts_about_their_training(trained):
    message = list(keep_scores(load_study("small")))
    assert message[0].startswith("one: 4 networks, ")
    assert message[1:] == ["other: no scores in results; left out"]
    path = REFERENCE / "small/one/scores.nc"
    kept = read_scores(path)
    assert kept.identical(read_scores(Path("results/small/one/scores.nc")))
    entry = read_catalogue("small").pop("one")
    assert entry["definition"] == load_study("small").ensembles["one"].definition
    assert (entry["networks"], entry["precision"]) in [(4, ["fp32"]), (4, ["bf16"])]
    assert entry["device"][0].startswith("CPU")
    assert entry["versions"][0]["torch"]
    assert entry["seconds"] > 0
    assert load_study("small", scores="reference").scores_path("one") == path


def test_kept_scores_that_are_damaged_are_named_and_left_where_they_are(
    trained, monkeypatch, command
):
    list(keep_scores(load_study("small")))
    path = Path("reference/small/one/scores.nc")
    overwrite(path, path.read_bytes()[:-100])
    monkeypatch.setenv("CREATED_EQUAL_CONFIG", '{"scores": "reference"}')
    message = refused(command("check_claims", "small"))
    assert message.startswith(f"{path} is damaged")
    assert message.endswith("get it again from where you have the code.")
    assert path.is_file()


def test_scores_that_were_kept_earlier_stay(trained):
    list(keep_scores(load_study("small")))
    cli.train_networks("small", "other")
    cli.score_ensemble("small", "other")
    before = Path("reference/small/one/scores.nc").read_bytes()
    Path("results/small/one/scores.nc").unlink()
    message, *_ = keep_scores(load_study("small"))
    assert message == "one: no scores in results; the earlier ones stay"
    assert set(read_catalogue("small")) == {"one", "other"}
    assert Path("reference/small/one/scores.nc").read_bytes() == before


def test_networks_may_have_been_trained_in_other_jobs_and_numbers(untrained):
    Path("config.yaml").write_text("networks_per_job: 2\nnetworks: 3\n")
    cli.build_dataset("small")
    cli.train_networks("small", "one")
    cli.score_ensemble("small", "one")
    Path("config.yaml").write_text("")
    assert next(keep_scores(load_study("small"))).startswith("one: 3 networks, ")
    assert load_study("small", scores="reference").ensembles["one"].n_networks == 3


def test_scores_of_another_definition_are_not_kept(trained):
    write_study(SMALL | {"recipe": RECIPE | {"learning_rate": 0.2}})
    with pytest.raises(
        InputError, match=r"one/scores\.nc was made for a definition that its study no longer has"
    ):
        list(keep_scores(load_study("small")))
    assert not Path("reference").exists()


def test_nothing_is_replaced_if_one_of_the_scores_cannot_be_kept(trained, untrained):
    list(keep_scores(load_study("small")))
    kept = {path: path.read_bytes() for path in Path("reference").rglob("*.*")}
    path = Path("results/small/one/scores.nc")
    scores = read_scores(path)
    write_scores(scores.isel(network=[0]), path, definition_of(scores))
    write_scores(scores, Path("results/small/other/scores.nc"), {"of": "another study"})
    with pytest.raises(InputError, match=r"other/scores\.nc was made for a definition"):
        list(keep_scores(load_study("small")))
    assert {path: path.read_bytes() for path in Path("reference").rglob("*.*")} == kept
    Path("results/small/other/scores.nc").unlink()
    cli.fit_baseline("small", "svm")
    fitted = Path("results/small/baselines/svm.nc")
    overwrite(fitted, fitted.read_bytes()[:2000])
    with pytest.raises(InputError, match=r"baselines/svm\.nc "):
        list(keep_scores(load_study("small")))
    assert {path: path.read_bytes() for path in Path("reference").rglob("*.*")} == kept


def test_baselines_are_kept_and_copied_in_place_of_a_fit(trained, monkeypatch, caplog):
    for name in ("svm", "decision_tree"):
        cli.fit_baseline("small", name)
    messages = list(keep_scores(load_study("small")))
    assert [each for each in messages if "baselines" in each] == ["baselines/svm: its predictions"]
    assert [path.name for path in Path("reference/small/baselines").iterdir()] == ["svm.nc"]
    fitted = Path("results/small/baselines/svm.nc")
    contents = fitted.read_bytes()
    fitted.unlink()
    caplog.set_level(logging.INFO)
    cli.fit_baseline("small", "svm")
    assert "small/svm: 1 fitted in " in caplog.text
    monkeypatch.setenv("CREATED_EQUAL_CONFIG", '{"scores": "reference"}')
    cli.fit_baseline("small", "svm")
    assert "small/svm: copied from reference/small/baselines/svm.nc" in caplog.text
    assert fitted.read_bytes() == contents
    cli.fit_baseline("small", "perceptron")
    assert "small/perceptron: 2 fitted in " in caplog.text


def test_kept_baselines_of_other_data_are_not_used(trained, monkeypatch, caplog):
    cli.fit_baseline("small", "svm")
    list(keep_scores(load_study("small")))
    write_study(SMALL | {"dataset": DIGITS | {"test_examples": 50}})
    cli.build_dataset("small")
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("CREATED_EQUAL_CONFIG", '{"scores": "reference"}')
    cli.fit_baseline("small", "svm")
    assert "small/svm: 1 fitted in " in caplog.text


def test_there_is_nothing_to_keep(untrained):
    with pytest.raises(InputError, match=r"no scores of small to keep \(of one, other\); make"):
        list(keep_scores(load_study("small")))


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
    write_study(STUDY, "one")
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
    assert kept.scores_path("a") == Path("reference/one/a/scores.nc")
    assert trained.scores_path("a") == Path("results/one/a/scores.nc")
    assert kept.title == "A study (reference scores)"
    assert kept.ensembles["a"].n_networks == 7
    assert kept.ensembles["a"].definition == trained.ensembles["a"].definition


def test_kept_predictions_do_not_hide_those_that_come_with_the_code(study_folder):
    ensemble = load_study("small_mammals_night", scores="reference").ensembles["linear_st_vgg"]
    first, *others = ensemble.predictions_paths(1)
    own = Path("reference/small_mammals_night/linear_st_vgg/predictions")
    own.mkdir(parents=True)
    for name in (first.name, "9000-9000.nc"):
        shutil.copy(first, own / name)
    assert ensemble.predictions_paths(1) == [own / first.name, *others, own / "9000-9000.nc"]


def test_figures_of_others_are_refused_by_name(study):
    kept = load_configured("one")
    assert list(kept.figures) == ["figure_01", "robustness"]
    assert kept.refused["figure_04"] == [
        "figures.figure_04 shows b (not in reference/one/scores.json); train the networks with "
        "scores=trained."
    ]
    assert list(load_study("one").figures) == list(STUDY["figures"])


def test_a_figure_is_drawn_without_ensembles_that_it_can_do_without(study):
    random = {"architecture": "st_vgg", "dataset": {"labels": "random"}}
    hard = {
        "architecture": "st_vgg",
        "dataset": {"keep": "hardest", "fraction": 0.5, "ranked_by": "a"},
    }
    changed = {
        **STUDY,
        "ensembles": STUDY["ensembles"] | {"random": random, "hard": hard},
        "figures": {"figure_08": {"random_labels": "random", "hard": "hard"}},
    }
    write_study(changed, "one")
    keep({"random": load_study("one").ensembles["random"].definition})
    kept = load_configured("one")
    assert kept.figures == {"figure_08": {"random_labels": "random"}}
    assert not kept.refused
    assert list(kept.incomplete) == [
        "figures.figure_08 is drawn without hard (not in reference/one/scores.json); train the "
        "networks with scores=trained."
    ]


def test_what_many_ensembles_lack_is_one_sentence(study):
    more = {f"c{number}": {"architecture": "st_vgg", "width": number} for number in (2, 3)}
    shown = {"robustness": {"ensembles": ["c2", "a", "c3", "b"]}}
    changed = {**STUDY, "ensembles": STUDY["ensembles"] | more, "figures": shown}
    write_study(changed, "one")
    kept = load_configured("one")
    assert kept.figures == {"robustness": {"ensembles": ["a"]}}
    (sentence,) = kept.incomplete
    assert "robustness is drawn without c2, c3, b (not in reference/one/scores.json)" in sentence


def test_scores_of_an_earlier_definition_are_not_used(study):
    changed = STUDY | {"recipe": {"learning_rate": 0.1}}
    write_study(changed, "one")
    kept = load_configured("one")
    assert not kept.figures
    (sentence,) = kept.refused["figure_01"]
    assert "shows a (of another definition in reference/one/scores.json)" in sentence


def test_scores_that_are_not_where_the_catalogue_says(study):
    Path("reference/one/a/scores.nc").unlink()
    kept = load_configured("one")
    (sentence,) = kept.refused["figure_01"]
    assert "shows a (reference/one/a/scores.nc does not exist)" in sentence
    with pytest.raises(InputError, match="no scores of one/a come with the code; train"):
        kept.scores_path("a")


def test_a_number_of_networks_contradicts_kept_scores(study):
    with pytest.raises(InputError, match="networks is 20, but scores is reference"):
        load_config({"scores": "reference", "networks": 20})


def test_a_study_without_kept_scores(study):
    write_study(STUDY, "two")
    with pytest.raises(InputError, match=r"reference has no scores of two .*: one\.$"):
        load_configured("two")


@pytest.mark.parametrize(
    "text, message",
    [("{", "cannot be read"), ("[]", "is not a catalogue"), ('{"a": {"networks": 3}}', "see a")],
)
def test_an_invalid_catalogue(study, text, message):
    Path("reference/one/scores.json").write_text(text)
    with pytest.raises(InputError, match=rf"reference/one/scores\.json .*{message}.*get it again"):
        read_catalogue("one")


def test_a_figure_that_needs_predictions_is_refused_without_them(study, monkeypatch):
    needy = replace(FIGURES["figure_01"], predictions=True)
    monkeypatch.setitem(FIGURES, "figure_01", needy)
    kept = load_configured("one")
    assert "figure_01" not in kept.figures
    assert kept.refused["figure_01"] == [
        "figures.figure_01 needs the predictions of a, which do not come with its scores; train "
        "the networks with scores=trained."
    ]
    write = partial(write_artefact, xr.Dataset({"label": ("example", [0])}), kind="predictions")
    path = Path("reference/one/a/predictions/0000-0006.nc")
    definition = study["a"].definition | {"engine_version": 1, "data": "its"}
    write(path.parents[1] / "scores.nc", kind="scores", definition=definition)
    write(path, definition=definition)
    assert "figure_01" in load_configured("one").figures
    # Networks that were kept before the engine changed do not count.
    write(path, definition=definition | {"engine_version": 0})
    assert "figure_01" not in load_configured("one").figures
