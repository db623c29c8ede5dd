import numpy as np
import pytest
import xarray as xr

from created_equal.figures.robustness import draw, lowest_words


def made_up(means: list[float], measure: list[float]) -> xr.Dataset:
    measure, falling = (
        np.repeat(np.array(each)[:, None], 2, axis=1)
        for each in (measure, np.linspace(2, 1, len(means)))
    )
    of_networks = ("network", "epoch", "split"), np.broadcast_to(falling, (100, *falling.shape))
    return xr.Dataset(
        {
            "n_right": (("epoch", "example"), 100 * np.array(means)[:, None]),
            "bimodality": (("epoch", "split"), measure),
            "bimodality_over_examples": (
                ("epoch", "split", "bound"),
                np.stack([measure - 0.1, measure + 0.1], axis=-1),
            ),
            "loss": of_networks,
            "accuracy": (of_networks[0], 1 / of_networks[1]),
        },
        coords={
            "epoch": range(len(means)),
            "network": range(100),
            "split": ["train", "test"],
            "example_split": ("example", ["test"]),
        },
        attrs={"classes": 10, "definition": "{}"},
    )


MEANS, MEASURE = [0.01, 0.1, 0.5, 0.9, 0.95], [0.1, 1.4, 0.3, 0.6, 20]


def test_one_sided_scores_do_not_count():
    assert lowest_words(made_up(MEANS, MEASURE)) == "N = 100, lowest 0.30 at epoch 2"


def test_untrained_networks_do_not_count():
    scores = made_up([0.5, 0.5, 0.5], [0.2, 0.8, 0.7])
    assert lowest_words(scores) == "N = 100, lowest 0.70 at epoch 2"


@pytest.mark.parametrize(
    "scores", [made_up([0.99] * 3, [5, 6, 7]), made_up([0.5] * 3, [np.nan] * 3)]
)
def test_without_an_informative_epoch(scores):
    assert lowest_words(scores) == "N = 100, no informative epoch from 1 on"
    assert draw({"a": scores}, "Digits").axes


def test_curve_band_and_null_match_the_scores():
    axes = draw({"a": made_up(MEANS, MEASURE)}, "Digits").axes[0]
    drawn = {line.get_gid(): line.get_ydata() for line in axes.lines}
    np.testing.assert_array_equal(drawn["all"], MEASURE)
    np.testing.assert_array_equal(drawn["counts"], [np.nan, 1.4, 0.3, 0.6, np.nan])
    levels = [line.get_ydata()[0] for line in axes.lines if line.get_gid() is None]
    assert levels == pytest.approx([1.98, 0.8], abs=0.001)
    band, alone = axes.collections
    assert not alone.get_segments()
    (path,) = band.get_paths()
    np.testing.assert_allclose([path.vertices[:, 1].min(), path.vertices[:, 1].max()], [0.2, 1.5])
    np.testing.assert_array_equal([path.vertices[:, 0].min(), path.vertices[:, 0].max()], [1, 3])
    assert axes.get_ylim() == (0, 3)


def test_a_single_informative_epoch_has_its_interval():
    means = np.where(np.arange(len(MEANS)) == 2, 0.5, 0.95)
    axes = draw({"a": made_up(means, MEASURE)}, "Digits").axes[0]
    ((start, end),) = axes.collections[1].get_segments()
    assert start[0] == end[0] == 2
    assert start[1] < MEASURE[2] < end[1]


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (3, 1), (4, 2), (20, 7)])
def test_every_ensemble_has_a_panel_with_its_name(count, rows):
    panels = {f"ensemble_{i}": made_up(MEANS, MEASURE) for i in range(count)}
    figure = draw(panels, "Digits")
    shown = [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes if axes.axison]
    assert shown == list(panels)
    assert figure.axes[0].get_gridspec().nrows == rows


def test_every_ensemble_is_named_with_its_networks(scores, other, words):
    said = words(draw({"st_vgg": scores, "variation": other}, "Digits", "one of each"))
    assert any(text.startswith("Digits\n") and "for one of each" in text for text in said)
    assert any(text.startswith("st_vgg\nN = 8, lowest ") for text in said)
    assert any(text.startswith("variation\nN = 6, lowest ") for text in said)
