import json
import subprocess
import sys
from dataclasses import asdict, fields
from pathlib import Path

import pytest
import torchvision
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from created_equal.errors import InputError
from created_equal.networks.activations import ACTIVATIONS
from created_equal.study import (
    BASELINES,
    FIGURES,
    PAPER_ARCHITECTURES,
    ROLES,
    Config,
    Decay,
    Recipe,
    Resources,
    baseline_of,
    baseline_path,
    baselines_of,
    batches,
    dataset_path,
    ensemble_across,
    ensembles_of,
    figure_path,
    load_config,
    load_study,
    predictions_path,
    predictions_paths,
    scores_path,
    study_names,
)
from created_equal.yaml_files import load_schema

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config" / "studies").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def repository(monkeypatch):
    monkeypatch.chdir(REPOSITORY)


FOLDER = {"source": "image_folder", "path": "mine", "size": 64, "images": "files"}


def minimal(**changes):
    return {
        "title": "A study",
        "dataset": {"source": "digits"},
        "ensembles": {"a": {"architecture": "st_vgg"}},
    } | changes


def load(values, name="one", networks=None):
    Path(f"config/studies/{name}.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    return load_study(name, networks)


def problems(values):
    with pytest.raises(InputError) as refusal:
        load(values)
    first, *rest = str(refusal.value).split("\n  ")
    if rest:
        assert first == f"config/studies/one.yaml has {len(rest)} problems:"
        return rest
    return [first.removeprefix("config/studies/one.yaml: ")]


# config


def test_the_committed_config_says_the_defaults(repository):
    assert load_config() == load_config({}) == Config()


def test_the_defaults_of_the_schemas_are_those_of_the_code():
    config = {key: entry["default"] for key, entry in load_schema("config")["properties"].items()}
    assert load_config(config) == Config()
    recipe = load_schema("study")["$defs"]["recipe"]["properties"]
    assert list(recipe) == [each.name for each in fields(Recipe)]
    assert {key: entry["default"] for key, entry in recipe.items()} == asdict(Recipe())
    resources = load_schema("study")["$defs"]["resources"]["properties"]
    assert {key: entry["default"] for key, entry in resources.items()} == asdict(Resources())


@pytest.mark.parametrize(
    ("given_values", "expected"),
    [
        ({"studies": "small_mammals"}, {"studies": ("small_mammals",)}),
        ({"studies": "a, b,a"}, {"studies": ("a", "b")}),
        ({"studies": ["a", "b"]}, {"studies": ("a", "b")}),
        ({"networks": "10", "download": "false"}, {"networks": 10, "download": False}),
        ({"networks": "null", "networks_per_job": "2"}, {"networks": None, "networks_per_job": 2}),
        ({"data_root": "~/data"}, {"data_root": Path.home() / "data"}),
    ],
)
def test_knobs_as_the_command_line_gives_them(given_values, expected):
    assert asdict(load_config(given_values)) == asdict(Config()) | expected


@pytest.mark.parametrize(
    ("given_values", "sentence"),
    [
        ({"study": "a"}, "study is not known; use one of studies, data_root,"),
        ({"studies": None}, "studies must be a list of names or text, but is empty."),
        ({"studies": ""}, "studies must be a list of names or text, but is empty."),
        ({"studies": "A-b"}, "studies[0]: 'A-b' cannot be a name; use only lower-case letters,"),
        ({"networks": 0}, "networks must be a whole number of at least 1 or null, but is 0."),
        ({"networks": "ten"}, "networks must be a whole number of at least 1 or null, but is the"),
        ({"networks": "[1"}, "networks must be a whole number of at least 1 or null, but is the"),
        ({"networks_per_job": 0}, "networks_per_job must be a whole number of at least 1, but is"),
        ({"download": "maybe"}, "download must be true or false, but is the text 'maybe'."),
        (
            {"device": "gpu"},
            "device is 'gpu', which is not known; use one of auto, cpu, cuda.",
        ),
        ({"precision": "fp8"}, "precision is 'fp8', which is not known;"),
        ([1], "the file must be keys with values, but is a list of 1."),
    ],
)
def test_a_knob_that_is_wrong(given_values, sentence):
    with pytest.raises(InputError) as refusal:
        load_config(given_values)
    where, _, said = str(refusal.value).partition(": ")
    assert where == "the configuration (config.yaml and --config)"
    assert said.startswith(sentence)


def test_without_a_config_file_one_is_told_where_to_go(folder):
    with pytest.raises(InputError, match=r"config\.yaml does not exist in .*; run this in"):
        load_config()


# studies that ship


@pytest.mark.parametrize(
    "name",
    [
        "digits",
        "smoke",
        "small_mammals",
        "aquatic_mammals",
        "insects",
        "household_furniture",
        "mnist",
    ],
)
def test_the_studies_that_ship_are_valid(repository, name):
    study = load_study(name)
    assert name in study_names()
    assert study.name == name
    for ensemble in study.ensembles.values():
        assert ensemble.study == name
        assert 2 <= ensemble.networks <= study.networks
        assert json.loads(json.dumps(ensemble.definition)) == ensemble.definition
    # The paper trains linear networks, and on datasets that it changes, on small mammals alone.
    absent = set()
    if name not in ("digits", "smoke", "small_mammals"):
        absent |= {"figure_05", "figure_08", "moved_examples"}
    if name == "mnist":
        absent |= {"figure_02", "figure_04", "figure_06", "figure_07"}
    assert set(study.figures) == set(FIGURES) - absent


def test_small_mammals_is_the_paper_s(repository):
    study = load_study("small_mammals")
    assert study.networks == 100
    assert study.figures["figure_01"] == {"ensemble": "st_vgg", "epochs": [0, 1, 40, 140]}
    assert study.ensembles["st_vgg"].recipe == Recipe(
        epochs=140,
        batch_size=100,
        optimizer="sgd",
        learning_rate=0.05,
        decay=Decay(1.8, 20),
        activation="elu",
    )
    assert study.ensembles["st_vgg"].dataset == {
        "source": "cifar100",
        "superclass": "small_mammals",
    }


def test_the_schema_names_what_the_code_has():
    schema = load_schema("study")
    architectures = schema["$defs"]["architecture"]["enum"]
    public = torchvision.models.list_models(module=torchvision.models)
    assert architectures == [*PAPER_ARCHITECTURES, *sorted(public)]
    assert schema["$defs"]["recipe"]["properties"]["activation"]["enum"] == [None, *ACTIVATIONS]
    figures = schema["properties"]["figures"]["properties"]
    assert list(figures) == list(FIGURES)
    for name, entry in figures.items():
        keys = schema["$defs"][entry["$ref"].split("/")[-1]]["properties"]
        epochs = keys.get("epochs", {})
        if "$ref" in epochs:
            epochs = schema["$defs"][epochs["$ref"].split("/")[-1]]
        assert FIGURES[name].epochs == epochs.get("minItems", 0)
        names = {key for key, value in keys.items() if key not in ("epochs", "ensembles")}
        assert names <= {*ROLES, "baseline", "baselines"}


# what a study says


def test_defaults_and_merging(folder):
    study = load(
        minimal(
            networks=7,
            recipe={"epochs": 9, "decay": {"factor": 2, "every": 3}},
            ensembles={
                "a": {"architecture": "st_vgg"},
                "b": {
                    "architecture": "resnet18",
                    "networks": 3,
                    "recipe": {"decay": None, "learning_rate": 1},
                },
            },
        )
    )
    a, b = study.ensembles["a"], study.ensembles["b"]
    assert (study.networks, a.networks, b.networks) == (7, 7, 3)
    assert a.recipe == Recipe(epochs=9, decay=Decay(2.0, 3), activation="elu")
    assert b.recipe == Recipe(epochs=9, learning_rate=1.0)
    assert a.width == 1.0
    assert study.figures == {}


def test_an_ensemble_asks_for_what_its_study_says_key_by_key(folder):
    keep = {"keep": "hardest", "fraction": 0.2, "per_round": 0.4, "ranked_by": "a"}
    study = load(
        minimal(
            resources={"mem_mb": 9000, "minutes_per_network": 10},
            ensembles={
                "a": {"architecture": "st_vgg"},
                "b": {
                    "architecture": "st_vgg",
                    "resources": {"networks_per_job": 2, "mem_mb": None},
                    "dataset": keep,
                },
            },
        )
    )
    assert study.ensembles["a"].resources == Resources(mem_mb=9000, minutes_per_network=10)
    asked = Resources(networks_per_job=2, minutes_per_network=10)
    assert study.ensembles["b"].resources == study.ensembles["b_round_01"].resources == asked
    assert asked.minutes(5) == 30 + 5 * 10


@pytest.mark.parametrize(
    ("at_most", "configured", "per_job"), [(None, 5, 5), (1, 5, 1), (5, 1, 1), (20, 5, 5)]
)
def test_a_job_trains_no_more_networks_than_both_config_and_ensemble_say(
    folder, at_most, configured, per_job
):
    study = load(minimal(resources={"networks_per_job": at_most}))
    assert study.ensembles["a"].per_job(configured) == per_job


def test_the_override_replaces_every_ensemble_s_number(folder):
    values = minimal(ensembles={"a": {"architecture": "st_vgg", "networks": 3}})
    assert load(values).ensembles["a"].networks == 3
    assert load(values).networks == 100
    overridden = load(values, networks=8)
    assert (overridden.networks, overridden.ensembles["a"].networks) == (8, 8)


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
def test_a_definition_does_not_depend_on_what_networks_do_not_follow_from(folder, same):
    plain = load(minimal(), "plain").ensembles["a"].definition
    other = load(same, "other").ensembles["a"].definition
    assert json.dumps(plain, sort_keys=True) == json.dumps(other, sort_keys=True)


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


# what is wrong with a study


TWO = {"a": {"architecture": "st_vgg"}, "b": {"architecture": "mnist_cnn"}}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (minimal(recipes={}), "recipes is not known; did you mean recipe (of title, dataset,"),
        (
            minimal(resources={"memory": 1}),
            "resources.memory is not known; use one of mem_mb, cpus",
        ),
        (
            minimal(resources={"cpus": 0}),
            "resources.cpus must be a whole number of at least 1,",
        ),
        (minimal(title=2019), "title must be text, but is 2019; put it in quotes."),
        (minimal(networks="many"), "networks must be a whole number of at least 1, but is the tex"),
        (minimal(recipe={"lr": 1}), "recipe.lr is not known; use one of epochs, batch_size,"),
        (minimal(recipe={"epochs": 0}), "recipe.epochs must be a whole number of at least 1, but"),
        (minimal(recipe={"epochs": 20.0}), "recipe.epochs must be a whole number of at least 1,"),
        (minimal(recipe={"batch_size": 1}), "recipe.batch_size must be a whole number of at leas"),
        (minimal(recipe={"learning_rate": 0}), "recipe.learning_rate must be a number above 0,"),
        (
            minimal(recipe={"learning_rate": "0.1"}),
            "recipe.learning_rate must be a number above 0, but is the text '0.1'; write it",
        ),
        (
            minimal(recipe={"dropout": 0.999}),
            "recipe.dropout is 0.999, but rates are multiples of 1/256: use one from 0.0039",
        ),
        (minimal(recipe={"dropout": 1e-9}), "recipe.dropout is 1e-09, but rates are multiples of"),
        (minimal(recipe={"dropout": 1}), "recipe.dropout must be true or false or a number of at"),
        (minimal(recipe={"momentum": 1}), "recipe.momentum must be a number of at least 0 and be"),
        (minimal(recipe={"weight_decay": -1}), "recipe.weight_decay must be a number of at least"),
        (minimal(recipe={"decay": {"factor": 2}}), "recipe.decay.every is missing; add it."),
        (
            minimal(recipe={"decay": {"factor": 0.5, "every": 2}}),
            "recipe.decay.factor must be a number of at least 1, but is 0.5.",
        ),
        (
            minimal(recipe={"optimizer": "sdg"}),
            "recipe.optimizer is 'sdg', which is not known; use one of sgd, adam, adadelta.",
        ),
        (
            minimal(ensembles={"a": {"architecture": "resnet_50"}}),
            "ensembles.a.architecture is 'resnet_50', which is not known; did you mean resnet50?",
        ),
        (minimal(ensembles={"a": {}}), "ensembles.a.architecture is missing; add it."),
        (minimal(ensembles={"a": None}), "ensembles.a must be keys with values, but is empty."),
        (minimal(ensembles={}), "ensembles is empty; define at least one."),
        (minimal(ensembles=None), "ensembles must be keys with values, but is empty."),
        (
            minimal(ensembles={"St-VGG": {"architecture": "st_vgg"}}),
            "ensembles: 'St-VGG' cannot be a name; use only lower-case letters, digits and "
            "underscores, for example st_vgg.",
        ),
        (
            minimal(ensembles={"a": {"architecture": "st_vgg", "width": 9}}),
            "ensembles.a.width must be a number above 0 and at most 8, but is 9.",
        ),
        (
            minimal(ensembles={"a": {"architecture": "resnet18", "width": 2}}),
            "ensembles.a.width changes only st_vgg, small_st_vgg, mnist_cnn, not resnet18; leave",
        ),
        (minimal(dataset={}), "dataset.source is missing; add it."),
        (
            minimal(dataset={"source": "cifar"}),
            "dataset.source is 'cifar', which is not known;",
        ),
        (
            minimal(dataset={"source": "cifar100", "superclass": "small_mamals"}),
            "dataset.superclass is 'small_mamals', which is not known; did you mean small_mammals?",
        ),
        (
            minimal(dataset={"source": "mnist", "superclass": "insects"}),
            "dataset.superclass is one of CIFAR-100's, but dataset.source is mnist; leave it out,",
        ),
        (
            minimal(dataset={"source": "mnist", "path": "x"}),
            "dataset.path is for a folder of images, but dataset.source is mnist; leave it out,",
        ),
        (
            minimal(dataset={"source": "image_folder"}),
            "dataset.path is missing; with source: image",
        ),
        (
            minimal(dataset={"source": "mnist", "images": "files"}),
            "dataset.images is files, but dataset.source is mnist, whose images are in no files of",
        ),
        (
            minimal(dataset={"source": "image_folder", "path": "mine", "images": "files"}),
            "dataset.size is missing; with images: files, add the height and width that the netw",
        ),
        (
            minimal(dataset=FOLDER | {"images": "file"}),
            "dataset.images is 'file', which is not known; did you mean files (of",
        ),
        (
            minimal(dataset=FOLDER, baselines={"svm": {}}),
            "baselines need all images in memory at once, but dataset.images is files; leave the",
        ),
        (
            minimal(recipe={"augmentation": "crop_and_flip"}),
            "recipe.augmentation is crop_and_flip, but dataset.images is not files; leave it out,",
        ),
        (
            minimal(
                dataset=FOLDER | {"images": "memory"},
                ensembles={
                    "a": {"architecture": "st_vgg", "recipe": {"augmentation": "crop_and_flip"}}
                },
            ),
            "ensembles.a.recipe.augmentation is crop_and_flip, but dataset.images is not files;",
        ),
        (
            minimal(recipe={"momentum": 0.9, "optimizer": "adam"}, ensembles=TWO),
            "recipe.momentum is 0.9, but adam has none; set it to 0, or use sgd.",
        ),
        (
            minimal(
                ensembles={
                    "a": {
                        "architecture": "st_vgg",
                        "recipe": {"momentum": 0.9, "optimizer": "adadelta"},
                    }
                }
            ),
            "ensembles.a.recipe.momentum is 0.9, but adadelta has none; set it to 0, or use sgd.",
        ),
        (
            minimal(dataset={"source": "digits", "train_examples": 50}),
            "recipe.batch_size is 100, but dataset.train_examples is only 50; make the batches",
        ),
        (
            minimal(figures={"figure_1": {"ensemble": "a"}}),
            "figures.figure_1 is not known; did you mean figure_01?",
        ),
        (minimal(figures={"figure_01": {}}), "figures.figure_01.ensemble is missing; add it."),
        (
            minimal(figures={"figure_04": {"ensembles": ["a"]}}),
            "figures.figure_04.ensembles must be a list of 2 names, but is a list of 1.",
        ),
        (
            minimal(figures={"figure_01": {"ensemble": "a", "epochs": [0, 1, 2]}}),
            "figures.figure_01.epochs must be a list of 4 whole numbers, but is a list of 3.",
        ),
        (
            minimal(figures={"figure_02": {"ensemble": "a", "epochs": [0, 1, 2, 3]}}),
            "figures.figure_02.epochs must be a list of 6 whole numbers, but is a list of 4.",
        ),
        (
            minimal(figures={"figure_10": {"ensemble": "a", "epochs": [0, 1, 2, 3]}}),
            "figures.figure_10.epochs is not known; use one of ensemble.",
        ),
        (
            minimal(figures={"figure_01": {"ensemble": "a", "epochs": [-1, 1, 40, 50]}}),
            "figures.figure_01.epochs[0] must be a whole number of at least 0, but is -1.",
        ),
        ([], "the file must be keys with values, but is empty."),
        (None, "the file must be keys with values, but is empty."),
    ],
)
def test_one_mistake_is_one_sentence(folder, values, sentence):
    (said,) = problems(values)
    assert said.startswith(sentence)
    assert said.endswith((".", "?"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            minimal(figures={"figure_01": {"ensemble": "b"}}),
            "figures.figure_01 shows b, which is not among the ensembles; use one of a.",
        ),
        (
            minimal(ensembles=TWO, figures={"figure_04": {"ensembles": ["a", "bb"]}}),
            "figures.figure_04 shows bb, which is not among the ensembles; use one of a, b",
        ),
        (
            minimal(figures={"figure_04": {"ensembles": ["a", "a"]}}),
            "figures.figure_04 shows a twice; name different ensembles.",
        ),
        (
            minimal(
                ensembles={**TWO, "c": {"architecture": "st_vgg"}},
                figures={"robustness": {"ensembles": ["a", "b", "c", "b"]}},
            ),
            "figures.robustness shows b twice; name different ensembles.",
        ),
        (
            minimal(figures={"figure_05": {"ensemble": "a", "linear": "b"}}),
            "figures.figure_05 shows b, which is not among the ensembles; use one of a.",
        ),
        (
            minimal(ensembles=TWO, figures={"figure_05": {"ensemble": "a", "linear": "b"}}),
            "figures.figure_05.linear is b, which does not have linear: true; name an ensemble",
        ),
        (
            minimal(
                ensembles={
                    "a": {"architecture": "st_vgg", "dataset": {"labels": "random"}},
                    "b": {
                        "architecture": "st_vgg",
                        "dataset": {"keep": "random", "fraction": 0.5},
                    },
                },
                figures={"figure_08": {"random_labels": "a", "hard": "b"}},
            ),
            "figures.figure_08.hard is b, which does not have keep: hardest; name an ensemble that",
        ),
        (
            minimal(
                recipe={"epochs": 2},
                ensembles={
                    "a": {"architecture": "st_vgg", "dataset": {"labels": "random"}},
                    "b": {
                        "architecture": "st_vgg",
                        "dataset": {"keep": "hardest", "fraction": 0.5, "ranked_by": "c"},
                        "recipe": {"epochs": 3},
                    },
                    "c": {"architecture": "st_vgg"},
                },
                figures={"figure_08": {"random_labels": "a", "hard": "b"}},
            ),
            "figures.figure_08 needs networks that are trained for 3 epochs, but a is trained",
        ),
        (
            minimal(figures={"figure_06": {"ensemble": "a", "baseline": "adaboost"}}),
            "figures.figure_06 shows adaboost, which is not among the baselines; define it.",
        ),
        (
            minimal(
                baselines={"svm": {}, "perceptron": {}},
                figures={"figure_07": {"ensemble": "a", "baselines": ["svm", "perceptrn"]}},
            ),
            "figures.figure_07 shows perceptrn, which is not among the baselines; did you mean per",
        ),
        (
            minimal(
                baselines={"svm": {}},
                figures={"figure_07": {"ensemble": "a", "baselines": ["svm", "svm"]}},
            ),
            "figures.figure_07 shows svm twice; name different baselines.",
        ),
        (
            minimal(figures={"figure_01": {"ensemble": "a", "epochs": [0, 1, 40, 150]}}),
            "figures.figure_01.epochs has 150, but a is trained for 140 epochs; use epochs from 0 ",
        ),
        (
            minimal(figures={"figure_01": {"ensemble": "a", "epochs": [0, 40, 1, 50]}}),
            "figures.figure_01.epochs must rise from one to the next, but is [0, 40, 1, 50]; sort",
        ),
        (
            minimal(recipe={"epochs": 4}, figures={"figure_02": {"ensemble": "a"}}),
            "figures.figure_02 shows 6 epochs, but a has only 5 (0 to 4); train longer, or leave",
        ),
    ],
)
def test_a_figure_that_contradicts_its_study_is_refused_and_no_other(folder, values, sentence):
    sound = {"figure_10": {"ensemble": "a"}}
    study = load(values | {"figures": {**values["figures"], **sound}})
    ((figure, (said,)),) = study.refused.items()
    assert figure in values["figures"]
    assert said.startswith(sentence)
    assert said.endswith((".", "?"))
    assert study.figures == sound


def test_two_halves_need_two_networks(folder):
    figures = {"figure_04": {"ensembles": ["a", "b"]}, "figure_01": {"ensemble": "a"}}
    values = minimal(ensembles=TWO, figures=figures)
    assert load(values).refused == {}
    assert load(values | {"networks": 1}, networks=2).refused == {}
    sentence = (
        "figures.figure_04 compares the two halves of a, which has only 1 network; train at least "
        "2, or leave the figure out."
    )
    for study in (
        load(values, networks=1),
        load(values | {"networks": 1}),
        load(values | {"ensembles": {**TWO, "a": {"architecture": "st_vgg", "networks": 1}}}),
    ):
        assert study.refused == {"figure_04": [sentence]}
        assert list(study.figures) == ["figure_01"]


def test_the_last_epoch_of_the_recipe_may_be_shown(folder):
    figures = {"figure_01": {"ensemble": "a", "epochs": [0, 1, 2, 3]}}
    assert load(minimal(recipe={"epochs": 3}, figures=figures)).figures == figures


def test_all_mistakes_are_reported_at_once(folder):
    said = problems(
        {
            "titel": "x",
            "dataset": {"source": "mnist", "superclass": "insects"},
            "recipe": {"epochs": "many", "momentum": 2},
            "ensembles": {"a": {"architecture": "vgg_11"}},
            "figures": {"figure_01": {"ensemble": "c"}},
        }
    )
    starts = [
        "titel is not known; did you mean title",
        "title is missing",
        "dataset.superclass is one of",
        "recipe.epochs must be",
        "recipe.momentum must be",
        "ensembles.a.architecture is 'vgg_11', which is not known; did you mean vgg11?",
        "figures.figure_01 shows c",
    ]
    assert len(said) == len(starts)
    assert all(any(line.startswith(start) for line in said) for start in starts)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.data())
def test_whatever_is_broken_in_a_study_it_ends_in_an_input_error(tmp_path_factory, data):
    study = yaml.safe_load((REPOSITORY / "config/studies/small_mammals.yaml").read_text())
    broken = study
    for _ in range(data.draw(st.integers(0, 2))):
        inner = broken[data.draw(st.sampled_from(list(broken)))]
        if not isinstance(inner, dict) or not inner:
            break
        broken = inner
    broken[data.draw(st.sampled_from(list(broken)))] = data.draw(values)
    path = tmp_path_factory.mktemp("broken")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        Path("config/studies").mkdir(parents=True)
        try:
            assert load(study).ensembles
        except InputError as error:
            assert str(error).startswith("config/studies/one.yaml")


def test_a_study_that_is_not_there(folder):
    with pytest.raises(
        InputError, match=r"there is no study at all in .*: run this in the repository"
    ):
        load_study("digits")
    load(minimal(), "small_mammals")
    with pytest.raises(InputError) as refusal:
        load_study("smal_mamals")
    assert str(refusal.value) == (
        "there is no study smal_mamals (config/studies/smal_mamals.yaml does not exist); "
        "did you mean small_mammals (of small_mammals)?"
    )


def test_a_study_whose_file_has_a_name_that_will_not_do(folder):
    with pytest.raises(
        InputError, match=r"My-Study\.yaml: My-Study cannot be the name of a study;"
    ):
        load(minimal(), "My-Study")


def test_hidden_files_are_no_studies(folder):
    load(minimal(), "one")
    Path("config/studies/._one.yaml").write_text("")
    assert study_names() == ["one"]


# paths and batches


def test_paths():
    assert dataset_path("digits") == "results/digits/dataset.nc"
    assert scores_path("digits", "a") == "results/digits/a/scores.nc"
    assert predictions_path("digits", "a", 5, 9) == "results/digits/a/predictions/0005-0009.nc"
    assert (
        predictions_path("{study}", "{ensemble}", "{first}", "{last}")
        == "results/{study}/{ensemble}/predictions/{first}-{last}.nc"
    )
    assert baseline_path("digits", "svm") == "results/digits/baselines/svm.nc"
    assert figure_path("digits", "figure_01", "pdf") == "paper_figures/digits/figure_01.pdf"
    assert figure_path(None, "cross_dataset", "svg") == "paper_figures/cross_dataset.svg"
    assert predictions_paths("digits", "a", 7, 5) == [
        "results/digits/a/predictions/0000-0004.nc",
        "results/digits/a/predictions/0005-0006.nc",
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


def test_figures_3_and_9_show_the_epochs_that_figure_1_names_of_the_same_ensemble(folder):
    both = {"a": {"architecture": "st_vgg"}, "b": {"architecture": "st_vgg"}}
    first = {"ensemble": "a", "epochs": [0, 1, 2, 5]}
    own = {"ensemble": "a", "epochs": [0, 2, 3, 4]}
    figures = {"figure_01": first, "figure_02": {"ensemble": "a"}, "figure_03": {"ensemble": "a"}}
    found = load(minimal(ensembles=both, figures={**figures, "figure_09": own})).figures
    assert found == {**figures, "figure_03": first, "figure_09": own}
    of_another = {"figure_01": first, "figure_03": {"ensemble": "b"}}
    assert load(minimal(ensembles=both, figures=of_another)).figures == of_another
    alone = {"figure_09": {"ensemble": "a"}}
    assert load(minimal(ensembles=both, figures=alone)).figures == alone


def test_the_ensemble_that_stands_for_a_study_is_that_of_figure_1(folder):
    assert ensemble_across(load(minimal(figures={"figure_10": {"ensemble": "a"}}))) is None
    assert ensemble_across(load(minimal(figures={"figure_01": {"ensemble": "a"}}))) == "a"


def test_batches_by_hand():
    assert batches(12, 5) == [(0, 4), (5, 9), (10, 11)]
    assert batches(1, 5) == [(0, 0)]


@given(st.integers(1, 500), st.integers(1, 50))
def test_batches_hold_every_network_once_and_only_the_last_is_short(networks, per_job):
    jobs = batches(networks, per_job)
    assert [i for first, last in jobs for i in range(first, last + 1)] == list(range(networks))
    assert all(last - first + 1 == per_job for first, last in jobs[:-1])
    assert jobs[:-1] == batches(networks + per_job, per_job)[: len(jobs) - 1]


def test_reading_a_study_needs_no_library_for_numbers():
    code = (
        "import sys; import created_equal.study as s; s.load_study('digits'); "
        "print(*{'torch', 'numpy', 'pandas', 'xarray', 'snakemake'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


# baselines


def with_baselines(**baselines):
    return minimal(baselines=baselines)


def test_baselines_with_their_defaults_and_without(folder):
    study = load(with_baselines(**{name: {} for name in BASELINES}))
    assert {name: each.seeds for name, each in study.baselines.items()} == BASELINES
    assert study.baselines["svm"].weak_learners is None
    assert study.baselines["adaboost"].weak_learners == 100
    assert load(minimal()).baselines == {}
    values = with_baselines(perceptron={"seeds": 3}, adaboost={"weak_learners": 7})
    assert load(values).baselines["perceptron"].definition == {
        "dataset": {"source": "digits"},
        "baseline": "perceptron",
        "seeds": 3,
        "weak_learners": None,
    }
    assert load(values).baselines["adaboost"].definition["weak_learners"] == 7


def test_the_schema_has_the_baselines_and_defaults_of_the_code():
    schema = load_schema("study")
    for name, entry in schema["properties"]["baselines"]["properties"].items():
        keys = schema["$defs"][entry["$ref"].split("/")[-1]].get("properties", {})
        assert keys.get("seeds", {}).get("default", 1) == BASELINES[name]
        assert ("weak_learners" in keys) == (name == "adaboost")
    assert list(schema["properties"]["baselines"]["properties"]) == list(BASELINES)


@pytest.mark.parametrize(
    ("baselines", "sentence"),
    [
        ({"svn": {}}, "baselines.svn is not known; use one of svm, k_nearest_neighbours,"),
        ({"svm": {"seeds": 3}}, "baselines.svm.seeds is not known; leave it out."),
        ({"adaboost": {"seeds": 3}}, "baselines.adaboost.seeds is not known; use one of weak_l"),
        ({"perceptron": {"seed": 3}}, "baselines.perceptron.seed is not known; did you mean se"),
        (
            {"decision_tree": {"seeds": 0}},
            "baselines.decision_tree.seeds must be a whole number of at least 1, but is 0.",
        ),
        ({"svm": None}, "baselines.svm must be keys with values, but is empty."),
    ],
)
def test_a_mistake_in_baselines_is_one_sentence(folder, baselines, sentence):
    (problem,) = problems(with_baselines(**baselines))
    assert problem.startswith(sentence)


def test_a_baseline_that_is_not_there(folder):
    study = load(with_baselines(svm={}))
    assert baseline_of(study, "svm") == study.baselines["svm"]
    with pytest.raises(InputError, match=r"add it under baselines in config/studies/one\.yaml\.$"):
        baseline_of(study, "adaboost")
    with pytest.raises(InputError, match=r"the study one has no baseline svn; use one of svm, k_"):
        baseline_of(study, "svn")
