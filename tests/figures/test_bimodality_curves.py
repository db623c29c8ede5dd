import numpy as np
import pytest
import xarray as xr

from created_equal.figures.bimodality_curves import lowest_words, small_multiples


def made_up(means: list[float], measure: list[float]) -> xr.Dataset:
    bands = np.array([[each - 0.1, each + 0.1] for each in measure])
    return xr.Dataset(
        {
            "n_right": (("epoch", "example"), 100 * np.array(means)[:, None]),
            "bimodality": (("epoch", "split"), np.array(measure)[:, None]),
            "bimodality_over_examples": (("epoch", "split", "bound"), bands[:, None]),
        },
        coords={
            "epoch": range(len(means)),
            "network": range(100),
            "split": ["test"],
            "example_split": ("example", ["test"]),
        },
    )


MEANS, MEASURE = [0.01, 0.1, 0.5, 0.9, 0.95], [0.1, 1.4, 0.3, 0.6, 20]


def test_one_sided_scores_do_not_count() -> None:
    scores = made_up(MEANS, MEASURE)
    assert lowest_words(scores) == "N = 100, lowest 0.30 at epoch 2"


def test_untrained_networks_do_not_count() -> None:
    scores = made_up([0.5, 0.5, 0.5], [0.2, 0.8, 0.7])
    assert lowest_words(scores) == "N = 100, lowest 0.70 at epoch 2"


@pytest.mark.parametrize(
    "scores", [made_up([0.99] * 3, [5, 6, 7]), made_up([0.5] * 3, [np.nan] * 3)]
)
def test_without_an_informative_epoch(scores: xr.Dataset) -> None:
    assert lowest_words(scores) == "N = 100, no informative epoch"
    assert small_multiples({"a": scores}).axes


def test_curve_band_and_null_match_the_scores() -> None:
    axes = small_multiples({"a": made_up(MEANS, MEASURE)}).axes[0]
    drawn = {line.get_gid(): line.get_ydata() for line in axes.lines}
    np.testing.assert_array_equal(drawn["all"], MEASURE)
    np.testing.assert_array_equal(drawn["counts"], [np.nan, 1.4, 0.3, 0.6, np.nan])
    levels = [line.get_ydata()[0] for line in axes.lines if line.get_gid() is None]
    assert levels == [1.98, 0.8]
    (band,) = axes.collections
    (path,) = band.get_paths()
    np.testing.assert_allclose([path.vertices[:, 1].min(), path.vertices[:, 1].max()], [0.2, 1.5])
    np.testing.assert_array_equal([path.vertices[:, 0].min(), path.vertices[:, 0].max()], [1, 3])
    assert axes.get_ylim() == (0, 3)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (3, 1), (4, 2), (20, 7)])
def test_every_ensemble_has_a_panel_with_its_name(count: int, rows: int) -> None:
    panels = {f"ensemble_{i}": made_up(MEANS, MEASURE) for i in range(count)}
    figure = small_multiples(panels)
    shown = [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes if axes.axison]
    assert shown == list(panels)
    assert figure.axes[0].get_gridspec().nrows == rows
