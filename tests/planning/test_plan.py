import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from data import small_study, write_study
from image_folders import save_images

from created_equal.artefacts import write_dataset
from created_equal.datasets import build_dataset
from created_equal.errors import InputError
from created_equal.planning.plan import print_plan
from created_equal.study import dataset_path, load_study, predictions_path
from created_equal.training import train_networks
from created_equal.training.measure import Cost, Share

CNN = {"architecture": "mnist_cnn", "width": 0.25}


def rows(text):
    """Return the table as a dict: (study, ensemble) -> the rest of the cells."""
    found = {}
    for line in text.splitlines():
        if line.startswith("│"):
            cells = [cell.strip() for cell in line.strip("│").split("│")]
            found[cells[0], cells[1]] = cells[2:]
    return found


@pytest.fixture(autouse=True)
def measured_for_a_moment(monkeypatch):
    monkeypatch.setattr("created_equal.planning.plan.SECONDS", 0)


@pytest.fixture
def plan(study_folder, capsys):
    def plan(*studies, networks=None, only=(), per_job=2):
        capsys.readouterr()
        print_plan([load_study(study, networks) for study in studies], "cpu", "fp32", per_job, only)
        return capsys.readouterr().out

    return plan


def by_hand(layers, epochs, train, test, batch):
    """Operations of one network: layers are (pixels, inputs, outputs, kernel) of convolutions."""
    costs = [
        2 * pixels * inputs * outputs * kernel**2 for pixels, inputs, outputs, kernel in layers
    ]
    predicting = sum(costs)
    # The backward pass has two such products per layer, but needs no gradients of the images.
    training = 3 * predicting - costs[0]
    everything = (train + test) * predicting
    return epochs * (train // batch * batch * training + everything) + everything


def st_vgg(a, b, c, d, units):
    """st-VGG on 16 x 16 gray pixels and 10 classes."""
    convolutions = [
        *((256, 1, a, 3), (256, a, a, 3), (64, a, b, 3), (64, b, b, 3)),
        *((16, b, c, 3), (16, c, c, 3), (4, c, d, 2), (4, d, d, 2)),
    ]
    return [*convolutions, (1, d, units, 1), (1, units, 10, 1)]


def small_st_vgg(a, b, units):
    convolutions = [(256, 1, a, 3), (256, a, a, 3), (64, a, b, 3), (64, b, b, 3)]
    return [*convolutions, (1, 16 * b, units, 1), (1, units, 10, 1)]


@pytest.mark.parametrize(
    ("study", "networks", "epochs", "operations"),
    [
        (
            "smoke",
            4,
            (6, 6),
            {
                "st_vgg": by_hand(st_vgg(8, 16, 32, 64, 128), 6, 100, 100, 20),
                "small_st_vgg": by_hand(small_st_vgg(8, 16, 32), 6, 100, 100, 20),
            },
        ),
        (
            "digits",
            21,
            (28, 16),
            {
                "st_vgg": by_hand(st_vgg(16, 32, 64, 128, 256), 28, 500, 500, 20),
                "small_st_vgg": by_hand(small_st_vgg(16, 32, 64), 16, 500, 500, 20),
            },
        ),
    ],
)
def test_a_row_per_ensemble_with_numbers_by_hand(
    plan, study_folder, study, networks, epochs, operations
):
    # Only the first two ensembles of the study; the others are measured in the same way.
    values = yaml.safe_load((study_folder / f"config/studies/{study}.yaml").read_text())
    values["ensembles"] = {name: values["ensembles"][name] for name in operations}
    del values["figures"]
    write_study(values, study)
    message = plan(study)
    table = rows(message)
    assert set(table) == {(study, name) for name in operations}
    for (name, each), trained in zip(operations.items(), epochs, strict=True):
        cells = table[study, name]
        assert cells[:4] == [name, str(networks), "0", str(trained)]
        assert float(cells[4]) == pytest.approx(networks * each / 1e12, abs=0.006)
        examples = sum(values["dataset"][f"{split}_examples"] for split in ("train", "test"))
        disk = examples * (trained + 1) * (networks + 4) / 1e6
        assert float(cells[5]) == pytest.approx(disk, abs=0.051)
        assert re.fullmatch(r"\d+:\d\d:\d\d \u00b1 \d+ %", cells[6])
    assert re.search(r"Total training time: \d+:\d\d:\d\d \u00b1 \d+ %, estimated from", message)


def test_every_ensemble_has_a_row(plan):
    table = rows(plan("smoke"))
    ensembles = load_study("smoke").ensembles
    assert {name for _, name in table} >= {
        name for name, each in ensembles.items() if not getattr(each, "is_round", False)
    }


def test_each_kind_of_network_is_measured_once_and_logged(plan, study_folder, caplog):
    recipes = {
        "first": {},
        "adam": {"optimizer": "adam"},
        "no_dropout": {"dropout": False},
        "relu": {"activation": "relu"},
    }
    ensembles = {name: CNN | {"recipe": recipe} for name, recipe in recipes.items()}
    write_study(small_study(ensembles=ensembles), "kinds")
    caplog.set_level(logging.INFO, "created_equal.planning.plan")
    assert len(rows(plan("kinds"))) == 4
    assert caplog.messages == ["measuring 2 kinds of networks, for about 0 s"]


def test_one_ensemble_or_figure_with_what_it_needs(plan, study_folder):
    assert {name for _, name in rows(plan("smoke", only=["st_vgg"]))} == {"st_vgg"}
    assert {name for _, name in rows(plan("smoke", only=["figure_04"]))} == {
        "st_vgg",
        "small_st_vgg",
    }
    # The hard examples are those that other ensembles find hard, in rounds.
    shown = {name for _, name in rows(plan("smoke", only=["figure_08"]))}
    hard = load_study("smoke").figures["figure_08"]["hard"]
    assert {hard, "st_vgg"} < shown
    with pytest.raises(InputError, match="neither an ensemble nor a figure st_vg; did you mean"):
        plan("smoke", only=["st_vg"])


def test_contradictions_of_figures_are_said(plan, study_folder):
    figure = {"ensemble": "st_vgg", "epochs": [0, 1, 2, 400]}
    write_study({"base": "smoke", "title": "Late", "figures": {"figure_01": figure}}, "late")
    said = " ".join(plan("late", only=["st_vgg"]).split())
    assert "late: figures.figure_01.epochs has 400, but st_vgg is trained for 6 epochs" in said


def test_trained_networks_are_counted(plan, study_folder):
    write_study(small_study(networks=3))
    ensemble = load_study("small").ensembles["st_vgg"]
    dataset = dataset_path("small")
    write_dataset(build_dataset(ensemble.dataset, Path("unused"), False), dataset, ensemble.dataset)
    for first, last in ((0, 1), (2, 2)):
        left = rows(plan("small"))["small", "st_vgg"]
        assert left[2] == str(first)
        output = predictions_path("small", "st_vgg", first, last)
        train_networks(ensemble, dataset, range(first, last + 1), output, "cpu", "fp32")
    message = plan("small")
    done = rows(message)["small", "st_vgg"]
    assert "All of these networks are trained." in message
    assert done[1:5] == ["3", "3", "2", "0.00"]
    assert done[6] == "0:00:00"
    # Now there are more networks: three of five are trained.
    assert rows(plan("small", networks=5))["small", "st_vgg"][1:3] == ["5", "3"]
    # Now there are fewer: only the first two count.
    assert rows(plan("small", networks=2))["small", "st_vgg"][1:3] == ["2", "2"]


def test_an_ensemble_uses_as_many_cores_as_it_has_jobs(plan, study_folder, monkeypatch):
    """A network takes 1,000 s: 3 epochs of 100 train examples, and 4 times 175 predictions."""
    monkeypatch.setattr("created_equal.planning.plan.usable_cores", lambda: 8)
    monkeypatch.setattr(
        "created_equal.planning.plan.measure_costs",
        lambda kinds, *_: ([Cost(1.0, 1.0, 0.1)] * len(kinds), Share(1.0, 0.0)),
    )
    study = small_study(
        dataset={"source": "digits", "size": 16, "train_examples": 100, "test_examples": 75},
        recipe={"epochs": 3, "batch_size": 2},
        ensembles={
            "few": {**CNN, "networks": 3},
            "many": {**CNN, "networks": 20},
            "wide": {**CNN, "networks": 6, "resources": {"cpus": 4}},
        },
    )
    write_study(study)
    message = plan("small")
    assert {name: cells[6] for (_, name), cells in rows(message).items()} == {
        "few": "0:33:20 \u00b1 10 %",  # jobs of 2 and 1
        "many": "1:06:40 \u00b1 10 %",  # 10 jobs of 2, 8 at a time
        "wide": "1:06:40 \u00b1 10 %",  # 3 jobs of 2, 2 at a time
    }
    # 23 networks, 8 at a time, and 6 networks, 2 at a time.
    seconds = 1000 * 23 / 8 + 1000 * 6 / 2
    assert f"Total training time: {timedelta(seconds=round(seconds))} \u00b1 10 %" in message
    # A single job that takes longer than everything else: 3 networks on one of 8 cores.
    alone = plan("small", only=["few"], per_job=3)
    assert "Total training time: 0:50:00" in alone


def test_a_narrow_terminal_has_the_columns_that_matter_and_whole_numbers(
    plan, study_folder, monkeypatch
):
    monkeypatch.setattr(
        "created_equal.planning.plan.measure_costs",
        lambda kinds, *_: ([Cost(1.0, 1.0, 0.1)] * len(kinds), Share(1.0, 0.0)),
    )
    monkeypatch.setattr("created_equal.planning.plan.usable_cores", lambda: 1)
    name = "an_ensemble_with_a_name_that_alone_would_take_most_of_the_line"
    recipe = {"epochs": 60, "batch_size": 20}
    write_study(small_study(networks=1234, recipe=recipe, ensembles={name: CNN}))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")
    message = re.sub(r"\x1b\[[\d;]*m", "", plan("small"))
    assert max(map(len, message.splitlines())) <= 80
    assert "\u2026" not in message
    assert "disk MB" not in message
    table = [line for line in message.splitlines() if line.startswith("\u2502")]
    cells = [[cell.strip() for cell in line.strip("\u2502").split("\u2502")] for line in table]
    assert "small: on cpu, fp32, 1 at a time" in message
    assert "".join(line[0] for line in cells) == name
    # A network takes 60 * 40 seconds to train, and 61 * 80 to predict.
    assert cells[0][1:] == ["1,234", "0", "60", "104 days \u00b1 10 %"]
    assert "Total training time: 104 days \u00b1 10 %" in " ".join(message.split())


def test_a_study_that_cannot_be_trained_has_no_plan(plan, study_folder):
    recipe = {"epochs": 2, "batch_size": 2000}
    write_study(small_study(dataset={"source": "digits", "size": 16}, recipe=recipe))
    with pytest.raises(InputError, match="set has 1198 examples, fewer than one mini-batch; set"):
        plan("small")


def test_a_dataset_whose_size_is_not_known(plan, study_folder):
    write_study(small_study(dataset={"source": "image_folder", "path": "mine"}), "mine")
    message = plan("mine")
    assert rows(message) == {}
    assert (
        "mine: its size is unknown until its dataset is built; run created-equal build_dataset "
        "mine first."
    ) in message
    # Neither an empty table nor its total is printed.
    assert "In all" not in message and "architecture" not in message


def test_a_study_whose_images_stay_in_files(plan, study_folder):
    save_images(study_folder / "data" / "mine", size=(40, 30))
    dataset = {"source": "image_folder", "path": "mine", "size": 16, "images": "files"}
    study = small_study(
        dataset=dataset, networks=2, recipe={"batch_size": 2, "epochs": 3}, ensembles={"cnn": CNN}
    )
    write_study(study, "mine")
    data = build_dataset(dataset, study_folder / "data", False)
    write_dataset(data, dataset_path("mine"), dataset)
    message = plan("mine")
    assert rows(message)["mine", "cnn"][1:4] == ["2", "0", "3"]
    assert "mine: the estimate leaves out decoding image files" in message


def test_the_command_takes_the_studies_of_the_config(study_folder, command):
    config = study_folder / "config.yaml"
    config.write_text(config.read_text().replace("[digits]", "[smoke]"))
    code, said, _ = command("plan", "--networks", "7")
    assert code == 0
    table = rows(said)
    assert {study for study, _ in table} == {"smoke"}
    assert table["smoke", "st_vgg"][1] == "7"
