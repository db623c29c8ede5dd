"""What is put beside the code for others to look at."""

import sys
from pathlib import Path

import pytest
import yaml

from created_equal import cli
from created_equal.artefacts import read_scores
from created_equal.errors import InputError
from created_equal.keep import keep_scores
from created_equal.reference import read_catalogue
from created_equal.study import load_study

STUDY = {
    "title": "Small",
    "dataset": {"source": "digits", "size": 16, "train_examples": 40, "test_examples": 40},
    "networks": 4,
    "recipe": {"epochs": 3, "batch_size": 20, "learning_rate": 0.1},
    "ensembles": {
        "one": {"architecture": "st_vgg", "width": 0.125},
        "other": {"architecture": "small_st_vgg", "width": 0.125},
        "unseen": {"architecture": "small_st_vgg", "width": 0.25},
    },
    "figures": {"figure_01": {"ensemble": "one"}, "figure_04": {"ensembles": ["one", "other"]}},
}


@pytest.fixture
def write_study(study_folder):
    """A function that writes the study with changes to its recipe."""

    def write(**recipe):
        study = STUDY | {"recipe": STUDY["recipe"] | recipe}
        (study_folder / "config/studies/small.yaml").write_text(yaml.safe_dump(study))

    write()
    return write


@pytest.fixture
def trained(write_study):
    """The study, of whose ensembles only the first has been trained."""
    cli.build_dataset("small")
    cli.train_networks("small", "one")
    cli.score_ensemble("small", "one")
    return write_study


def test_scores_are_kept_with_what_they_were_trained_on(trained):
    said = list(keep_scores(load_study("small")))
    assert said[0].startswith("one: 4 networks, ")
    assert said[1:] == ["other: has no scores here; left out"]
    kept = read_scores(Path("reference/small/one/scores.nc"))
    assert kept.identical(read_scores(Path("results/small/one/scores.nc")))
    entry = read_catalogue("small").pop("one")
    assert entry["definition"] == load_study("small").ensembles["one"].definition
    assert (entry["networks"], entry["precision"]) in [(4, ["fp32"]), (4, ["bf16"])]
    assert entry["device"][0].startswith("CPU")
    assert entry["versions"][0]["torch"]
    assert entry["seconds"] > 0
    assert load_study("small", scores="reference").scores_path("one") == (
        "reference/small/one/scores.nc"
    )


def test_kept_scores_that_are_damaged_are_named_and_left_where_they_are(
    trained, monkeypatch, capfd
):
    list(keep_scores(load_study("small")))
    path = Path("reference/small/one/scores.nc")
    path.write_bytes(path.read_bytes()[:-100])
    monkeypatch.setenv("CREATED_EQUAL_CONFIG", '{"scores": "reference"}')
    monkeypatch.setattr(sys, "argv", ["created-equal", "check_claims", "small"])
    with pytest.raises(SystemExit):
        cli.main()
    (said,) = capfd.readouterr().err.splitlines()
    assert said.startswith(f"created-equal: {path} is damaged")
    assert said.endswith("get it anew from where you have the code.")
    assert path.is_file()


def test_what_was_kept_before_stays(trained):
    list(keep_scores(load_study("small")))
    cli.train_networks("small", "other")
    cli.score_ensemble("small", "other")
    before = Path("reference/small/one/scores.nc").read_bytes()
    Path("results/small/one/scores.nc").unlink()
    said, *_ = keep_scores(load_study("small"))
    assert said == "one: has no scores here; those of before stay"
    assert set(read_catalogue("small")) == {"one", "other"}
    assert Path("reference/small/one/scores.nc").read_bytes() == before


def test_networks_may_have_been_trained_in_other_jobs_and_numbers(write_study):
    Path("config.yaml").write_text("networks_per_job: 2\nnetworks: 3\n")
    cli.build_dataset("small")
    cli.train_networks("small", "one")
    cli.score_ensemble("small", "one")
    Path("config.yaml").write_text("")
    assert next(keep_scores(load_study("small"))).startswith("one: 3 networks, ")
    assert load_study("small", scores="reference").ensembles["one"].networks == 3


def test_scores_of_another_definition_are_not_kept(trained):
    trained(learning_rate=0.2)
    with pytest.raises(InputError, match=r"results/small/one/scores\.nc is of another definition"):
        list(keep_scores(load_study("small")))
    assert not Path("reference").exists()


def test_there_is_nothing_to_keep(write_study):
    with pytest.raises(InputError, match="no scores of small to keep, of none of one, other; make"):
        list(keep_scores(load_study("small")))
