import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from commands import printed_by
from data import overwrite, small_study, write_study
from image_folders import save_images
from torchvision.datasets import CIFAR10, CIFAR100, MNIST

from created_equal.artefacts import write_dataset
from created_equal.artefacts.files import write_artefact
from created_equal.datasets import build_dataset
from created_equal.errors import InputError
from created_equal.planning import preflight
from created_equal.planning.preflight import PLACES, Job, check_definitions, check_run
from created_equal.study import (
    Config,
    baseline_path,
    dataset_path,
    load_study,
    predictions_path,
    scores_path,
)
from created_equal.versions import ENGINE_VERSION

TRAIN = Job("train_networks", "smoke", "st_vgg", seeds=range(4))
BUILD = Job("build_dataset", "smoke")


def write_finished(path, definition, numbers):
    """Write a predictions file with only a definition and seeds."""
    networks = xr.Dataset(coords={"network": np.array(numbers, dtype=np.int64)})
    write_artefact(networks, path, "predictions", definition)


@pytest.fixture
def studies(study_folder):
    """Studies of every kind of source, by name."""
    sources = {
        "mine": {"source": "image_folder", "path": "mine"},
        "large": {"source": "image_folder", "path": "large", "images": "files", "size": 64},
        "cifar": {"source": "cifar10"},
        "handwritten": {"source": "mnist"},
    }
    kinds = {"ensembles": {"a": {"architecture": "st_vgg"}}, "recipe": {"batch_size": 2}}
    for name, dataset in sources.items():
        write_study(small_study(dataset=dataset, **kinds), name)
    return {name: load_study(name) for name in ("smoke", *sources)}


def test_it_counts_networks_to_train_and_trained_networks(studies):
    half = [
        replace(TRAIN, seeds=range(2)),
        replace(TRAIN, ensemble="small_st_vgg", seeds=range(1)),
    ]
    lines = check_run(Config(), studies, [BUILD, *half], [replace(TRAIN, seeds=range(3))])
    assert lines[0] == "smoke: 3 networks to train in 2 jobs, 3 already there"
    lines = check_run(Config(), studies, [BUILD, half[1]], [])
    assert lines[0] == "smoke: 1 network to train in 1 job, 0 already there"
    assert lines[1] == "no GPU is found: networks are trained on the CPU"
    assert lines[2].startswith("disk: at most 0.0 MB of predictions and scores, ")
    for config, gpus in ((Config(), 1), (Config(device="cpu"), 0)):
        lines = check_run(config, studies, [replace(job, gpus=gpus) for job in half], [])
        assert not any("no GPU" in line for line in lines)


def test_networks_that_exist_are_not_counted_as_networks_to_train(studies):
    ensemble = studies["smoke"].ensembles["st_vgg"]
    definition = ensemble.definition | {"engine_version": ENGINE_VERSION, "data": ""}
    folder = predictions_path("smoke", "st_vgg", 0, 0).parent
    # Two were trained by another job, and one by a job that was stopped.
    write_finished(folder / "0000-0001.nc", definition, range(2))
    write_finished(folder / "unfinished/0004.nc", definition, [4])
    wanted = [replace(TRAIN, seeds=range(5)), replace(TRAIN, seeds=range(5, 7))]
    lines = check_run(Config(), studies, wanted, [])
    assert lines[0] == "smoke: 4 networks to train in 2 jobs, 3 already there"
    assert not any("trained again" in line for line in lines)
    lines = check_run(Config(), studies, [BUILD, *wanted], [])
    assert lines[1] == (
        "smoke: the trained networks of st_vgg are kept only if rebuilding their dataset gives the "
        "same data; otherwise they are trained again"
    )


def test_results_of_another_definition_are_named_before_the_run(studies):
    """Snakemake does not know how files were made that another machine or the commands made."""
    ensemble = studies["smoke"].ensembles["easiest_moved"]
    train = replace(TRAIN, ensemble=ensemble.name)
    jobs = {
        BUILD: (dataset_path("smoke"), studies["smoke"].dataset),
        replace(train, name="derive_dataset", seeds=()): (ensemble.dataset_path, ensemble.dataset),
        train: (predictions_path("smoke", ensemble.name, 0, 3), ensemble.definition),
        replace(train, name="score_ensemble", seeds=()): (
            scores_path("smoke", ensemble.name),
            ensemble.definition,
        ),
        Job("fit_baseline", "smoke", baseline="svm"): (
            baseline_path("smoke", "svm"),
            studies["smoke"].baselines["svm"].definition,
        ),
    }
    for path, definition in jobs.values():
        write_finished(path, definition | {"engine_version": 0, "data": "any"}, range(4))
    check_definitions(studies, [*jobs])
    for path, definition in jobs.values():
        write_finished(path, definition | {"size": 17}, range(4))
    with pytest.raises(InputError) as raised:
        check_definitions(studies, [*jobs])
    heading, *sentences = map(str.strip, str(raised.value).splitlines())
    assert heading == "nothing was started:"
    dataset, derived, predictions, _, baseline = (path for path, _ in jobs.values())
    begin = "was made for a definition that its study no longer has; undo the change"
    move = "move the file elsewhere and run again."
    assert sentences == [
        f"{dataset} {begin}, or run created-equal build_dataset smoke.",
        f"{derived} {begin} (another number of networks changes rankings), or {move}",
        f"{derived.parent} has 1 more file like it.",
        f"{predictions} {begin} (another number of networks changes rankings), or {move}",
        f"{baseline} {begin}, or {move}",
    ]
    # A damaged file is left to the job that reads it.
    for path, _ in jobs.values():
        path.chmod(0o644)
        path.write_bytes(b"damaged")
    check_definitions(studies, [*jobs])


def test_a_trial_after_the_full_run_is_not_taken_for_another_ranking(study_folder):
    """The full networks are next to those of the trial, whose file is the latest."""
    wanted = [replace(TRAIN, ensemble="easiest_moved")]
    of = {networks: load_study("smoke", networks) for networks in (4, 2)}
    for networks, study in of.items():
        ensemble = study.ensembles["easiest_moved"]
        path = predictions_path("smoke", "easiest_moved", 0, networks - 1)
        if networks == 4:
            path = path.parent / "kept" / path.name
        definition = ensemble.definition | {"engine_version": ENGINE_VERSION, "data": "its"}
        write_finished(path, definition, range(networks))
    lines = check_run(Config(), {"smoke": of[4]}, wanted, [])
    assert not any("trained again" in line for line in lines)


def test_studies_that_share_networks_are_named(study_folder):
    write_study({"base": "smoke", "title": "Other"}, "other")
    studies = {name: load_study(name) for name in ("smoke", "other")}
    wanted = [replace(TRAIN, study=name) for name in studies]
    (line,) = [each for each in check_run(Config(), studies, wanted, []) if "in common" in each]
    assert line.startswith("smoke and other have networks in common, which may be trained twice")
    assert not any("in common" in each for each in check_run(Config(), studies, wanted[:1], []))


def test_networks_whose_data_change_with_a_ranking_are_named(studies, study_folder):
    names = ("st_vgg", "easiest_moved", "hardest_fifth_round_01", "hardest_fifth", "random_fifth")
    wanted = [replace(TRAIN, ensemble=name) for name in names]

    def message(networks=None):
        now = {"smoke": load_study("smoke", networks)}
        lines = check_run(Config(), now, wanted, [])
        return [line for line in lines if "trained again" in line]

    assert message(6) == []
    for name in names:
        ensemble = studies["smoke"].ensembles[name]
        path = predictions_path("smoke", name, 0, 3)
        write_finished(path, ensemble.definition | {"engine_version": 0}, range(4))
    assert message() == []
    (line,) = message(6)
    assert line.startswith(
        "smoke: networks of easiest_moved, hardest_fifth will be trained again, because their data "
        "depend on a ranking that has changed"
    )
    # Damaged files are ignored, and only the latest file counts.
    for name in names[1:]:
        predictions_path("smoke", name, 0, 4).write_bytes(b"damaged")
    assert message(6) == []


def test_a_run_that_only_draws_figures_prints_nothing(studies):
    assert check_run(Config(), studies, [Job("render_figure_01", "smoke")], []) == []


def test_a_run_without_training_is_summarized(studies):
    finished = [TRAIN, replace(TRAIN, ensemble="small_st_vgg"), BUILD]
    lines = check_run(Config(), studies, [Job("render_figure_01", "smoke")], finished)
    assert lines == ["smoke: no networks to train, 8 already there"]


def test_training_needs_the_image_files(studies, study_folder):
    config = Config(data_root=study_folder / "data")
    check_run(config, studies, [replace(TRAIN, study="mine", ensemble="a")], [])
    with pytest.raises(InputError, match=r"large: .*/large does not exist; put the images"):
        check_run(config, studies, [replace(TRAIN, study="large", ensemble="a")], [])


def test_the_command_that_links_images_is_right(studies, study_folder):
    config = Config(data_root=study_folder / "my data")
    with pytest.raises(InputError) as error:
        check_run(config, studies, [Job("build_dataset", "mine")], [])
    (command,) = re.findall(r"/mine does .* there \((.*?)\), set data_root", str(error.value))
    images = study_folder / "my images"
    images.mkdir()
    command = command.replace("/YOUR/FOLDER", f"'{images}'")
    subprocess.run(command, shell=True, check=True)
    assert (study_folder / "my data/mine").samefile(images)
    with pytest.raises(
        InputError, match=r"mine: .*/mine has no folder train \(it has no folders\); put"
    ):
        check_run(config, studies, [Job("build_dataset", "mine")], [])


def test_a_path_that_repeats_the_data_root_is_explained(studies, study_folder):
    dataset = {"source": "image_folder", "path": "data/mine"}
    study = replace(studies["mine"], dataset=dataset)
    with pytest.raises(InputError, match="relative to data_root, so write path: mine"):
        check_run(Config(), {"mine": study}, [Job("build_dataset", "mine")], [])


def test_all_missing_data_are_reported_at_once(studies, study_folder):
    wanted = [Job("build_dataset", name) for name in studies if name != "large"]
    config = Config(data_root=study_folder / "data", download=False)
    with pytest.raises(InputError) as error:
        check_run(config, studies, wanted, [])
    first, *sentences = str(error.value).splitlines()
    assert first == "nothing was started:"
    assert len(sentences) == 3
    assert f"mine: {study_folder}/data/mine does not exist; put the images" in sentences[0]
    assert "cifar: " in sentences[1]
    assert "set download: true" in sentences[1]
    # With download, only the user's own images and the folder must exist.
    with pytest.raises(InputError, match=r"data_root .*/data does not exist; make the folder, or"):
        check_run(replace(config, download=True), studies, wanted, [])
    (study_folder / "data/mine/train").mkdir(parents=True)
    with pytest.raises(InputError, match=r"nor a folder val \(it has train\); put"):
        check_run(replace(config, download=True), studies, wanted, [])
    (study_folder / "data/mine/val").mkdir()
    lines = check_run(replace(config, download=True), studies, wanted, [])
    assert f"to be downloaded to {study_folder}/data: cifar10, mnist" in lines


@pytest.mark.parametrize(
    "link, job",
    [
        ("results", Job("render_figure_01", "smoke")),
        ("paper_figures", Job("render_figure_01", "smoke")),
        ("data", Job("build_dataset", "cifar")),
        ("data/mine", Job("build_dataset", "mine")),
        ("data/large/train", replace(TRAIN, study="large", ensemble="a")),
    ],
)
def test_a_link_to_a_disk_that_is_not_mounted_is_said(studies, study_folder, link, job):
    path = study_folder / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to("/not/mounted")
    with pytest.raises(InputError) as error:
        check_run(Config(data_root=Path("data")), studies, [job], [])
    _, message = str(error.value).splitlines()
    assert message.endswith(
        f"{link} is a link to /not/mounted, which does not exist; mount it or fix the link."
    )


@pytest.mark.parametrize("name", ["cifar", "handwritten"])
def test_an_archive_or_an_unpacked_folder_is_enough(studies, study_folder, name):
    config = Config(data_root=study_folder / "data", download=False)
    for place in PLACES[studies[name].dataset["source"]]:
        (study_folder / "data" / place).mkdir(parents=True)
        check_run(config, studies, [Job("build_dataset", name)], [])
        (study_folder / "data" / place).rmdir()


def test_a_dataset_that_is_built_needs_no_source(studies, study_folder):
    config = Config(data_root=study_folder / "nowhere", download=False)
    wanted = [Job("train_networks", "mine", "a", seeds=range(5))]
    lines = check_run(config, studies, wanted, [])
    assert "disk: unknown for mine until their datasets are built" in lines


def test_a_folder_of_images_is_of_known_size_once_it_is_built(studies, study_folder):
    save_images(study_folder / "data" / "mine", size=(40, 40))
    definition = studies["mine"].dataset
    path = dataset_path("mine")
    write_dataset(build_dataset(definition, study_folder / "data", False), path, definition)
    config = Config(data_root=study_folder / "data")
    wanted = [Job("train_networks", "mine", "a", seeds=range(1))]

    def message():
        lines = check_run(config, studies, wanted, [])
        return [line for line in lines if line.startswith("disk: ")]

    (line,) = message()
    assert line.startswith("disk: at most 0.0 MB of predictions and scores, ")
    # Datasets that are damaged or will be rebuilt have no known size.
    unknown = "disk: unknown for mine until their datasets are built"
    wanted.append(Job("build_dataset", "mine"))
    assert message() == [unknown]
    wanted.pop()
    overwrite(path, b"damaged")
    assert message() == [unknown]


def test_a_train_set_without_a_mini_batch_is_said_as_soon_as_its_size_is_known(study_folder):
    recipe = {"epochs": 2, "batch_size": 3}
    dataset = {"source": "image_folder", "path": "mine"}
    write_study(small_study(dataset=dataset, recipe=recipe), "mine")
    studies = {"mine": load_study("mine")}
    save_images(study_folder / "data" / "mine", size=(40, 40))
    wanted = [replace(TRAIN, study="mine")]
    assert check_run(Config(), studies, wanted, [])
    definition = studies["mine"].dataset
    built = build_dataset(definition, study_folder / "data", False)
    write_dataset(built, dataset_path("mine"), definition)
    with pytest.raises(InputError) as error:
        check_run(Config(), studies, wanted, [])
    assert str(error.value).splitlines()[1:] == [
        "  mine/st_vgg: the train set has 2 examples, fewer than one mini-batch; set "
        "ensembles.st_vgg.recipe.batch_size to 2 or less."
    ]


def test_places_match_torchvision():
    assert PLACES["cifar10"] == (CIFAR10.base_folder, CIFAR10.filename)
    assert PLACES["cifar100"] == (CIFAR100.base_folder, CIFAR100.filename)
    assert PLACES["mnist"] == (f"{MNIST.__name__}/raw",)


def test_a_disk_without_room_is_an_error(studies, monkeypatch):
    needed = 200 * 7 * (4 + 4)  # examples x epochs x (a byte per network + four for scores)
    monkeypatch.setattr(preflight, "_free", lambda folder: needed)
    assert check_run(Config(), studies, [TRAIN], [])
    # Jobs of one ensemble share its scores.
    halves = [replace(TRAIN, seeds=range(2))] * 2
    assert check_run(Config(), studies, halves, [])
    monkeypatch.setattr(preflight, "_free", lambda folder: needed - 1)
    with pytest.raises(InputError, match=r"may take 0\.0 MB, and .*/results has 0\.0 MB left"):
        check_run(Config(), studies, halves, [])


def test_it_loads_no_torch_and_no_arrays():
    code = (
        "import sys, created_equal.planning.preflight\n"
        "print(*sorted({'torch', 'torchvision', 'xarray', 'numpy'} & set(sys.modules)))"
    )
    assert printed_by(code).strip() == ""
