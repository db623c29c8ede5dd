"""Scores, figures and pages of recorded predictions, with no study and no repository around."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import COMMAND, python
from PIL import Image

import created_equal
from created_equal.artefacts import (
    definition_of,
    read_dataset,
    read_predictions,
    read_scores,
    write_scores,
)
from created_equal.compare.compare import Ours, find_predictions
from created_equal.errors import InputError
from created_equal.figures.saving import METADATA
from created_equal.recorder import Recorder
from created_equal.score_folder import FIGURES_OF_ONE, score_folder
from created_equal.scores import score_ensemble

NAMES = ["cat", "dog", "<cow>"]
SIZES = {"train": 60, "test": 30}
EPOCHS = range(7)


def record(
    folder: Path,
    networks: Sequence[int] = range(6),
    epochs: Sequence[int] = EPOCHS,
    splits: Sequence[str] = ("train", "test"),
    **settings: object,
) -> None:
    """Record networks that learn the examples one after the other; labels alone are recorded."""
    labels = {split: np.arange(SIZES[split]) % len(NAMES) for split in splits}
    for network in networks:
        generator = np.random.default_rng(network)
        with Recorder(folder, network, labels, NAMES, **settings) as recorder:
            for epoch in epochs:
                for split, own in labels.items():
                    learned = np.arange(len(own)) < len(own) * (epoch / 7 + 0.1)
                    chance = 0.95 * learned + 0.05 if epoch else 1 / 3
                    right = generator.random(len(own)) < chance
                    other = (own + generator.integers(1, 3, len(own))) % 3
                    recorder.record(epoch, split, None, np.where(right, own, other))


@pytest.fixture(scope="module", autouse=True)
def one_format() -> Iterator[None]:
    """Draw figures as svg alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("created_equal.figures.saving.METADATA", {"svg": METADATA["svg"]})
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of six networks and their images, which is scored."""
    path = tmp_path_factory.mktemp("recorded")
    pixels = np.random.default_rng(0).integers(0, 256, (90, 6, 8), dtype=np.uint8)
    record(path, images={"train": pixels[:60], "test": pixels[60:]})
    assert score_folder(path) == []
    return path


def test_everything_is_in_the_folder(folder):
    figures = {f"{name}.svg" for name in FIGURES_OF_ONE}
    pages = {
        "scores.nc",
        "dataset.nc",
        "examples.csv",
        "examples.parquet",
        "epochs.csv",
        "gallery.csv",
        "metrics.csv",
        "claims.csv",
        "claims.html",
        "explorer.html",
    }
    networks = {f"{network:04d}.nc" for network in range(6)}
    assert {path.name for path in folder.iterdir()} == figures | pages | networks
    assert len(FIGURES_OF_ONE) == 9


def test_scores_are_those_of_the_predictions(folder):
    scores = read_scores(folder / "scores.nc")
    files = [read_predictions(folder / f"{network:04d}.nc") for network in range(6)]
    right = [(each["prediction"] == each["label"]).values[0] for each in files]
    np.testing.assert_array_equal(scores["n_right"], np.sum(right, axis=0))
    assert scores["loss"].isnull().all()


def test_tables_are_those_of_the_scores(folder):
    table = pd.read_csv(folder / "examples.csv", dtype={"pixel_hash": str})
    scores = created_equal.load_scores(".", folder.name, folder.parent)
    dataset = read_dataset(folder / "dataset.nc")
    assert list(table) == list(created_equal.table(scores, dataset))
    assert table["accessibility"].tolist() == pytest.approx(scores["accessibility"].values)
    assert set(table["class"]) == set(NAMES)
    assert len(pd.read_csv(folder / "epochs.csv")) == 2 * len(EPOCHS)
    predictions = created_equal.load_predictions(".", folder.name, folder.parent)
    right = (predictions["prediction"] == predictions["label"]).sum("network")
    np.testing.assert_array_equal(right, scores["n_right"])


def test_a_scored_folder_is_exported_with_its_images(folder, tmp_path, command):
    code, _, problem = command("export_scores", folder, tmp_path / "export", "--images")
    assert (code, problem) == (0, "")
    table = pd.read_parquet(tmp_path / "export" / "scores.parquet")
    assert table["class"].tolist() == NAMES * 30
    scores = read_scores(folder / "scores.nc")
    np.testing.assert_allclose(table["accessibility"], scores["accessibility"])
    image = read_dataset(folder / "dataset.nc")["image"].values[61]
    with Image.open(tmp_path / "export" / "data" / "000061.png") as shown:
        np.testing.assert_array_equal(np.asarray(shown), image[..., 0])
    assert "Scores of ensemble on " in (tmp_path / "export" / "README.md").read_text()


def test_a_folder_without_images_or_scores_is_not_exported_with_them(tmp_path, command):
    record(tmp_path / "bare", range(2), range(3))
    paths = sorted((tmp_path / "bare").glob("*.nc"))
    code, _, problem = command("export_scores", tmp_path / "bare", tmp_path / "export")
    assert code == 2 and problem.endswith(f"; run created-equal score {tmp_path / 'bare'}.\n")
    scores = score_ensemble(paths)
    write_scores(scores, tmp_path / "bare" / "scores.nc", definition_of(scores))
    code, _, problem = command("export_scores", tmp_path / "bare", tmp_path / "export", "--images")
    assert code == 2 and problem == (
        "created-equal: there are no images; give them to the recorder, or leave --images out.\n"
    )
    assert not (tmp_path / "export").exists()
    assert command("export_scores", tmp_path / "bare", tmp_path / "export")[0] == 0
    code, _, problem = command("export_scores", "digits", tmp_path / "forgotten_ensemble")
    assert code == 2 and "digits is neither a study and an ensemble nor a folder" in problem


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_few_examples_get_all_that_can_be_made_of_them(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "SIZES", {"train": 2, "test": 1})
    record(tmp_path, networks=range(2), epochs=range(4))
    left_out = score_folder(tmp_path)
    (metrics,) = (each for each in left_out if each.startswith("metrics"))
    assert "need at least 3 examples" in metrics
    assert {"figure_01.svg", "claims.html", "explorer.html"} < {
        path.name for path in tmp_path.iterdir()
    }
    rows = pd.read_csv(tmp_path / "claims.csv").set_index("id")
    assert "need at least 5 examples" in rows.loc["figure_11_jumps", "note"]


def test_claims_are_those_about_one_ensemble_on_other_data_than_the_papers(folder):
    table = pd.read_csv(folder / "claims.csv")
    assert set(table["conclusion"]) <= {"toy", "inconclusive"}
    assert set(table["ensembles"]) == {"ensemble"}
    measured = table.set_index("id")["value"]
    scores = read_scores(folder / "scores.nc")
    end = float(scores["accuracy"].sel(split="train").isel(epoch=-1).mean())
    assert measured["figure_01d_end"] == pytest.approx(end, abs=1e-5)
    assert "did not learn" not in (folder / "claims.html").read_text()


def test_names_of_classes_are_shown_and_harmless(folder):
    page = (folder / "explorer.html").read_text()
    assert "&lt;cow&gt;" in page
    assert "<cow>" not in page
    assert set(pd.read_csv(folder / "gallery.csv")["class"]) == set(NAMES)


@pytest.fixture
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave all figures out, in tests of the scores alone."""
    monkeypatch.setattr("created_equal.score_folder.FIGURES_OF_ONE", {})


@pytest.mark.usefixtures("no_figures")
def test_a_network_more_is_scored_with_the_others(folder, tmp_path):
    record(tmp_path, [0], splits=["test"])
    score_folder(tmp_path)
    record(tmp_path, [5], splits=["test"])
    score_folder(tmp_path)
    assert read_scores(tmp_path / "scores.nc")["network"].values.tolist() == [0, 5]


def test_labels_of_one_split_alone(tmp_path):
    record(tmp_path, splits=["test"])
    left_out = score_folder(tmp_path)
    assert "figure_01 is left out: there are no train examples." in left_out
    assert "gallery is left out: there are no images; give them to the recorder." in left_out
    assert "claims are left out: there are no train examples." in left_out
    assert (tmp_path / "figure_02.svg").exists()
    assert "There are no images" in (tmp_path / "explorer.html").read_text()


def test_nothing_of_an_earlier_call_stays_next_to_scores_that_it_does_not_show(folder, tmp_path):
    for path in folder.iterdir():
        if not path.name.startswith("0") and path.name != "dataset.nc":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    record(tmp_path, splits=["test"], epochs=[4])
    left_out = score_folder(tmp_path)
    assert "figure_11 is left out: it needs at least 2 epochs of training." in left_out
    kept = {path.stem for path in tmp_path.iterdir() if not path.name.startswith("0")}
    results = {"scores", "examples", "epochs", "explorer", *FIGURES_OF_ONE}
    assert kept == results - {each.split()[0] for each in left_out}


def test_images_of_one_split_alone(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 6, 8), dtype=np.uint8)
    record(tmp_path, splits=["test"], images={"test": pixels})
    left_out = score_folder(tmp_path)
    assert not any("images" in each for each in left_out)
    assert "There are no images" not in (tmp_path / "explorer.html").read_text()


def test_networks_after_training_alone(tmp_path):
    """Without the untrained network and with one epoch, little is left, but nothing breaks."""
    record(tmp_path, epochs=[4])
    left_out = " ".join(score_folder(tmp_path))
    for figure in ("figure_01", "figure_02", "figure_03", "figure_09", "figure_11"):
        assert f"{figure} is left out: " in left_out
    assert (tmp_path / "figure_10.svg").exists()


@pytest.mark.parametrize(
    "name", ["scores.nc", "metrics.csv", "epochs.csv", "gallery.png", "claims.html"]
)
def test_a_file_of_another_program_is_not_replaced(tmp_path, name):
    record(tmp_path, networks=range(2))
    (tmp_path / name).write_text("mine")
    before = {path.name for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match=rf"{name} would be replaced by results; move"):
        score_folder(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.usefixtures("no_figures")
def test_networks_that_stop_early_are_scored_over_the_epochs_that_all_have(tmp_path, caplog):
    for network, last in enumerate((7, 5, 6, 6, 7)):
        record(tmp_path / "early", [network], range(last))
    record(tmp_path / "equal", range(5), range(5))
    assert score_folder(tmp_path / "equal") == []
    assert "epochs that all networks have" not in caplog.text
    assert score_folder(tmp_path / "early") == []
    assert "only the 5 epochs that all networks have are scored, of 7: " in caplog.text
    assert "0001.nc lacks 2 epochs, first epoch 5; to score more" in caplog.text
    for name in ("epochs.csv", "examples.csv", "claims.csv"):
        early, equal = ((tmp_path / each / name).read_text() for each in ("early", "equal"))
        assert early.replace("early", "equal") == equal
    assert read_predictions(tmp_path / "early" / "0000.nc").sizes["epoch"] == 7
    loaded = created_equal.load_predictions(".", "early", tmp_path)
    assert loaded["epoch"].values.tolist() == [*range(5)] and loaded.sizes["network"] == 5
    # Compared with others, their networks are resampled too.
    path = tmp_path / "early" / "scores.nc"
    ours = Ours("early", scores := read_scores(path), find_predictions(path, scores))
    by_network = ours.score_of(scores["example"].values)
    assert len(by_network) == 5
    np.testing.assert_allclose(by_network.mean(axis=0), scores["accessibility"])


@pytest.mark.usefixtures("no_figures")
def test_networks_that_did_not_learn_are_said_to(tmp_path, caplog):
    labels = {"train": [0, 1, 2], "test": [0, 1, 2]}
    with Recorder(tmp_path / "stuck", 0, labels, NAMES) as recorder:
        for epoch in range(3):
            for split in labels:
                recorder.record(epoch, split, None, [0, 0, 0])
    score_folder(tmp_path / "stuck")
    assert "stuck did not learn: the train error of 1 of 1 networks (0) does not" in caplog.text


@pytest.mark.usefixtures("no_figures")
def test_networks_that_name_their_examples_otherwise_are_not_scored_together(tmp_path):
    """Two machines may list the files of a class in another order, with equal labels."""
    ids = {split: [f"{split}/{number}" for number in range(SIZES[split])] for split in SIZES}
    record(tmp_path, [0], ids=ids)
    score_folder(tmp_path)
    names = read_scores(tmp_path / "scores.nc")["example_name"].values.tolist()
    assert names == ids["train"] + ids["test"]
    swapped = ids["test"][3:4] + ids["test"][1:3] + ids["test"][:1] + ids["test"][4:]
    record(tmp_path, [1], ids=ids | {"test": swapped})
    with pytest.raises(InputError, match="belong to different ensembles"):
        score_folder(tmp_path)


def test_a_folder_is_scored_again_however_many_classes_it_has(tmp_path, monkeypatch):
    names = [*NAMES, *(f"a species with a rather long name, {number}" for number in range(2000))]
    monkeypatch.setattr(sys.modules[__name__], "NAMES", names)
    monkeypatch.setattr(sys.modules[__name__], "SIZES", {"test": 30})
    with Recorder(tmp_path, 0, {"test": np.arange(30)}, names) as recorder:
        for epoch in range(2):
            recorder.record(epoch, "test", None, np.arange(30) // 2)
    score_folder(tmp_path)
    score_folder(tmp_path)


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(InputError, match=r"no/where does not exist; correct the path\.$"):
        score_folder(tmp_path / "no/where")


def test_a_folder_without_predictions(tmp_path):
    with pytest.raises(InputError, match=r"has no predictions files \(\*\.nc\); give the folder"):
        score_folder(tmp_path)


def test_networks_of_two_definitions(tmp_path):
    record(tmp_path, [0], definition={"learning_rate": 0.1})
    record(tmp_path, [1], definition={"learning_rate": 0.2})
    with pytest.raises(InputError, match="belong to different ensembles"):
        score_folder(tmp_path)


def test_a_dataset_of_other_labels(folder, tmp_path):
    record(tmp_path, [0], splits=["test"])
    (tmp_path / "dataset.nc").write_bytes((folder / "dataset.nc").read_bytes())
    with pytest.raises(InputError, match=r"dataset.nc has other examples or labels than .*0000.nc"):
        score_folder(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0000.nc", "dataset.nc"]


def test_the_command_needs_no_repository(tmp_path):
    done = python(*COMMAND, "score", "nothing", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("created-equal: nothing does not exist")
    record(tmp_path / "mine", [0], splits=["test"])
    done = python(*COMMAND, "score", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "figure_01 is left out: there are no train examples.\n" in done.stdout
    said = [line.partition("wrote ")[2] for line in done.stderr.splitlines() if "wrote" in line]
    drawn = ["mine/scores.nc", "mine/figure_02.png", "mine/explorer.html"]
    assert [path for path in said if path in drawn] == drawn
    assert all((tmp_path / path).exists() for path in said)
