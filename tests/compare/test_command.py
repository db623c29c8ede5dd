"""The command compare, from what is typed to a sentence, a figure and a table."""

import numpy as np
import pandas as pd
import pytest
from data import NARROW, small_study, write_study
from learners import DIFFICULTY, EXAMPLES, LABELS, TRAIN, K, write_ensemble
from PIL import Image

from created_equal import Recorder
from created_equal.artefacts import (
    definition_of,
    read_predictions,
    read_scores,
    write_predictions,
    write_scores,
)
from created_equal.scores import score_ensemble
from created_equal.study import load_study, scores_path

LINEAR = NARROW | {"linear": True}
STUDY = small_study(networks=6, ensembles={"one": NARROW, "other": LINEAR, "equal": NARROW})
PUBLISHED_FIRST = (
    "theirs.csv is named first, but a published score comes second; name first an ensemble of a "
    "study, a scores.nc, or the folder of one."
)


@pytest.fixture
def run(study_folder, two, command):
    """A function that runs compare in a folder with a study of two ensembles."""
    write_study(STUDY, "made_up")
    ensembles = load_study("made_up").ensembles
    for path, name in zip(two, ("one", "other"), strict=True):
        folder = scores_path("made_up", name).parent
        (file,) = path.parent.glob("predictions/*.nc")
        write_predictions(
            read_predictions(file), folder / "predictions" / file.name, ensembles[name].definition
        )
        write_scores(read_scores(path), folder / "scores.nc", ensembles[name].definition)
    pd.DataFrame({"index": np.arange(EXAMPLES), "events": DIFFICULTY}).to_csv("theirs.csv")

    def run(*arguments):
        code, said, problem = command("compare", *arguments)
        assert "Traceback" not in problem
        return code, said or problem

    return run


def test_a_study_may_be_given_by_its_file_and_an_ensemble_by_its_scores(run, study_folder):
    scores = scores_path("made_up", "one")
    _, expected = run("made_up", "one", "other")
    assert run("config/studies/made_up.yaml", "one", "other") == (0, expected)
    code, said = run("made_up", scores, "other")
    assert code == 0
    assert said.endswith("see results/made_up/one/compare_other.png.\n")


def test_two_ensembles_of_a_study(run, study_folder):
    code, said = run("made_up", "one", "other")
    assert code == 0 and said.count("\n") == 1
    assert said.startswith("Accessibility in one and in other: on 60 train examples")
    assert said.endswith("same order; see results/made_up/one/compare_other.png.\n")
    with Image.open(study_folder / "results/made_up/one/compare_other.png") as image:
        assert image.width > 1000 and len(np.unique(np.asarray(image))) > 20
    table = pd.read_csv(study_folder / "results/made_up/one/compare_other.csv")
    assert len(table) == 6 and f"Spearman {table['value'][0]:.2f}" in said


def test_scores_of_other_settings_than_the_study_has_now_are_refused(run, study_folder):
    write_study(
        STUDY | {"ensembles": {"one": NARROW, "other": NARROW | {"width": 0.25}}}, "made_up"
    )
    code, said = run("made_up", "one", "other")
    assert code == 2 and said.count("\n") == 1
    assert "results/made_up/other/scores.nc" in said
    # Of its path, a study is not asked.
    assert run("results/made_up/one", "results/made_up/other")[0] == 0


def test_folders_of_scores_without_a_study(run, two):
    one, other = (path.parent for path in two)
    code, said = run(one, other)
    assert code == 0
    assert said.endswith(f"; see {one}/compare_{other.name}.png.\n")
    assert run(one, two[1]) == (code, said)
    code, said = run(one, other.parent)
    assert code == 2 and f"{other.parent}/scores.nc does not exist" in said


def test_an_ensemble_and_a_published_file_give_the_same_bytes_again(run, study_folder):
    arguments = ("made_up", "one", "theirs.csv", "--column", "events", "--out", "shown.pdf")
    code, said = run(*arguments)
    assert code == 0 and "events rises where accessibility falls" in said
    first = [(study_folder / f"shown.{kind}").read_bytes() for kind in ("pdf", "csv")]
    assert run(*arguments) == (code, said)
    assert first == [(study_folder / f"shown.{kind}").read_bytes() for kind in ("pdf", "csv")]


def test_scores_files_need_no_study(run, two, tmp_path):
    code, said = run(two[0], two[1], "--out", tmp_path / "both.svg")
    assert code == 0 and said.startswith("Accessibility in one and in other: on 60 train")
    code, said = run(two[0], "theirs.csv", "--column", "events", "--out", tmp_path / "a.png")
    assert code == 0 and "over examples and networks" in said


@pytest.mark.parametrize("name", ["{}", "doc {}"])
def test_ids_of_the_recorder_are_keys(run, tmp_path, name):
    """Ids that are numbers are not taken for positions."""
    labels = {"train": LABELS[:TRAIN], "test": LABELS[TRAIN:]}
    ids = {"train": [name.format(3 * each) for each in range(TRAIN)]}
    shares = np.linspace(0.1, 0.9, TRAIN)
    for network in range(2):
        with Recorder(tmp_path / "own", network, labels, K, ids=ids) as recorder:
            for epoch in range(1, 6):
                for split, of in labels.items():
                    right = np.random.default_rng([network, epoch]).random(TRAIN) < shares
                    recorder.record(
                        epoch, split, None, np.where(right[: len(of)], of, (of + 1) % K)
                    )
    paths = sorted((tmp_path / "own").glob("*.nc"))
    scores = score_ensemble(paths)
    write_scores(scores, tmp_path / "own/scores.nc", definition_of(scores))
    table = pd.DataFrame({"guid": ids["train"], "score": scores["accessibility"][:TRAIN]})
    table.sample(frac=1, random_state=0).to_csv("keyed.csv", index=False)
    for arguments in (("--key", "guid"), ()):
        code, said = run(tmp_path / "own", "keyed.csv", *arguments)
        assert (
            code == 0 and "own and score of keyed.csv: on 60 train examples Spearman 1.00" in said
        )


def test_a_figure_is_beside_the_scores_by_default(run, tmp_path):
    path = write_ensemble(tmp_path / "elsewhere")
    code, said = run(path, "theirs.csv", "--column", "events")
    assert code == 0 and said.endswith(f"see {path.parent / 'compare_theirs.png'}.\n")
    assert (path.parent / "compare_theirs.csv").is_file()


def test_a_published_score_in_results_that_is_named_first_stays_as_it_is(run, study_folder):
    files = study_folder / "results/made_up/one"
    content = (study_folder / "theirs.csv").read_bytes()
    for name, sentence in (
        ("examples.csv", "examples.csv is named first, but a published score comes second"),
        ("mine.txt", "mine.txt is not a scores file of created-equal; give the path of one."),
    ):
        (files / name).write_bytes(content)
        names = sorted(files.iterdir())
        code, said = run(f"results/made_up/one/{name}", "results/made_up/other/scores.nc")
        assert code == 2 and sentence in said
        assert (files / name).read_bytes() == content
        assert sorted(files.iterdir()) == names


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("made_up", "one"), "compare takes two scores; name a study and two of its ensembles"),
        (("made_up", "one", "one"), "one is compared with itself; name two different scores."),
        (("made_up", "one", "equal"), "one and equal in made_up have the same definition and so "),
        (
            ("made_up", "one", "results/made_up/one/scores.nc"),
            "one is compared with itself; name two different scores.",
        ),
        (
            ("results/made_up/one", "./results/made_up/other/../one"),
            "results/made_up/one/scores.nc is compared with itself; name two different scores.",
        ),
        (("theirs.csv", "results/made_up/one"), PUBLISHED_FIRST),
        (("made_up", "theirs.csv", "one"), PUBLISHED_FIRST),
        (("made_up", "one", "othr"), "the study made_up has no ensemble othr; "),
        (("made_up", "one", "nix.csv"), "nix.csv does not exist"),
        (("made_up", "one", "nix.nc"), "nix.nc does not exist"),
        (("made_up", "one", "other", "--column", "a"), "are for a published score"),
        (("made_up", "one", "theirs.csv", "--split", "val"), "--split is val; give train or test."),
        (("made_up", "one", "theirs.csv"), "several columns of numbers"),
        (
            ("made_up", "one", "theirs.csv", "--column", "events", "--out", "theirs.png"),
            "the table would replace theirs.csv",
        ),
        (
            ("made_up", "one", "other", "--out", "figure.jpg"),
            "figure.jpg is not a figure; choose a name that ends in .pdf, .svg or .png.",
        ),
    ],
)
def test_mistakes_end_with_one_sentence(run, study_folder, arguments, sentence):
    before = sorted(study_folder.rglob("*"))
    code, said = run(*arguments)
    assert code == 2 and said.startswith("created-equal: ") and sentence in said
    assert said.count("\n") == 1
    assert sorted(study_folder.rglob("*")) == before
