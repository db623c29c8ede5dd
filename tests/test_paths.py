from pathlib import Path

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
