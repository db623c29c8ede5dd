from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from created_equal.paths import batches
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


def test_batches_by_hand():
    assert batches(12, 5) == [(0, 4), (5, 9), (10, 11)]
    assert batches(1, 5) == [(0, 0)]


@given(st.integers(1, 500), st.integers(1, 50))
def test_batches_hold_every_network_once_and_only_the_last_is_short(networks, per_job):
    jobs = batches(networks, per_job)
    assert [i for first, last in jobs for i in range(first, last + 1)] == list(range(networks))
    assert all(last - first + 1 == per_job for first, last in jobs[:-1])
    assert jobs[:-1] == batches(networks + per_job, per_job)[: len(jobs) - 1]
