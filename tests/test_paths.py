from pathlib import Path

from created_equal.study import (
    baseline_path,
    dataset_path,
    figure_path,
    joined,
    predictions_path,
    scores_path,
)


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
