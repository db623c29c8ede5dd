import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from data import NARROW, overwrite, small_study, write_study

from created_equal.artefacts import read_dataset, read_predictions, write_dataset
from created_equal.datasets import build_dataset
from created_equal.errors import InputError
from created_equal.planning.existing import built_extent, finished_networks, is_ranked_otherwise
from created_equal.planning.sizes import Extent
from created_equal.study import REFERENCE, load_study, predictions_folder, predictions_path
from created_equal.training import train_networks


@pytest.fixture
def dataset(digits, study_folder, tiny):
    """The dataset file of an ensemble, at its place in the workflow."""
    ensemble = tiny()
    path = ensemble.dataset_path
    write_dataset(digits, path, ensemble.dataset)
    return path


def train(ensemble, dataset, first, last):
    output = predictions_path(ensemble.study, ensemble.name, first, last)
    train_networks(ensemble, dataset, range(first, last + 1), output, "cpu", "fp32")
    return output


def test_networks_are_found_in_all_folders(tiny, dataset):
    ensemble = tiny(epochs=1)
    assert finished_networks(ensemble) == [set()]
    outputs = [train(ensemble, dataset, *numbers) for numbers in ((0, 1), (2, 2), (5, 5))]
    assert finished_networks(ensemble) == [{0, 1, 2, 5}]
    # Snakemake deletes a job's outputs before running it again, but not the hard link.
    outputs[0].unlink()
    unfinished = outputs[1].parent / "unfinished"
    unfinished.mkdir(exist_ok=True)
    outputs[1].rename(unfinished / "0002.nc")
    (outputs[1].parent / "kept" / outputs[1].name).unlink()
    assert finished_networks(ensemble) == [{0, 1, 2, 5}]


def test_networks_of_a_study_that_was_renamed_are_found_again(tiny, dataset):
    ensemble = tiny(epochs=1)
    before = train(ensemble, dataset, 0, 1)
    renamed = replace(ensemble, study="another", name="name")
    assert finished_networks(renamed) == [{0, 1}]
    # Not a link: Snakemake changes the times of a job's output.
    copied = train(renamed, dataset, 0, 1)
    assert read_predictions(copied).equals(read_predictions(before)) and not copied.samefile(before)


def test_networks_are_found_although_another_ensemble_has_their_former_name(tiny, dataset):
    ensemble = tiny(epochs=1)
    before = train(ensemble, dataset, 0, 1)
    renamed, other = replace(ensemble, name="renamed"), tiny(epochs=2)
    assert (other.study, other.name) == (ensemble.study, ensemble.name)
    assert finished_networks(renamed, other) == [{0, 1}, set()]
    # Snakemake deletes the output before it runs the job of the other definition.
    before.unlink()
    train(other, dataset, 0, 1)
    assert finished_networks(renamed, other) == [{0, 1}, {0, 1}]
    kept = read_predictions(before.parent / "kept" / before.name)
    assert read_predictions(train(renamed, dataset, 0, 1)).equals(kept)


def test_networks_of_another_definition_engine_or_data_do_not_count(tiny, dataset, monkeypatch):
    ensemble = tiny(epochs=1)
    train(ensemble, dataset, 0, 1)
    assert finished_networks(tiny(width=0.25, epochs=1)) == [set()]
    with monkeypatch.context() as patch:
        patch.setattr("created_equal.planning.existing.ENGINE_VERSION", 99)
        assert finished_networks(ensemble) == [set()]
    # Without a dataset, the networks may still match the one to be built.
    data = dataset.read_bytes()
    dataset.unlink()
    assert finished_networks(ensemble) == [{0, 1}]
    overwrite(dataset, data)
    others = read_dataset(dataset)
    others["label"] = (others["label"] + 1) % 10
    write_dataset(others, dataset, ensemble.dataset)
    assert finished_networks(ensemble) == [set()]


def test_damaged_files_hold_no_networks(tiny, dataset):
    ensemble = tiny(epochs=1)
    train(ensemble, dataset, 0, 0)
    folder = predictions_path(ensemble.study, ensemble.name, 0, 0).parent
    overwrite(folder / "0002-0002.nc", b"damaged")
    # On some such files, HDF5 itself would loop forever.
    output = train(ensemble, dataset, 1, 1)
    whole = output.read_bytes()
    overwrite(output, whole[:566] + bytes(512) + whole[1078:])
    assert finished_networks(ensemble) == [{0}]
    overwrite(dataset, b"damaged")
    assert finished_networks(ensemble) == [{0}]


def test_a_file_that_a_running_job_replaces_does_not_end_the_plan(tiny, dataset):
    ensemble = tiny(epochs=1)
    output = train(ensemble, dataset, 0, 0)
    # As a file looks that is deleted after the folder was listed.
    (output.parent / "0001-0001.nc").symlink_to("deleted")
    assert not is_ranked_otherwise(ensemble)
    assert finished_networks(ensemble) == [{0}]


def test_data_that_are_built(tiny, dataset):
    definition = tiny().dataset
    assert built_extent(dataset, definition) == Extent((40, 40), (16, 16, 1), 10)
    assert built_extent(dataset, {**definition, "size": 8}) is None
    other = {**definition, "train_examples": 50}
    write_dataset(build_dataset(other, Path("unused"), False), dataset, other)
    assert built_extent(dataset, other) == Extent((50, 40), (16, 16, 1), 10)
    assert built_extent(dataset, definition) is None
    overwrite(dataset, b"damaged")
    with pytest.raises(InputError, match="is damaged"):
        built_extent(dataset, definition)


def test_networks_of_another_study_and_kept_ones_are_found(tiny, dataset, study_folder):
    """The same definition is the same network, wherever it was trained."""
    study = small_study(
        recipe={"epochs": 1, "batch_size": 20, "learning_rate": 0.1},
        ensembles={"narrow": NARROW, "wide": NARROW | {"width": 0.25}},
    )
    for name in ("one", "two"):
        write_study(study, name)
    ensembles = load_study("one").ensembles
    narrow, other = ensembles["narrow"], load_study("two").ensembles["narrow"]
    train(other, dataset, 0, 1)
    assert finished_networks(narrow, ensembles["wide"]) == [{0, 1}, set()]
    kept = predictions_folder("two", "narrow", REFERENCE) / "0000-0001.nc"
    kept.parent.mkdir(parents=True)
    predictions_path("two", "narrow", 0, 1).rename(kept)
    shutil.rmtree("results/two")
    assert finished_networks(narrow, other) == [{0, 1}, {0, 1}]
    # The study that trained them need not be valid.
    write_study("title: 3", "two")
    assert finished_networks(narrow) == [{0, 1}]
