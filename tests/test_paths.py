from pathlib import Path

import pytest

from created_equal.paths import dead_link, unusable
from created_equal.study import (
    baseline_path,
    dataset_path,
    enter_repository,
    figure_path,
    joined,
    predictions_path,
    scores_path,
)


def test_only_the_folder_of_notebooks_is_left_for_the_one_above(tmp_path, monkeypatch):
    (tmp_path / "config.yaml").touch()
    for name, entered in (("notebooks", tmp_path), ("runs", tmp_path / "runs")):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        enter_repository()
        assert Path.cwd() == entered


def test_paths():
    assert dataset_path("digits") == Path("results/digits/dataset.nc")
    assert scores_path("digits", "a") == Path("results/digits/a/scores.nc")
    assert predictions_path("digits", "a", 5, 9) == Path(
        "results/digits/a/predictions/0005-0009.nc"
    )
    assert predictions_path("{study}", "{ensemble}", "{first}", "{last}") == Path(
        "results/{study}/{ensemble}/predictions/{first}-{last}.nc"
    )
    assert baseline_path("digits", "svm") == Path("results/digits/baselines/svm.nc")
    assert figure_path("digits", "figure_01", "pdf") == Path("paper_figures/digits/figure_01.pdf")
    assert figure_path(joined(["digits", "mnist"]), "cross_dataset", "svg") == Path(
        "paper_figures/digits+mnist/cross_dataset.svg"
    )


@pytest.mark.parametrize("below", ["", "smoke", "smoke/st_vgg/scores.nc"])
def test_a_dead_link_is_named(tmp_path, monkeypatch, below):
    monkeypatch.chdir(tmp_path)
    disk, link = tmp_path / "disk", Path("results")
    link.symlink_to(disk)
    assert dead_link(link / below) == (
        f"results is a link to {disk}, which does not exist; mount it or fix the link."
    )
    disk.mkdir()
    assert dead_link(link / below) is None


def test_other_missing_paths_are_no_dead_links(tmp_path):
    assert dead_link(tmp_path) is dead_link(tmp_path / "not/there") is None


def test_a_link_to_itself(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert "loop is a link to loop, which does not exist" in dead_link(tmp_path / "loop/below")


def test_folders_that_cannot_be_used(tmp_path):
    assert unusable(tmp_path / "not/there") is None
    (tmp_path / "file").touch()
    assert unusable(tmp_path / "file/below") == (
        f"{tmp_path}/file is a file, where a folder is needed; move it elsewhere."
    )
    (tmp_path / "link").symlink_to("nowhere")
    assert "which does not exist" in unusable(tmp_path / "link/below")
