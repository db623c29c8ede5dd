import json
import os
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from commands import printed_by
from data import write_study
from hypothesis import given
from hypothesis import strategies as st
from studies import FOLDER, TWO, load, minimal, problems, with_baselines, with_clutter

from created_equal.definitions import canonical
from created_equal.errors import InputError
from created_equal.study import (
    BASELINES,
    FIGURES,
    STUDIES_VARIABLE,
    Config,
    Decay,
    Recipe,
    Resources,
    label_of,
    load_config,
    load_study,
    study_names,
)

REPOSITORY = Path(__file__).parents[2]


def test_the_committed_config_has_the_defaults(repository):
    assert load_config() == load_config({}) == Config()


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
def test_settings_from_the_command_line(given_values, expected):
    assert asdict(load_config(given_values)) == asdict(Config()) | expected


@pytest.mark.parametrize(
    ("given_values", "sentence"),
    [
        ({"study": "a"}, "study is not known; use one of studies, data_root,"),
        ({"studies": None}, "studies must be a list of names or text, but is empty."),
        ({"studies": ""}, "studies must be a list of names or text, but is empty."),
        ({"studies": "A-b"}, "studies[0]: 'A-b' cannot be a name; use only lower-case letters,"),
        (
            {"networks": 0},
            "networks must be a whole number of at least 1 and at most 100000 or null, but is 0.",
        ),
        (
            {"networks": "ten"},
            "networks must be a whole number of at least 1 and at most 100000 or null, but is the",
        ),
        (
            {"networks": "[1"},
            "networks must be a whole number of at least 1 and at most 100000 or null, but is the",
        ),
        (
            {"epochs": 10**9},
            "epochs must be a whole number of at least 1 and at most 100000 or null, but is 1000",
        ),
        ({"networks_per_job": 0}, "networks_per_job must be a whole number of at least 1, but is"),
        ({"download": "maybe"}, "download must be true or false, but is the text 'maybe'."),
        ({"device": "gpu"}, "device is 'gpu', which is not known; use one of auto, cpu, cuda."),
        ({"studies": []}, "studies must be a list of names or text, but is empty."),
        ({"data_root": ""}, "data_root must be text, but is empty."),
        (
            {"networks": "2.0"},
            "networks must be a whole number of at least 1 and at most 100000 or null, but is 2.0.",
        ),
        ({"precision": "fp8"}, "precision is 'fp8', which is not known;"),
        ([1], "the file must be keys with values, but is a list of 1."),
    ],
)
def test_an_invalid_setting(given_values, sentence):
    with pytest.raises(InputError) as refusal:
        load_config(given_values)
    where, _, message = str(refusal.value).partition(": ")
    assert where == "the configuration (config.yaml and --config)"
    assert message.startswith(sentence)


def test_the_config_and_the_studies_that_come_with_the_code(folder):
    assert load_config() == Config()
    assert load_study("digits").title == "Digits in clutter"
    Path("config.yaml").write_text("networks: 3\n")
    assert load_config().networks == 3
    load(minimal(title="Mine"), "digits")
    assert load_study("digits").title == "Mine"
    assert load_study("smoke").name == "smoke"


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
    most = yaml.safe_load(Path(f"config/studies/{name}.yaml").read_text()).get("networks", 100)
    assert name in study_names()
    assert study.name == name
    for ensemble in study.ensembles.values():
        assert ensemble.study == name
        assert 2 <= ensemble.n_networks <= most
        assert json.loads(json.dumps(ensemble.definition)) == ensemble.definition
    # The paper has linear networks and derived datasets only for small mammals.
    absent = set()
    if name not in ("digits", "smoke", "small_mammals"):
        absent |= {"figure_05", "figure_08", "moved_examples"}
    if name not in ("digits", "smoke", "small_mammals"):
        absent |= {"noise"}
    if name == "mnist":
        absent |= {"figure_02", "figure_04", "figure_06", "figure_07"}
    assert set(study.figures) == set(FIGURES) - absent


def test_small_mammals_is_the_papers_study(repository):
    study = load_study("small_mammals")
    assert study.ensembles["st_vgg"].n_networks == 100
    assert study.figures["figure_01"] == {"ensemble": "st_vgg"}
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
    assert (a.n_networks, b.n_networks) == (7, 3)
    assert a.recipe == Recipe(epochs=9, decay=Decay(2.0, 3), activation="elu")
    assert b.recipe == Recipe(epochs=9, learning_rate=1.0)
    assert a.architecture.width == 1.0
    assert study.figures == {}


def test_resources_are_merged_key_by_key(folder):
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


def test_the_override_replaces_the_number_of_every_ensemble(folder):
    own = {"architecture": "st_vgg", "networks": 3}
    values = minimal(ensembles={"a": own, "b": {"architecture": "st_vgg"}})
    assert [each.n_networks for each in load(values).ensembles.values()] == [3, 100]
    assert [each.n_networks for each in load(values, n_networks=8).ensembles.values()] == [8, 8]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (minimal(recipes={}), "recipes is not known; did you mean recipe?"),
        (
            minimal(b={"architecture": "st_vgg"}),
            "b is not known; indent it under ensembles.",
        ),
        (
            minimal(resources={"memory": 1}),
            "resources.memory is not known; use one of mem_mb, cpus",
        ),
        (minimal(resources={"cpus": 0}), "resources.cpus must be a whole number of at least 1,"),
        (minimal(title=2019), "title must be text, but is 2019; put it in quotes."),
        (
            minimal(networks="many"),
            "networks must be a whole number of at least 1 and at most 100000, but is the tex",
        ),
        # Known keys in the wrong place.
        (minimal(epochs=3), "epochs is not known; move it to recipe."),
        (
            minimal(recipe={"networks": 3}),
            "recipe.networks is not known; move it to the top level.",
        ),
        (
            minimal(ensembles={"a": {"architecture": "st_vgg", "learning_rate": 0.1}}),
            "ensembles.a.learning_rate is not known; move it to ensembles.a.recipe.",
        ),
        (
            minimal(ensembles={"a": {"architecture": "st_vgg", "recipe": {"width": 0.5}}}),
            "ensembles.a.recipe.width is not known; move it to ensembles.a.",
        ),
        # Of several figures that have it, none is meant.
        (
            minimal(figures={"ensemble": "a"}),
            "figures.ensemble is not known; use one of figure_01,",
        ),
        (minimal(recipe={"lr": 1}), "recipe.lr is not known; use one of epochs, batch_size,"),
        (
            minimal(recipe={"epochs": 0}),
            "recipe.epochs must be a whole number of at least 1 and at most 100000, but",
        ),
        (
            minimal(recipe={"epochs": 20.0}),
            "recipe.epochs must be a whole number of at least 1 and at most 100000,",
        ),
        (minimal(recipe={"batch_size": 1}), "recipe.batch_size must be a whole number of at leas"),
        (minimal(recipe={"learning_rate": 0}), "recipe.learning_rate must be a number above 0,"),
        (
            minimal(recipe={"learning_rate": "0.1"}),
            "recipe.learning_rate must be a number above 0, but is the text '0.1'; write it",
        ),
        (minimal(recipe={"dropout": 1}), "recipe.dropout must be true or false or a number of at"),
        (minimal(recipe={"momentum": 1}), "recipe.momentum must be a number of at least 0 and be"),
        (minimal(recipe={"weight_decay": -1}), "recipe.weight_decay must be a number of at least"),
        (
            minimal(recipe={"decay": {"factor": 2, "every": 3, "evry": 3}}),
            "recipe.decay.evry is not known; did you mean every (of factor, every)?",
        ),
        (minimal(recipe={"decay": 2}), "recipe.decay must be keys with values or null, but is 2."),
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
            "ensembles.St-VGG: 'St-VGG' cannot be a name; use only lower-case letters, digits and "
            "underscores, for example st_vgg.",
        ),
        (
            minimal(ensembles={"a" * 101: {"architecture": "st_vgg"}}),
            f"ensembles.{'a' * 101}: '{'a' * 101}' cannot be a name; use only lower-case letters, "
            f"digits and underscores (at most 100), for example {'a' * 100}.",
        ),
        (
            minimal(ensembles={"a": {"architecture": "st_vgg", "width": 9}}),
            "ensembles.a.width must be a number above 0 and at most 8, but is 9.",
        ),
        (
            minimal(ensembles={"a": {"architecture": "st_vgg", "linear": "true"}}),
            "ensembles.a.linear must be true or false, but is the text 'true'; write it without",
        ),
        (
            minimal(ensembles={"a": {"architecture": "st_vgg", "width": True}}),
            "ensembles.a.width must be a number above 0 and at most 8, but is true.",
        ),
        (minimal(dataset={}), "dataset.source is missing; add it."),
        (
            minimal(dataset={"source": "digits", "superclass": None}),
            "dataset.superclass must be one of aquatic_mammals, fish,",
        ),
        (
            with_clutter(size="16"),
            "dataset.size must be a whole number of at least 1 or null, but is the text '16';",
        ),
        (minimal(dataset={"source": "cifar"}), "dataset.source is 'cifar', which is not known;"),
        (
            minimal(dataset={"source": "cifar100", "superclass": "small_mamals"}),
            "dataset.superclass is 'small_mamals', which is not known; did you mean small_mammals?",
        ),
        (
            minimal(dataset=FOLDER | {"images": "file"}),
            "dataset.images is 'file', which is not known; did you mean files (of",
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
            "figures.figure_10.epochs is not known; use ensemble.",
        ),
        (
            minimal(figures={"figure_10": {"ensemble": "a", "epochs": 3}}),
            "figures.figure_10.epochs is not known; use ensemble.",
        ),
        (
            minimal(figures={"figure_10": {"ensemble": "a", "linear": {"b": 1}}}),
            "figures.figure_10.linear is not known; use ensemble.",
        ),
        (
            minimal(figures={"figure_01": {"ensemble": "a", "epochs": [-1, 1, 40, 50]}}),
            "figures.figure_01.epochs[0] must be a whole number of at least 0, but is -1.",
        ),
        ([], "the file must be keys with values, but is empty."),
        (None, "the file must be keys with values, but is empty."),
        (
            minimal(figures={"figure_01": {"ensemble": "a", "epochs": [0, 40, 1, 50]}}),
            "figures.figure_01.epochs must rise from one number to the next, but is [0, 40, 1, 50];"
            " write [0, 1, 40, 50].",
        ),
        (
            minimal(figures={"figure_01": {"ensemble": "a", "epochs": [0, 1, 1, 2]}}),
            "figures.figure_01.epochs must rise from one number to the next, but is [0, 1, 1, 2]; "
            "write 4 different ones.",
        ),
    ],
)
def test_one_mistake_is_one_sentence(folder, values, sentence):
    (message,) = problems(values)
    assert message.startswith(sentence)
    assert message.endswith((".", "?"))


def test_a_mistake_is_reported_with_its_line(folder):
    path = Path("config/studies/one.yaml")
    path.write_text(
        "title: A study\n"
        "dataset: {source: digits}\n"
        "ensembles:\n"
        "  a:\n"
        "    architecture: st_vgg\n"
        "    recipe:\n"
        "      learning_rates: 0.1\n"
    )
    with pytest.raises(InputError) as one:
        load_study("one")
    assert str(one.value).startswith(
        "config/studies/one.yaml, line 7: ensembles.a.recipe.learning_rates is not known; did you "
        "mean learning_rate?"
    )
    path.write_text(
        "# A comment\n"
        "dataset: {source: digits, superclass: insects}\n"
        "ensembles:\n"
        "  a: {architecture: st_vgg}\n"
        "  a_2: {recipe: {epochs: 0}}\n"
        "figures:\n"
        "  figure_01:\n"
        "    ensemble: a\n"
        "    epochs: [0,\n"
        "      1, -2, 3]\n"
        "  figure_10: {ensemble: b}\n"
    )
    with pytest.raises(InputError) as several:
        load_study("one")
    starts = [
        "config/studies/one.yaml has 6 problems:",
        "  title is missing; add it.",
        "  line 2: dataset.superclass is only for cifar100, but dataset.source is digits; leave",
        "  line 5: ensembles.a_2.architecture is missing; add it.",
        "  line 5: ensembles.a_2.recipe.epochs must be a whole number of at least 1 and at most "
        "100000, but is 0.",
        "  line 10: figures.figure_01.epochs[2] must be a whole number of at least 0, but is -2.",
        "  line 11: figures.figure_10 shows b, which is not among the ensembles; did you mean",
    ]
    message = str(several.value).splitlines()
    assert len(message) == len(starts)
    assert all(
        line.startswith(start) for line, start in zip(message[:-1], starts[:-1], strict=True)
    )
    assert message[-1].startswith(starts[-1].rpartition(";")[0])


def test_config_yaml_is_read_with_lines_too(folder):
    Path("config.yaml").write_text("studies: [a]\ndevice: gpu\n")
    with pytest.raises(InputError, match=r"^config\.yaml, line 2: device is 'gpu', which is not"):
        load_config()


@pytest.mark.parametrize("key", ["width", "learning_rate", "momentum", "weight_decay", "dropout"])
def test_whole_numbers_and_fractions_are_the_same_networks(folder, key):
    definitions = []
    for number in (0, 0.0) if key in ("momentum", "weight_decay", "dropout") else (1, 1.0):
        factor = type(number)(2)
        ensemble = {"architecture": "st_vgg", "recipe": {"decay": {"factor": factor, "every": 1}}}
        if key == "width":
            ensemble["width"] = number
        else:
            ensemble["recipe"][key] = number
        definitions.append(
            canonical(load(minimal(ensembles={"a": ensemble})).ensembles["a"].definition)
        )
    assert definitions[0] == definitions[1]


def test_all_mistakes_are_reported_at_once(folder):
    message = problems(
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
        "dataset.superclass is only for",
        "recipe.epochs must be",
        "recipe.momentum must be",
        "ensembles.a.architecture is 'vgg_11', which is not known; did you mean vgg11?",
        "figures.figure_01 shows c",
    ]
    assert len(message) == len(starts)
    assert all(any(line.startswith(start) for line in message) for start in starts)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(st.data())
def test_any_broken_study_is_an_input_error(tmp_path_factory, data):
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


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("smal_mamals", "did you mean small_mammals?"),
        ("epochs=2", "write --config epochs=2."),
        ("digits,mnist", "where several studies can be named, write digits mnist."),
    ],
)
def test_a_missing_study(folder, name, remedy):
    with pytest.raises(InputError) as refusal:
        load_study(name)
    assert str(refusal.value) == (
        f"there is no study {name} (config/studies/{name}.yaml does not exist); {remedy}"
    )


@pytest.mark.parametrize("name", ["My-Study", "a" * 101])
def test_an_invalid_file_name(folder, name):
    with pytest.raises(InputError, match=rf"{name}\.yaml: {name} cannot be the name of a study;"):
        load(minimal(), name)


def test_a_study_that_is_a_device_or_a_pipe_is_not_read(folder):
    Path("config/studies/device.yaml").symlink_to("/dev/null")
    os.mkfifo("config/studies/pipe.yaml")
    for name in ("device", "pipe"):
        with pytest.raises(InputError, match=rf"/{name}\.yaml is a pipe or a device; put a file"):
            load_study(name)


@pytest.mark.parametrize(("length", "title"), [(0, "Before"), (20_000, "After")])
def test_a_run_reads_a_study_and_its_base_once_if_they_fit_into_a_variable(
    folder, monkeypatch, length, title
):
    monkeypatch.setenv(STUDIES_VARIABLE, "{}")
    write_study({"base": "other"}, "one")
    for each in ("Before", "After"):
        text = yaml.safe_dump(minimal(title=each))
        write_study(f"{text}# {'é' * length}\n", "other")
        read = load_study("one").title
    assert read == title
    if title == "Before":  # A job that starts after the files were moved needs none.
        for name in ("one", "other"):
            Path(f"config/studies/{name}.yaml").unlink()
        assert load_study("one").title == title


def test_hidden_files_are_not_studies(folder):
    load(minimal(), "one")
    Path("config/studies/._one.yaml").write_text("")
    assert {"one", "digits"} <= set(study_names())
    assert not [name for name in study_names() if name.startswith(".")]


def test_figures_3_and_9_show_the_epochs_of_figure_1_for_the_same_ensemble(folder):
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


def test_loading_a_study_imports_no_numerical_library():
    code = (
        "import sys; import created_equal.study as s; s.load_study('digits'); "
        "print(*{'torch', 'numpy', 'pandas', 'xarray', 'snakemake'} & set(sys.modules))"
    )
    assert printed_by(code, cwd=REPOSITORY).strip() == ""


def test_baselines_with_their_defaults_and_without(folder):
    study = load(with_baselines(**{name: {} for name in BASELINES}))
    several = {"perceptron", "decision_tree", "random_forest"}
    assert {name: each.seeds for name, each in study.baselines.items()} == {
        name: 10 if name in several else 1 for name in BASELINES
    }
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


@pytest.mark.parametrize(
    ("baselines", "sentence"),
    [
        ({"svn": {}}, "baselines.svn is not known; use one of svm, k_nearest_neighbours,"),
        ({"svm": {"seeds": 3}}, "baselines.svm.seeds is not known; leave it out."),
        ({"adaboost": {"seeds": 3}}, "baselines.adaboost.seeds is not known; use weak_l"),
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


def test_whole_numbers_in_clutter_are_the_same_networks(folder):
    one = load(with_clutter(contrast=[0.5, 1], noise=[0, 1]))
    other = load(with_clutter(contrast=[0.5, 1.0], noise=[0.0, 1.0]))
    assert canonical(one.dataset) == canonical(other.dataset)


def test_every_number_of_clutter_is_needed_and_checked(folder):
    values = with_clutter(contrast=[0.5, 1.5], fragments=-1, noise=0.1)
    del values["dataset"]["clutter"]["digit_size"]
    assert problems(values) == [
        "dataset.clutter.digit_size is missing; add it.",
        "dataset.clutter.contrast[1] must be a number of at least 0 and at most 1, but is 1.5.",
        "dataset.clutter.fragments must be a whole number of at least 0, but is -1.",
        "dataset.clutter.noise must be a list of 2 numbers, but is 0.1.",
    ]


# A study can be based on another one.


def test_a_study_has_the_keys_of_its_base_where_it_has_none(study_folder):
    load(
        minimal(
            networks=5,
            recipe={"epochs": 7, "learning_rate": 0.02},
            ensembles={
                "a": {"architecture": "st_vgg", "width": 0.5},
                "b": {"architecture": "mnist_cnn"},
            },
            figures={"figure_01": {"ensemble": "a"}},
        ),
        "base",
    )
    own = {"base": "base", "title": "Mine", "networks": 2, "recipe": {"epochs": 3}}
    study = load(own | {"ensembles": {"a": {"networks": 4}, "c": {"architecture": "st_vgg"}}})
    assert (study.title, list(study.figures)) == ("Mine", ["figure_01"])
    ensembles = study.ensembles
    assert {name: each.n_networks for name, each in ensembles.items()} == {"a": 4, "b": 2, "c": 2}
    assert ensembles["a"].architecture.width == 0.5
    assert {each.recipe.epochs for each in ensembles.values()} == {3}
    assert {each.recipe.learning_rate for each in ensembles.values()} == {0.02}


def test_a_study_of_another_source_has_the_ensembles_of_its_base(study_folder):
    values = {"title": "Ours", "base": "small_mammals"}
    values["dataset"] = {"source": "image_folder", "path": "ours", "size": 32}
    (study_folder / "config/studies/ours.yaml").write_text(yaml.safe_dump(values))
    study = load_study("ours")
    assert study.dataset == {"source": "image_folder", "path": "ours", "size": 32}
    assert study.ensembles.keys() == load_study("small_mammals").ensembles.keys()
    values |= {"base": "imagenet", "dataset": {"source": "cifar10"}}
    (study_folder / "config/studies/ours.yaml").write_text(yaml.safe_dump(values))
    assert "images" not in load_study("ours").dataset


def test_problems_of_a_study_with_a_base(study_folder):
    load(minimal(), "base")
    assert problems({"base": "bose"}) == ["base is bose, which is not a study; did you mean base?"]
    load({"base": "base"}, "second")
    assert problems({"base": "second"}) == [
        "base is second, which has a base itself; name that one (base) and repeat what differs."
    ]
    assert problems({"base": "base", "ensembles": {"a": {"width": 9}}}) == [
        "ensembles.a.width must be a number above 0 and at most 8, but is 9."
    ]
    assert problems({"base": 3})[-1] == "base must be text, but is 3; put it in quotes."


def test_a_study_leaves_out_what_it_has_as_null(study_folder):
    base = minimal(
        ensembles=TWO,
        recipe={"decay": {"factor": 2, "every": 9}},
        baselines={"svm": {}, "adaboost": {}},
        figures={"figure_01": {"ensemble": "a"}, "figure_10": {"ensemble": "b"}},
    )
    load(base, "base")
    own = {
        "base": "base",
        "ensembles": {"b": None},
        "recipe": {"decay": None},
        "baselines": {"svm": None},
        "figures": {"figure_10": None},
    }
    study = load(own)
    assert [*study.ensembles, *study.baselines, *study.figures] == ["a", "adaboost", "figure_01"]
    assert study.ensembles["a"].recipe.decay is None
    # The base stays whole, and what it does not have cannot be left out.
    assert load_study("base").ensembles.keys() == TWO.keys()
    assert problems({"base": "base", "figures": {"figure_03": None}, "ensembles": {"c": None}}) == [
        "figures.figure_03 must be keys with values, but is empty.",
        "ensembles.c must be keys with values, but is empty.",
    ]
    # A figure of an ensemble that is left out is refused, as any figure of an unknown ensemble.
    study = load({"base": "base", "ensembles": {"b": None}})
    assert study.refused == {
        "figure_10": ["figures.figure_10 shows b, which is not among the ensembles; use a."]
    }
    assert problems(own | {"ensembles": {"a": None, "b": None}})[0] == (
        "ensembles is empty; define at least one."
    )
    assert problems(own | {"figures": None}) == ["figures must be keys with values, but is empty."]


def test_the_night_has_the_networks_of_small_mammals(repository):
    """They are trained once, except where the ranking of examples depends on their number."""
    night, full = load_study("small_mammals_night"), load_study("small_mammals")
    alike = {
        name
        for name, each in night.ensembles.items()
        if name in full.ensembles and each.definition == full.ensembles[name].definition
    }
    others = {name for name in night.ensembles if night.ensembles[name].ranked_by}
    assert alike == night.ensembles.keys() - others
    assert "easiest_moved" in others
    assert night.figures == full.figures


def test_a_short_trial_changes_all_epochs_and_the_figures_follow(folder):
    values = minimal(
        recipe={"epochs": 140, "decay": {"factor": 1.8, "every": 20}},
        ensembles={**TWO, "c": {"architecture": "alexnet", "recipe": {"epochs": 9}}},
        figures={
            "figure_01": {"ensemble": "a", "epochs": [0, 1, 40, 140]},
            "figure_05": {"ensemble": "a", "linear": "linear", "epochs": [1, 4]},
            "figure_08": {"random_labels": "a", "hard": "b"},
        },
    )
    values["ensembles"]["linear"] = {"architecture": "st_vgg", "linear": True}
    load(values)
    study = load_study("one", epochs=4)
    assert {ensemble.recipe.epochs for ensemble in study.ensembles.values()} == {4}
    assert study.ensembles["a"].recipe.decay.every == 20
    assert study.figures["figure_01"] == {"ensemble": "a"}
    assert study.figures["figure_05"]["epochs"] == [1, 4]
    assert load_study("one").figures["figure_01"]["epochs"] == [0, 1, 40, 140]
    for wrong in (0, -1):
        sentence = f"recipe.epochs must be a whole number of at least 1 .*, but is {wrong}"
        with pytest.raises(InputError, match=sentence):
            load_study("one", epochs=wrong)


@pytest.mark.parametrize("name", ["2020_10_10", "1e3", "007"])
def test_a_name_that_the_command_line_takes_for_a_number(folder, name, monkeypatch):
    """As Snakemake's --config does, so that quotes do not help."""
    load(minimal(), name)
    assert load_config({"studies": float(name)}).studies == (name,)
    # As a running workflow passes it to its jobs.
    monkeypatch.setenv("CREATED_EQUAL_CONFIG", json.dumps({"studies": float(name)}))
    assert load_config().studies == (name,)


def test_a_number_that_is_no_study_is_named_with_a_remedy(folder):
    load(minimal(), "one")
    said = "studies is 20201010, and no file in config/studies has such a name; use one of .*one"
    with pytest.raises(InputError, match=said):
        load_config({"studies": 20201010})


@pytest.mark.parametrize("path", ["one.yaml", "config/studies/one.yaml", " one , one.yml"])
def test_a_study_may_be_named_by_its_file(folder, path):
    assert load_config({"studies": path}).studies == ("one",)


def test_a_file_that_ends_in_yml_is_named(folder):
    load(minimal(), "one")
    Path("config/studies/one.yaml").rename("config/studies/one.yml")
    with pytest.raises(InputError, match=r"rename config/studies/one\.yml to one\.yaml\.$"):
        load_study("one")


def test_variables_in_data_root(folder, monkeypatch):
    monkeypatch.setenv("SCRATCH", "/scratch/me")
    for path in ("$SCRATCH/data", "${SCRATCH}/data"):
        assert load_config({"data_root": path}).data_root == Path("/scratch/me/data")
    with pytest.raises(InputError, match=r"\$UNSET/data has a variable that is not set; set it"):
        load_config({"data_root": "$UNSET/data"})
    Path("$UNSET").mkdir()
    assert load_config({"data_root": "$UNSET"}).data_root == Path("$UNSET")
    assert load_config({"data_root": 2020}).data_root == Path("2020")


def test_labels(folder):
    values = minimal(ensembles={"small_st_vgg": {"architecture": "small_st_vgg"}, **TWO})
    values["ensembles"]["a"] = {"architecture": "st_vgg", "label": "ours"}
    study = load(values)
    assert [study.label(name) for name in study.ensembles] == ["small st-VGG", "ours", "b"]
    plain = load(minimal(), "two")
    assert study.ensembles["a"].definition == plain.ensembles["a"].definition


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("linear_st_vgg", "linear st-VGG"),
        ("k_nearest_neighbours", "k nearest neighbours"),
        ("svm", "SVM"),
        ("variation_learning_rate_0_05", "learning rate 0.05"),
        ("variation_adam", "Adam"),
        ("resnet18", "resnet18"),
    ],
)
def test_names_for_people(name, label):
    assert label_of(name) == label
