"""A study of JPEGs that stay in their files, through the workflow."""

import csv

import pytest
from commands import copy_of_repository, failure, jobs, snakemake, succeeds
from image_folders import copy_images

from created_equal.artefacts import read_dataset, read_predictions

STUDY = """
title: A few real photographs
dataset: {source: image_folder, path: jpegs, size: 16, images: files}
networks: 2
recipe: {epochs: 4, batch_size: 5, learning_rate: 0.01, augmentation: crop_and_flip}
ensembles:
  cnn: {architecture: mnist_cnn, width: 0.25}
  hardest_moved:
    architecture: mnist_cnn
    width: 0.25
    dataset: {move_to_test: hardest, fraction: 0.2, ranked_by: cnn}
figures:
  figure_01: {ensemble: cnn}
  figure_11: {ensemble: cnn}
"""
ARGUMENTS = ("--config", "studies=photographs", "data_root=images")


@pytest.fixture(scope="module")
def built(tmp_path_factory, data_root):
    folder = copy_of_repository(tmp_path_factory.mktemp("files"), photographs=STUDY)
    copy_images(data_root / "tiny-imagenet-200", folder / "images" / "jpegs")
    succeeds(folder, "all", "results/photographs/hardest_moved/scores.nc", *ARGUMENTS)
    return folder


def test_figures_and_claims_are_made(built):
    rendered = {path.name for path in (built / "paper_figures/photographs").iterdir()}
    assert {"figure_01.pdf", "figure_11.pdf"} <= rendered
    with (built / "results/photographs/claims.csv").open(newline="") as file:
        assert {row["class_means"] for row in csv.DictReader(file)} == {""}


def test_no_pixels_are_kept_and_a_derived_dataset_shows_the_same_files(built):
    study = read_dataset(built / "results/photographs/dataset.nc")
    derived = read_dataset(built / "results/photographs/hardest_moved/dataset.nc")
    assert "image" not in study
    assert derived["file"].values.tolist() == study["file"].values.tolist()
    assert (derived["example_split"].values == "train").sum() == 24
    trained = read_predictions(built / "results/photographs/hardest_moved/predictions/0000-0001.nc")
    assert trained.sizes["example"] == 45


def test_the_folder_may_move_and_nothing_is_trained_again(built):
    (built / "images").rename(built / "elsewhere")
    moved = ("--config", "studies=photographs", "data_root=elsewhere")
    assert jobs(succeeds(built, *moved, "--dry-run")) == {}
    predictions = "results/photographs/cnn/predictions/0000-0001.nc"
    (built / predictions).unlink()
    said = failure(snakemake(built, predictions, *ARGUMENTS))
    assert "does not exist; put the images or a link to them there" in said
    succeeds(built, predictions, *moved)
