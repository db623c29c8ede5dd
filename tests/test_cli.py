import json
import logging
import os
import re
import resource
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import xarray as xr
from commands import COMMAND, python, refused
from data import DIGITS, NARROW, overwrite, small_study, write_study
from image_folders import save_image
from snakemake.cli import parse_config as parsed

from created_equal import cli
from created_equal.artefacts import (
    definition_of,
    read_dataset,
    read_predictions,
    read_scores,
    write_dataset,
)
from created_equal.artefacts.files import versions
from created_equal.errors import InputError
from created_equal.study import changed_config, load_config, load_study
from created_equal.study.yaml_files import read_yaml

COMMANDS = ["build_dataset", "train_networks", "score_ensemble", "render_figure", "plan"]


@pytest.fixture
def run(study_folder, command):
    """The function that runs a command, in a folder with studies."""
    return command


@pytest.fixture
def small(study_folder):
    """A function that writes the study small, with changes to its keys."""

    def write(**changes):
        write_study(small_study(**changes))

    write()
    return write


def with_rate(learning_rate):
    return {"epochs": 2, "batch_size": 20, "learning_rate": learning_rate}


def test_images_that_do_not_fit_in_memory_are_one_sentence(run, small):
    small(dataset=DIGITS | {"size": 10**7})
    assert re.fullmatch(
        r"memory is too small \(Unable to allocate .*\); use fewer or smaller "
        r"images, or another machine\.",
        refused(run("build_dataset", "small")),
    )


STOPPED = """
import logging, sys
from created_equal import cli, datasets

class HalfDone:
    def __del__(self):
        logging.error("Task exception was never retrieved")
        raise ValueError("File object has no attribute _closed")

def stop(*_):
    half_done = HalfDone()
    raise KeyboardInterrupt

datasets.build_dataset = stop
sys.argv = ["created-equal", "build_dataset", "small"]
cli.main()
"""


def test_a_command_that_is_stopped_says_so_and_nothing_else(small):
    """Typer would say nothing, and libraries print tracebacks of what they had begun."""
    done = python("-c", STOPPED)
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr == "created-equal: stopped by Ctrl-C; run again to resume.\n"


def test_help_lists_the_steps():
    installed = Path(sys.executable).with_name("created-equal")
    for start in ([sys.executable, "-m", "created_equal"], [installed]):
        done = subprocess.run([*start, "--help"], capture_output=True, text=True, check=True)
        listed = re.findall(r"^\W*([a-z_]+)  ", done.stdout, re.MULTILINE)
        assert set(COMMANDS) <= set(listed)


def test_the_steps_one_after_the_other(run, small, study_folder):
    assert run("build_dataset", "small")[0] == 0
    results = study_folder / "results" / "small"
    assert read_dataset(results / "dataset.nc").sizes["example"] == 80
    assert run("train_networks", "small", "st_vgg", "--precision", "fp32")[0] == 0
    contents = read_predictions(results / "st_vgg" / "predictions" / "0000-0003.nc")
    assert contents["network"].values.tolist() == [0, 1, 2, 3]
    assert run("score_ensemble", "small", "st_vgg")[0] == 0
    assert read_scores(results / "st_vgg" / "scores.nc")["network"].values.tolist() == [0, 1, 2, 3]
    assert run("explore", "small", "st_vgg")[0] == 0
    page = (results / "st_vgg" / "explorer.html").read_text("utf-8")
    assert "<title>Small: st-VGG</title>" in page
    message = refused(run("explore", "small", "st_vgg", "st_vgg"))
    assert message.startswith("the explorer shows one ensemble or two different ones, not st_vgg ")
    write_study(small_study(ensembles={"one": NARROW, "equal": NARROW}), "equal")
    message = refused(run("explore", "equal", "one", "equal"))
    assert message.startswith("one and equal in equal have the same definition and so the same ")


def test_without_networks_all_are_trained_in_jobs_as_config_says(run, small, study_folder):
    config = (study_folder / "config.yaml").read_text()
    config = re.sub(r"networks_per_job: \d+", "networks_per_job: 2", config)
    (study_folder / "config.yaml").write_text(re.sub("networks: null", "networks: 3", config))
    assert run("build_dataset", "small")[0] == 0
    assert run("train_networks", "small", "st_vgg", "--device", "cpu")[0] == 0
    folder = study_folder / "results" / "small" / "st_vgg" / "predictions"
    assert sorted(path.name for path in folder.glob("*.nc")) == ["0000-0001.nc", "0002-0002.nc"]


def test_kept_networks_are_not_trained_again(run, small, study_folder, caplog):
    """In another clone they are in reference; a study based on this one has the same networks."""
    run("build_dataset", "small")
    run("train_networks", "small", "st_vgg", "--networks", "0-1")
    code, printed, _ = run("keep_predictions", "small", "st_vgg")
    assert (code, printed) == (0, "wrote reference/small/st_vgg/predictions/0000-0001.nc\n")
    _, printed, _ = run("keep_predictions", "small", "st_vgg")
    assert printed == "reference/small/st_vgg/predictions has all finished networks already\n"
    shutil.rmtree(study_folder / "results/small/st_vgg")
    write_study({"base": "small", "title": "Based on small"}, "based")
    run("build_dataset", "based")
    caplog.set_level(logging.INFO)
    assert run("train_networks", "based", "st_vgg", "--networks", "0-2")[0] == 0
    assert "based/st_vgg: 1 networks to train, 2 already there" in caplog.text


def test_a_step_takes_nothing_that_was_made_for_a_former_definition(run, small):
    """The commands do not know how files were made, other than by the definitions in them."""
    labels = NARROW | {"dataset": {"labels": "random"}}
    study = {"ensembles": {"st_vgg": NARROW, "labels": labels}, "networks": 1}
    small(**study)
    run("build_dataset", "small")
    run("train_networks", "small", "st_vgg", "--networks", "0-0")
    small(**study, recipe=with_rate(0.01))
    score = ("score_ensemble", "small", "st_vgg", "--networks", "1")
    message = refused(run(*score, "results/small/st_vgg/predictions/0000-0000.nc"))
    assert message.startswith(
        "results/small/st_vgg/predictions/0000-0000.nc was made for a definition"
    )
    assert not Path("results/small/st_vgg/scores.nc").exists()
    small(**study, dataset=DIGITS | {"size": 17})
    for step, ensemble in (("derive_dataset", "labels"), ("train_networks", "st_vgg")):
        message = refused(run(step, "small", ensemble))
        assert message == (
            "results/small/dataset.nc was made for a definition that its study no longer has; undo "
            "the change, or run created-equal build_dataset small."
        )
    assert not Path("results/small/labels/dataset.nc").exists()


def test_no_page_shows_scores_that_were_made_for_a_former_definition(run, small):
    recipe = with_rate(0.1) | {"epochs": 3}
    study = {"figures": {"figure_01": {"ensemble": "st_vgg"}}, "networks": 1, "recipe": recipe}
    small(**study)
    for step in ("build_dataset", "train_networks", "score_ensemble"):
        run(step, "small", *["st_vgg"] * (step != "build_dataset"))
    small(**study | {"recipe": recipe | {"learning_rate": 0.01}})
    for page in (
        ("render_figure", "small", "figure_01"),
        ("render_cross_dataset", "small"),
        ("check_claims", "small"),
        ("explore", "small", "st_vgg"),
        ("tabulate_examples", "small", "st_vgg"),
    ):
        assert refused(run(*page)) == (
            "results/small/st_vgg/scores.nc was made for a definition that its study no longer "
            "has; undo the change, or move the file elsewhere and run again."
        )


def test_no_page_shows_scores_of_other_images_than_the_dataset_has(run, small):
    """As after one image more: positions after it are those of other images."""
    half = NARROW | {"dataset": {"half": "first"}}
    small(
        figures={"figure_01": {"ensemble": "st_vgg"}},
        ensembles={"st_vgg": NARROW, "half": half},
        baselines={"svm": {}},
        networks=1,
        recipe=with_rate(0.1) | {"epochs": 3},
    )
    run("build_dataset", "small")
    run("fit_baseline", "small", "svm")
    run("derive_dataset", "small", "half")
    for step in ("train_networks", "score_ensemble"):
        run(step, "small", "st_vgg")
        run(step, "small", "half")
    path = Path("results/small/dataset.nc")
    dataset = read_dataset(path)
    dataset["image"][0] = 255 - dataset["image"][0]
    dataset["pixel_hash"][0] = 7
    overwrite(path, b"")
    write_dataset(dataset, path, definition_of(dataset))
    for page in (
        ("render_figure", "small", "figure_01"),
        ("check_claims", "small"),
        ("explore", "small", "st_vgg"),
        ("tabulate_examples", "small", "st_vgg"),
        ("export_scores", "small", "st_vgg", "exported"),
        ("test_results", "small"),
    ):
        assert refused(run(*page)).startswith(
            "results/small/st_vgg/scores.nc was made with other images, labels or splits than "
            "results/small/dataset.nc has now; train and score its networks again, or"
        )
    for step in ("explore", "train_networks"):
        assert refused(run(step, "small", "half")).startswith(
            "results/small/half/dataset.nc was made with other images, labels or splits than "
            "results/small/dataset.nc has now; run created-equal derive_dataset small half, or"
        )
    with pytest.raises(InputError, match=r"svm\.nc was made with .* has now; fit it again"):
        load_study("small").check_results([], ["svm"])
    assert refused(run("keep_predictions", "small", "st_vgg")) == (
        "small/st_vgg has no finished networks for its dataset as it is now; train them first."
    )


def test_copied_networks_say_what_they_were_trained_with(run, small, monkeypatch):
    run("build_dataset", "small")
    older = {"created-equal": "0", "torch": "2.11"}
    with monkeypatch.context() as patch:
        patch.setattr("created_equal.artefacts.files.versions", lambda: older)
        run("train_networks", "small", "st_vgg", "--networks", "0-0")
    run("keep_predictions", "small", "st_vgg")
    shutil.rmtree("results/small/st_vgg")
    run("train_networks", "small", "st_vgg", "--networks", "0-1")
    run("score_ensemble", "small", "st_vgg", "--networks", "2")
    scores = read_scores(Path("results/small/st_vgg/scores.nc"))
    assert json.loads(scores.attrs["trained_with"]) == [older, versions()]


def test_kept_networks_of_two_definitions_do_not_replace_each_other(run, small, caplog):
    run("build_dataset", "small")
    for rate in (0.1, 0.02):
        small(recipe=with_rate(rate))
        run("train_networks", "small", "st_vgg", "--networks", "0-0")
        run("keep_predictions", "small", "st_vgg")
    kept = sorted(Path("reference/small/st_vgg/predictions").iterdir())
    assert [each.name[:9] for each in kept] == ["0000-0000", "0000-0000"]
    shutil.rmtree("results/small/st_vgg")
    small()
    caplog.set_level(logging.INFO)
    run("train_networks", "small", "st_vgg", "--networks", "0-0")
    assert "0 networks to train, 1 already there" in caplog.text


@pytest.mark.parametrize(("given", "file"), [("2", "0002-0002"), ("1-2", "0001-0002")])
def test_some_networks(run, small, study_folder, given, file):
    run("build_dataset", "small")
    assert run("train_networks", "small", "st_vgg", "--networks", given)[0] == 0
    folder = study_folder / "results" / "small" / "st_vgg" / "predictions"
    assert [path.stem for path in folder.glob("*.nc")] == [file]


def test_given_files_are_scored_whichever_seeds_they_have(run, small, study_folder):
    run("build_dataset", "small")
    for seed in ("0", "2"):
        assert run("train_networks", "small", "st_vgg", "--networks", seed)[0] == 0
    folder = Path("results/small/st_vgg/predictions")
    assert run("score_ensemble", "small", "st_vgg", *map(str, sorted(folder.glob("*.nc"))))[0] == 0
    assert read_scores(folder.parent / "scores.nc")["network"].values.tolist() == [0, 2]


def test_networks_of_different_precisions_are_scored_with_a_warning(
    run, small, study_folder, caplog
):
    run("build_dataset", "small")
    for network, precision in enumerate(("fp32", "fp32", "bf16")):
        number = ("--networks", str(network))
        assert run("train_networks", "small", "st_vgg", *number, "--precision", precision)[0] == 0
    folder = Path("results/small/st_vgg/predictions")
    files = [str(folder / f"000{network}-000{network}.nc") for network in range(3)]
    caplog.clear()
    assert run("score_ensemble", "small", "st_vgg", *files[:2], "--networks", "2")[0] == 0
    assert "precision" not in caplog.text
    assert run("score_ensemble", "small", "st_vgg", *files, "--networks", "3")[0] == 0
    assert "different precisions (1 in bf16, 2 in fp32), which these scores mix" in caplog.text
    assert "in reference too, and run again with --config precision=fp32" in caplog.text


def test_a_missing_study(run):
    for command in (
        ["build_dataset", "smokee"],
        ["train_networks", "smokee", "st_vgg"],
        ["score_ensemble", "smokee", "st_vgg"],
        ["render_figure", "smokee", "figure_01"],
        ["plan", "smokee"],
    ):
        message = refused(run(*command))
        assert message.startswith("there is no study smokee (config/studies/smokee.yaml does not")
        assert message.endswith("did you mean smoke?")


def test_a_missing_ensemble(run):
    for command in ("train_networks", "score_ensemble", "explore"):
        message = refused(run(command, "smoke", "st_vg"))
        assert message.startswith("the study smoke has no ensemble st_vg; ")
        assert "st_vgg" in message.removeprefix("the study smoke has no ensemble st_vg;")


@pytest.mark.parametrize("networks", ["4-2", "a", "1-", "-1", "1,2", "0-4-5", "", "1.5"])
def test_an_invalid_range(run, networks):
    assert refused(run("train_networks", "smoke", "st_vgg", f"--networks={networks}")) == (
        f"--networks {networks} is not a range of seeds; write it as 0-4, or 7 for one seed."
    )


def test_missing_files(run, study_folder):
    message = refused(run("train_networks", "smoke", "st_vgg"))
    assert message.startswith("results/smoke/dataset.nc does not exist; build it with snakemake")
    message = refused(run("score_ensemble", "smoke", "st_vgg"))
    assert message.startswith("results/smoke/st_vgg/predictions/0000-0003.nc does not exist;")
    assert not (study_folder / "results").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--precision", "tf32", "--device", "cpu"], "precision tf32 exists on GPUs only; "),
        (["--precision", "fp16"], "precision fp16 is not one of auto, fp32, tf32, bf16; "),
        (["--device", "gpu"], "device gpu is not one of auto, cpu, cuda; "),
    ],
)
def test_an_invalid_device_or_precision(run, options, sentence):
    for command in (["train_networks", "smoke", "st_vgg"], ["plan", "smoke"]):
        assert refused(run(*command, *options)).startswith(sentence)


def test_a_learning_rate_that_kills_the_networks(run, small, study_folder):
    run("build_dataset", "small")
    small(recipe=with_rate(1e6))
    message = refused(run("train_networks", "small", "st_vgg"))
    assert re.fullmatch(
        r"small/st_vgg, network 0 \(and 3 others\): the loss is not finite after epoch [12]; lower "
        r"ensembles\.st_vgg\.recipe\.learning_rate \(1e\+06\) or change its decay\.",
        message,
    )
    assert not list((study_folder / "results" / "small").rglob("predictions/**/*.nc"))


def test_images_that_are_too_small_end_in_one_sentence(run, small):
    small(dataset=DIGITS | {"size": 12})
    run("build_dataset", "small")
    done = python(*COMMAND, "train_networks", "small", "st_vgg")
    assert done.returncode == 2
    assert "Warning" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "created-equal: images of 12 x 12 pixels do not fit st_vgg; set size: 16 in the study's "
        "dataset."
    )


def test_a_number_of_networks_below_one(run):
    for command in (["score_ensemble", "smoke", "st_vgg"], ["plan", "smoke"]):
        code, _, message = run(*command, "--networks", "0")
        assert code == 2
        assert "Traceback" not in message
        assert "greater than or equal to 1" in message


@pytest.mark.parametrize("name", ["mynotes.csv", "mine/a.nc", "mine/scores.nc"])
def test_a_file_of_the_users_own_is_neither_renamed_nor_called_damaged(run, small, name):
    path = Path("results", name)
    path.parent.mkdir(parents=True)
    if path.suffix == ".csv":
        path.write_text("my,notes\n1,2\n")
    else:
        xr.Dataset({"mine": ("x", [1, 2])}).to_netcdf(path, engine="h5netcdf")
    before = path.read_bytes()
    asked = [("score_ensemble", "small", "st_vgg", path), ("compare", path, path)]
    if name == "mine/a.nc":
        asked.append(("score", "results/mine"))
    for arguments in asked:
        message = refused(run(*map(str, arguments)))
        assert "damaged" not in message and "delete" not in message
        assert path.read_bytes() == before
        assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_full_or_forbidden_disk_is_one_sentence(run, study_folder):
    (study_folder / "results").write_text("a file in the place of the folder")
    message = refused(run("build_dataset", "smoke"))
    assert message.startswith("results/smoke/dataset.nc cannot be written (")


@pytest.mark.parametrize("link, study", [("results", "smoke"), ("data", "pictures")])
def test_a_link_to_a_disk_that_is_not_mounted_is_said(run, study_folder, link, study):
    write_study(small_study(dataset={"source": "image_folder", "path": "pictures"}), "pictures")
    (study_folder / link).symlink_to("/not/mounted")
    assert refused(run("build_dataset", study)).startswith(
        f"{link} is a link to /not/mounted, which does not exist; mount it or fix the link."
    )


def test_in_an_empty_folder(run, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert run("build_dataset", "smoke")[0] == 0
    assert [path.name for path in elsewhere.iterdir()] == ["results"]
    assert read_dataset(elsewhere / "results/smoke/dataset.nc").sizes["example"] == 200


def test_the_version(run):
    code, out, _ = run("--version")
    assert (code, out) == (0, f"created-equal {version('created-equal')}\n")


def test_a_user_without_a_home_gets_one(run, monkeypatch):
    def unknown(user):
        raise KeyError(user)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.delenv("HOME")
    assert run("--version")[0] == 0
    assert Path(os.environ["HOME"]).stat().st_mode & 0o777 == 0o700


UNLIMITED = resource.RLIM_INFINITY


@pytest.mark.parametrize(
    ("limits", "raised"),
    [
        ((1024, UNLIMITED), (cli.FILES, UNLIMITED)),
        ((1024, 4096), (4096, 4096)),
        ((1024, 10**6), (cli.FILES, 10**6)),
        ((10**6, UNLIMITED), None),
        ((UNLIMITED, UNLIMITED), None),
    ],
)
def test_the_limit_of_open_files_is_raised_and_never_lowered(run, monkeypatch, limits, raised):
    found = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: found.append(pair))
    run("--version")
    assert found == ([raised] if raised else [])


def test_a_window_system_that_matplotlib_does_not_know_is_not_needed():
    environment = os.environ | {"MPLBACKEND": "nonsense"}
    done = python(*COMMAND, "compare", "none.nc", "other.nc", env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("created-equal: none.nc does not exist; correct the path.")


def test_every_command_has_help_and_those_of_a_study_take_the_config_of_a_run(run):
    others = ("score", "import_predictions")
    for command in cli.app.registered_commands:
        code, message, _ = run(command.name, "--help")
        assert code == 0
        words = " ".join(message.replace("│", " ").split())
        assert re.search(rf"Usage: .* {command.name} ", words)
        taken = "--config KEY=VALUE ... Settings to use in place of those in config.yaml" in words
        assert taken == (command.name not in others)
    code, _, message = run("score", "mnist", "--config", "networks=3")
    assert code == 2
    assert "No such option" in message


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "epochs=3", "networks=2"],
        ["--config", "epochs=3", "--config", "networks=2"],
        ["--config=epochs=3", "--config", "networks=5", "networks=2"],
    ],
)
def test_the_config_of_a_run_is_that_of_a_command_and_ends_with_it(run, small, words, monkeypatch):
    monkeypatch.setattr("created_equal.planning.plan.SECONDS", 0)
    before = load_config()
    for place in (
        ["plan", "small", *words],
        ["plan", *words, "--only", "st_vgg", "--device", "cpu", "small"],
        ["plan", *words, "small"],
        [*words, "plan", "small"],
    ):
        code, out, _ = run(*place)
        assert code == 0
        assert re.search(r"│ st_vgg +│ st_vgg +│ +2 │ +0 │ +3 │", out)
    assert load_config() == before


@pytest.mark.parametrize(
    "words",
    [
        ["studies=digits,smoke", "networks=3"],
        ["studies=[digits,smoke]", "epochs=null"],
        ["data_root=2024", "download=False", "device=cpu"],
        ["networks=", "scores=reference", "precision=fp32"],
    ],
)
def test_words_of_config_mean_what_they_mean_to_snakemake(study_folder, words):
    with changed_config(words):
        assert load_config() == load_config({**read_yaml(Path("config.yaml")), **parsed(words)})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["epoch=4"], "epoch is not known; did you mean epochs?"),
        (
            ["epochs=four"],
            "epochs must be a whole number of at least 1 and at most 100000 or null, but is the te",
        ),
        (
            ["networks=0"],
            "networks must be a whole number of at least 1 and at most 100000 or null, but is 0",
        ),
        (["studies=[smoke"], "--config is given 'studies=[smoke', whose list is not valid"),
        (["epochs"], "--config takes words like epochs=4, but is given 'epochs'; write KEY=VALUE."),
        (["=4"], "--config takes words like epochs=4, but is given '=4'"),
    ],
)
def test_wrong_words_of_config_are_one_sentence(run, words, sentence):
    assert sentence in refused(run("build_dataset", "smoke", "--config", *words))


def test_words_of_config_for_a_config_that_is_no_mapping(run):
    config, words = Path("config.yaml"), ("plan", "smoke", "--config", "networks=3")
    config.write_text("- a\n")
    assert "config.yaml: the file must be keys with values" in refused(run(*words))
    config.write_text("# All lines are comments.\n")
    assert load_config() == load_config({})
    with changed_config(["networks=3"]):
        assert load_config().networks == 3


def test_every_command_has_an_example_that_is_a_command():
    for command in cli.app.registered_commands:
        example = re.fullmatch(r"Example: created-equal (\w+) \w+.*", command.epilog)
        assert example and example[1] == command.name


def test_the_console_of_a_workflow_gets_warnings_and_not_the_log(study_folder):
    """A rule redirects standard error to the log; the console is file 3."""
    for name in ("train/a/0", "train/b/0", "test/a/0", "test/b/0"):
        save_image(Path(f"data/twins/{name}.png"), 40 + 80 * ("b" in name), (40, 40))
    write_study(small_study(dataset={"source": "image_folder", "path": "twins"}), "twins")
    command = f"exec 3>&1; '{sys.executable}' -m created_equal build_dataset twins 2> log"
    done = subprocess.run(
        ["bash", "-c", command],
        env=os.environ | {"CREATED_EQUAL_CONSOLE": "3"},
        capture_output=True,
        text=True,
        check=True,
    )
    log = Path("log").read_text()
    sentence = (
        "2 images are in both the train and the test set (for example train/a/0.png and "
        "test/a/0.png)"
    )
    assert f"created-equal: {sentence}" in done.stdout.splitlines()
    assert sentence in log and "2 train and 2 test images in 2 classes" in log
    assert "classes" not in done.stdout


def test_a_study_may_be_named_by_its_file(run):
    run("build_dataset", "config/studies/smoke.yaml")
    assert Path("results/smoke/dataset.nc").is_file()
