from dataclasses import replace

from created_equal.planning.sizes import (
    Extent,
    disk_of,
    expected_extent,
    extent_of,
    memory_of,
    memory_of_baseline,
    predictions_of,
)
from created_equal.study import Baseline, Resources, load_study
from created_equal.training import count_operations

MAMMALS = {"source": "cifar100", "superclass": "small_mammals"}
FOLDER = {"source": "image_folder", "path": "mine"}


def test_extents_that_are_known_before_anything_is_built():
    assert expected_extent(MAMMALS) == Extent((2500, 500), (32, 32, 3), 5)
    digits = {"source": "digits", "size": 16, "train_examples": 100}
    assert expected_extent(digits) == Extent((100, 599), (16, 16, 1), 10)


def test_the_extent_of_a_folder_is_known_if_all_sizes_are_given():
    sizes = {"size": 64, "train_examples": 100_000, "test_examples": 10_000}
    assert expected_extent(FOLDER | sizes) == Extent((100_000, 10_000), (64, 64, 3), 0)
    for absent in sizes:
        assert expected_extent(FOLDER | {**sizes, absent: None}) is None


def test_bytes_and_predictions_of_an_ensemble(tiny):
    ensemble = tiny(epochs=2)
    extent = Extent((40, 40), (16, 16, 1), 10)
    assert predictions_of(ensemble, extent) == 4 * 3 * 80
    # Each label takes a byte (two with many classes); scores take four per example and epoch.
    assert disk_of(ensemble, extent) == 3 * 80 * (4 + 4)
    assert disk_of(ensemble, extent, n_networks=1) == 3 * 80 * (1 + 4)
    many = Extent((40, 40), (16, 16, 1), 257)
    assert disk_of(ensemble, many) == 3 * 80 * (2 * (4 + 1) + 3)
    assert disk_of(ensemble, Extent((40, 40), (16, 16, 1), 0)) == disk_of(ensemble, many)


def test_derived_datasets_have_their_own_extent(study_folder):
    ensembles = load_study("smoke").ensembles
    whole = Extent((100, 100), (16, 16, 1), 10)
    assert extent_of(ensembles["st_vgg"], whole) == whole
    assert extent_of(ensembles["random_labels"], whole) == whole
    assert extent_of(ensembles["easiest_moved"], whole).examples == (90, 110)
    assert extent_of(ensembles["hardest_fifth_round_01"], whole).examples == (60, 100)
    assert extent_of(ensembles["hardest_fifth"], whole).examples == (20, 100)


def test_memory_is_set_in_the_study_or_computed_from_images_and_predictions(tiny):
    ensemble = tiny()
    assert memory_of(ensemble, 1) == 4000
    cifar = replace(ensemble, dataset={"source": "cifar10"})
    images = 3 * 60_000 * 32 * 32 * 3
    # A byte for each label, at each epoch and before the first, and five copies.
    predictions = 5 * 60_000 * (ensemble.recipe.epochs + 1)
    assert memory_of(cifar, 1) == 4000 + (images + predictions) // 10**6
    assert memory_of(cifar, 100) == 4000 + (images + 100 * predictions) // 10**6
    assert memory_of(replace(ensemble, dataset=FOLDER), 100) == 4000
    large = {"size": 224, "train_examples": 1_281_167, "test_examples": 50_000}
    assert memory_of(replace(ensemble, dataset=FOLDER | large), 1) > 500_000
    files = replace(ensemble, dataset=FOLDER | {"images": "files"})
    assert memory_of(files, 1) == 5000
    assert memory_of(replace(files, resources=Resources(cpus=12)), 1) == 16_000
    assert memory_of(replace(files, resources=Resources(mem_mb=48_000)), 1) == 48_000
    assert memory_of(replace(files, dataset=files.dataset | large), 1) > 5000
    assert memory_of(replace(cifar, resources=Resources(mem_mb=9000)), 1) == 9000


def test_the_memory_of_a_baseline_is_that_of_its_pixels():
    digits, cifar = (
        Baseline("one", "svm", 1, None, {"source": of}) for of in ("digits", "cifar10")
    )
    assert memory_of_baseline(digits) == 4000 + 25 * 1797 * 64 // 10**6
    assert memory_of_baseline(cifar) == 4000 + 25 * 60_000 * 32 * 32 * 3 // 10**6
    assert memory_of_baseline(replace(digits, dataset=FOLDER)) == 4000


def test_networks_that_are_seen_after_steps_are_predicted_as_often(tiny):
    extent = Extent((40, 20), (16, 16, 1), 10)
    steps = replace(tiny(), steps=(1, 2, 4))
    assert predictions_of(steps, extent) == 4 * 60 * 4
    cost = count_operations(steps, (40, 20), (16, 16, 1), 10)
    once = count_operations(replace(tiny(), steps=(4,)), (40, 20), (16, 16, 1), 10)
    twice = count_operations(replace(tiny(), steps=(1, 4)), (40, 20), (16, 16, 1), 10)
    # Four mini-batches of 20 either way, and one prediction of all more with each step.
    assert cost - twice == twice - once > 0
