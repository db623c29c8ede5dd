import pytest
from studies import FOLDER, TWO, load, minimal, problems, with_clutter


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            minimal(recipe={"dropout": 0.999}),
            "recipe.dropout is 0.999, but rates are multiples of 1/256: use one from 0.0039",
        ),
        (minimal(recipe={"dropout": 1e-9}), "recipe.dropout is 1e-09, but rates are multiples of"),
        (
            minimal(ensembles={"a": {"architecture": "resnet18", "width": 2}}),
            "ensembles.a.width changes only st_vgg, small_st_vgg, mnist_cnn, not resnet18; leave",
        ),
        (
            minimal(dataset={"source": "mnist", "superclass": "insects"}),
            "dataset.superclass is only for cifar100, but dataset.source is mnist; leave it out,",
        ),
        (
            minimal(dataset={"source": "mnist", "path": "x"}),
            "dataset.path is only for image_folder and arrays, but dataset.source is mnist; leav",
        ),
        (
            minimal(dataset={"source": "image_folder"}),
            "dataset.path is missing; with source: image",
        ),
        (
            with_clutter(source="mnist"),
            "dataset.clutter is only for digits, but dataset.source is mnist; leave it out, or set",
        ),
        (
            with_clutter(size=None),
            "dataset.size is missing; with clutter, add the images' size, for example size: 16.",
        ),
        (
            with_clutter(noise=[0.3, 0.1]),
            "dataset.clutter.noise is [0.3, 0.1], but the first must be the lowest; write "
            "[0.1, 0.3].",
        ),
        (
            with_clutter(digit_size=[12, 20]),
            "dataset.clutter.digit_size is up to 20, but dataset.size is 16; make it at most 16.",
        ),
        (
            with_clutter(size=3, digit_size=[2, 3]),
            "dataset.clutter.fragment_size is up to 4, but dataset.size is 3; make it at most 3.",
        ),
        (
            minimal(dataset={"source": "mnist", "images": "files"}),
            "dataset.images: files is only for image_folder, but dataset.source is mnist; leav",
        ),
        (
            minimal(dataset={"source": "image_folder", "path": "mine", "images": "files"}),
            "dataset.size is missing; with images: files, add the height and width of the netw",
        ),
        (
            minimal(dataset=FOLDER, baselines={"svm": {}}),
            "baselines need all images in memory at once, but dataset.images is files; leave the",
        ),
        (
            minimal(
                ensembles={
                    "a": {"architecture": "st_vgg"},
                    "b": {"architecture": "st_vgg", "width": 0.5, "label": "a"},
                }
            ),
            "ensembles.b and a are both called a in figures; give one another label.",
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
    ],
)
def test_a_contradiction_is_one_sentence(folder, values, sentence):
    (message,) = problems(values)
    assert message.startswith(sentence)
    assert message.endswith((".", "?"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            minimal(figures={"figure_01": {"ensemble": "b"}}),
            "figures.figure_01 shows b, which is not among the ensembles; use a.",
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
            "figures.figure_05 shows b, which is not among the ensembles; use a.",
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
            minimal(recipe={"epochs": 4}, figures={"figure_02": {"ensemble": "a"}}),
            "figures.figure_02 shows 6 epochs, but a has only 5 (0 to 4); train longer, or leave",
        ),
    ],
)
def test_only_the_figure_that_contradicts_its_study_is_refused(folder, values, sentence):
    sound = {"figure_10": {"ensemble": "a"}}
    study = load(values | {"figures": {**values["figures"], **sound}})
    ((figure, (message,)),) = study.refused.items()
    assert figure in values["figures"]
    assert message.startswith(sentence)
    assert message.endswith((".", "?"))
    assert study.figures == sound


def test_two_halves_need_two_networks(folder):
    figures = {"figure_04": {"ensembles": ["a", "b"]}, "figure_01": {"ensemble": "a"}}
    values = minimal(ensembles=TWO, figures=figures)
    assert load(values).refused == {}
    assert load(values | {"networks": 1}, n_networks=2).refused == {}
    sentence = (
        "figures.figure_04 compares the two halves of a, which has only 1 network; train at least "
        "2, or leave the figure out."
    )
    for study in (
        load(values, n_networks=1),
        load(values | {"networks": 1}),
        load(values | {"ensembles": {**TWO, "a": {"architecture": "st_vgg", "networks": 1}}}),
    ):
        assert study.refused == {"figure_04": [sentence]}
        assert list(study.figures) == ["figure_01"]


@pytest.mark.parametrize(
    "other",
    [
        {"networks": 5, "label": "another"},
        {"recipe": {"activation": "elu"}},  # The architecture's own.
        {"recipe": {"activation": "relu"}},
    ],
)
def test_an_ensemble_is_not_compared_with_itself_under_another_name(folder, other):
    ensembles = {"a": {"architecture": "st_vgg"}, "b": {"architecture": "st_vgg"} | other}
    study = load(minimal(ensembles=ensembles, figures={"figure_04": {"ensembles": ["a", "b"]}}))
    if "relu" in str(other):
        assert not study.refused
    else:
        ((figure, (message,)),) = study.refused.items()
        assert message.startswith(f"figures.{figure} compares a with b, which have the same defin")
        assert not study.figures


def test_the_last_epoch_of_the_recipe_may_be_shown(folder):
    figures = {"figure_01": {"ensemble": "a", "epochs": [0, 1, 2, 3]}}
    assert load(minimal(recipe={"epochs": 3}, figures=figures)).figures == figures


NOISE = {
    "ensemble": "a",
    **{key: key for key in ("initialisation", "mini_batches", "dropout")},
    **{key: key for key in ("first_half", "second_half")},
}


def with_noise(**changes):
    """Return a study with the figure noise, and with changes to its ensembles."""
    noises = {"initialisation", "mini_batches", "dropout"}
    ensembles = {
        "a": {},
        **{each: {"shared": sorted(noises - {each}, reverse=True)} for each in noises},
        **{f"{half}_half": {"dataset": {"half": half}} for half in ("first", "second")},
        "steps": {"steps": [1, 5]},
    }
    for name, change in changes.items():
        ensembles[name] = ensembles[name] | change
    ensembles = {name: {"architecture": "st_vgg"} | each for name, each in ensembles.items()}
    figures = {"noise": NOISE, "figure_02": {"ensemble": "a", "steps": "steps"}}
    return minimal(ensembles=ensembles, figures=figures)


def test_noise_compares_ensembles_that_differ_in_their_noise_alone(folder):
    assert load(with_noise()).refused == {}
    assert load(with_noise(dropout={"recipe": {"epochs": 9}})).refused == {}


@pytest.mark.parametrize(
    ("values", "figure", "sentence"),
    [
        (
            with_noise(dropout={"shared": ["dropout"]}),
            "noise",
            "figures.noise.dropout is dropout, which does not have shared: [initialisation, "
            "mini_batches]; name an ensemble that does.",
        ),
        (
            with_noise(first_half={"dataset": {"half": "second"}}),
            "noise",
            "figures.noise.first_half is first_half, which does not have half: first; name an",
        ),
        (
            with_noise(dropout={"recipe": {"batch_size": 50}}),
            "noise",
            "figures.noise compares a with dropout, which differ in their architecture or recipe",
        ),
        (
            with_noise(mini_batches={"networks": 1}),
            "noise",
            "figures.noise compares networks of mini_batches, which has only 1 network; train at",
        ),
        (
            minimal(
                ensembles=TWO,
                figures={"figure_02": {"ensemble": "a", "steps": "b"}},
            ),
            "figure_02",
            "figures.figure_02.steps is b, which does not have steps; name an ensemble that does.",
        ),
        (
            minimal(
                ensembles=TWO | {"c": {"architecture": "st_vgg", "steps": [1, 2]}},
                figures={"figure_01": {"ensemble": "c"}},
            ),
            "figure_01",
            "figures.figure_01 shows the epochs of c, which is trained for a few steps; name",
        ),
    ],
)
def test_figures_refuse_what_cannot_have_its_role(folder, values, figure, sentence):
    (message,) = load(values).refused[figure]
    assert message.startswith(sentence)


@pytest.mark.parametrize(
    ("ensemble", "sentence"),
    [
        (
            {"steps": [5, 1]},
            "ensembles.c.steps must rise from one number to the next, but is [5, 1]; write [1, 5].",
        ),
        ({"shared": ["weights"]}, "ensembles.c.shared"),
        ({"steps": []}, "ensembles.c.steps"),
        ({"steps": [0, 1]}, "ensembles.c.steps"),
        (
            {"dataset": {"half": "first", "fraction": 0.5}},
            "ensembles.c.dataset.fraction does not go with half; leave it out.",
        ),
        (
            {"dataset": {"keep": "hardest", "fraction": 0.5, "ranked_by": "d"}},
            "ensembles.c.dataset.ranked_by is d, which is trained on a dataset of its own or for a",
        ),
    ],
)
def test_mistakes_in_shared_noise_steps_and_halves_are_one_sentence(folder, ensemble, sentence):
    others = {"d": {"architecture": "st_vgg", "label": "D", "steps": [1, 2]}}
    (found,) = problems(
        minimal(ensembles=TWO | others | {"c": {"architecture": "st_vgg"} | ensemble})
    )
    assert found.startswith(sentence)
