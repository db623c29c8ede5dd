import json
from pathlib import Path
from typing import get_args

import pytest
import torchvision
from hypothesis import given
from hypothesis import strategies as st
from studies import FOLDER, load, minimal, with_baselines

from created_equal.errors import InputError
from created_equal.networks.activations import ACTIVATIONS
from created_equal.study import (
    FIGURES,
    PAPER_ARCHITECTURES,
    Architecture,
    Ensemble,
    baseline_of,
    baselines_of,
    check_networks_differ,
    ensemble_across,
    ensembles_of,
)
from created_equal.study.keys import ROLES, ArchitectureName, FiguresEntry, Recipe


def test_ensembles_of_one_definition_have_the_same_networks(folder):
    same = {"architecture": "st_vgg"}
    other = same | {"recipe": {"learning_rate": 0.1}}
    study = load(minimal(ensembles={"a": same, "b": same, "c": other}))
    check_networks_differ(study, ["a", "c"])
    with pytest.raises(InputError, match=r"a and b in .* have the same definition and so the same"):
        check_networks_differ(study, ["a", "c", "b"])


def test_the_keys_name_what_the_code_has():
    public = torchvision.models.list_models(module=torchvision.models)
    assert get_args(ArchitectureName) == (*PAPER_ARCHITECTURES, *sorted(public))
    activations, _ = get_args(Recipe.__annotations__["activation"])
    assert get_args(activations) == tuple(ACTIVATIONS)
    assert list(FiguresEntry.model_fields) == list(FIGURES)
    for field in FiguresEntry.model_fields.values():
        keys = field.annotation.model_json_schema()["properties"]
        assert keys.keys() - {"epochs", "ensembles"} <= {*ROLES, "baseline", "baselines"}


def test_a_definition_in_full(folder):
    assert load(minimal()).ensembles["a"].definition == {
        "dataset": {"source": "digits"},
        "architecture": "st_vgg",
        "width": 1.0,
        "linear": False,
        "depth": None,
        "kernel": None,
        "units": None,
        "recipe": {
            "epochs": 140,
            "batch_size": 100,
            "optimizer": "sgd",
            "learning_rate": 0.05,
            "momentum": 0.0,
            "decay": None,
            "weight_decay": 0.0,
            "weight_decay_on": "weights",
            "dropout": True,
            "activation": "elu",
            "mini_batches": "permuted",
        },
    }


@pytest.mark.parametrize(
    "same",
    [
        minimal(title="Another", networks=3, figures={"figure_10": {"ensemble": "a"}}),
        dict(reversed(minimal().items())),
        minimal(dataset={"size": None, "source": "digits"}),
        minimal(resources={"mem_mb": 9000, "cpus": 4, "networks_per_job": 1}),
        minimal(recipe={"momentum": 0, "activation": "elu", "dropout": True, "epochs": 140}),
        minimal(ensembles={"a": {"width": 1, "architecture": "st_vgg", "recipe": {"decay": None}}}),
        minimal(dataset={"source": "digits", "images": "memory"}, recipe={"augmentation": None}),
    ],
)
def test_a_definition_does_not_depend_on_keys_without_effect_on_networks(folder, same):
    plain = load(minimal(), "plain").ensembles["a"].definition
    other = load(same, "other").ensembles["a"].definition
    assert json.dumps(plain, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize("path", ["mine/", "./mine", ".//mine//"])
def test_a_folder_has_one_definition_however_its_path_is_written(folder, path):
    study = load(minimal(dataset={"source": "image_folder", "path": path}))
    assert study.dataset["path"] == "mine"


def test_no_dropout_and_a_rate_of_zero_are_one_definition(folder):
    definitions = [
        json.dumps(load(minimal(recipe={"dropout": rate})).ensembles["a"].definition)
        for rate in (False, 0, 0.0)
    ]
    assert len(set(definitions)) == 1
    assert '"dropout": false' in definitions[0]


def test_a_definition_depends_on_everything_else(folder):
    different = [
        minimal(),
        minimal(dataset={"source": "digits", "size": 16}),
        minimal(recipe={"dropout": 0.5}),
        minimal(recipe={"dropout": 1 / 256}),
        minimal(recipe={"dropout": 255 / 256}),
        minimal(recipe={"decay": {"factor": 2, "every": 1}}),
        minimal(recipe={"epochs": 5}),
        minimal(ensembles={"a": {"architecture": "small_st_vgg"}}),
        minimal(ensembles={"a": {"architecture": "st_vgg", "width": 0.5}}),
        minimal(dataset=FOLDER | {"images": "memory"}),
        minimal(dataset=FOLDER),
        minimal(dataset=FOLDER, recipe={"augmentation": "crop_and_flip"}),
    ]
    definitions = {json.dumps(load(values).ensembles["a"].definition) for values in different}
    assert len(definitions) == len(different)


@pytest.mark.parametrize(
    ("at_most", "configured", "per_job"), [(None, 5, 5), (1, 5, 1), (5, 1, 1), (20, 5, 5)]
)
def test_a_job_trains_no_more_networks_than_config_and_ensemble_allow(
    folder, at_most, configured, per_job
):
    study = load(minimal(resources={"networks_per_job": at_most}, networks=12))
    jobs = study.ensembles["a"].batches(configured)
    assert jobs == [(first, min(first + per_job, 12) - 1) for first in range(0, 12, per_job)]


def batches(n_networks, per_job):
    ensemble = Ensemble("study", "a", Architecture("st_vgg"), n_networks, Recipe(), dataset={})
    return ensemble.batches(per_job)


def test_batches_by_hand():
    assert batches(12, 5) == [(0, 4), (5, 9), (10, 11)]
    assert batches(1, 5) == [(0, 0)]


@given(st.integers(1, 500), st.integers(1, 50))
def test_batches_hold_every_network_once_and_only_the_last_is_short(networks, per_job):
    jobs = batches(networks, per_job)
    assert [i for first, last in jobs for i in range(first, last + 1)] == list(range(networks))
    assert all(last - first + 1 == per_job for first, last in jobs[:-1])
    assert jobs[:-1] == batches(networks + per_job, per_job)[: len(jobs) - 1]


def test_the_predictions_files_of_an_ensemble(folder):
    study = load(minimal(networks=7), "digits")
    folder = Path("results/digits/a/predictions")
    assert study.ensembles["a"].predictions_paths(5) == [
        folder / "0000-0004.nc",
        folder / "0005-0006.nc",
    ]


def test_ensembles_of():
    assert ensembles_of({"ensemble": "a", "epochs": [0]}) == ("a",)
    assert ensembles_of({"ensembles": ["a", "b"]}) == ("a", "b")
    assert ensembles_of({"linear": "b", "ensemble": "a"}) == ("a", "b")
    assert ensembles_of({"hard": "b", "random_labels": "a"}) == ("a", "b")
    moved = {"random": "d", "hardest": "c", "easiest": "b", "ensemble": "a"}
    assert ensembles_of(moved) == ("a", "b", "c", "d")


def test_baselines_of():
    assert baselines_of({"ensemble": "a"}) == ()
    assert baselines_of({"ensemble": "a", "baseline": "adaboost"}) == ("adaboost",)
    assert baselines_of({"baselines": ["svm", "perceptron"]}) == ("svm", "perceptron")


def test_the_ensemble_of_figure_1_represents_a_study(folder):
    assert ensemble_across(load(minimal(figures={"figure_10": {"ensemble": "a"}}))) is None
    assert ensemble_across(load(minimal(figures={"figure_01": {"ensemble": "a"}}))) == "a"


def test_a_missing_baseline(folder):
    study = load(with_baselines(svm={}))
    assert baseline_of(study, "svm") == study.baselines["svm"]
    with pytest.raises(InputError, match=r"add it under baselines in config/studies/one\.yaml\.$"):
        baseline_of(study, "adaboost")
    with pytest.raises(InputError, match=r"the study one has no baseline svn; use one of svm, k_"):
        baseline_of(study, "svn")


def test_the_epochs_of_a_study_are_those_of_its_figures(folder):
    named = {"figure_01": [0, 1, 2, 5], "figure_02": [0, 1, 2, 3, 4, 5]}
    figures = {figure: {"ensemble": "a", "epochs": epochs} for figure, epochs in named.items()}
    study = load(minimal(figures={**figures, "figure_10": {"ensemble": "a"}}))
    assert study.epochs == named


def test_shared_noise_and_steps_are_in_the_definition_only_if_they_are_given(folder):
    def definition(**keys):
        ensembles = {"a": {"architecture": "st_vgg", **keys}}
        return load(minimal(ensembles=ensembles)).ensembles["a"]

    plain = definition()
    for nothing in ({"shared": []}, {"networks": 3}):
        assert json.dumps(definition(**nothing).definition) == json.dumps(plain.definition)
    shared = definition(shared=["mini_batches", "dropout", "dropout"])
    assert shared.definition == plain.definition | {"shared": ["dropout", "mini_batches"]}
    assert shared.definition == definition(shared=["dropout", "mini_batches"]).definition
    steps = definition(steps=[1, 5])
    assert steps.definition == plain.definition | {"steps": [1, 5]}
    # The noise that is not shared is that of the same network of the plain ensemble.
    for each in (shared, steps):
        assert json.dumps(each.streams_definition) == json.dumps(plain.definition)
    assert (plain.moments, plain.unit) == (list(range(141)), "epoch")
    assert (steps.moments, steps.unit) == ([0, 1, 5], "step")
