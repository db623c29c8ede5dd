import numpy as np

from created_equal.figures.moved_examples import GROUPS, draw


def test_curves_are_means_with_the_networks_around_them(moved, scores):
    axes = draw(moved, scores, "Digits", "st_vgg").axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    for group, band in zip(GROUPS, axes.collections, strict=True):
        accuracy = moved[group]["accuracy_moved"]
        np.testing.assert_allclose(
            drawn[f"{group}: 12 moved,\nN = 8 networks"], accuracy.mean("network")
        )
        (path,) = band.get_paths()
        assert path.vertices[:, 1].min() >= float(accuracy.min()) - 1e-9
        assert path.vertices[:, 1].max() <= float(accuracy.max()) + 1e-9
    np.testing.assert_allclose(
        drawn["original test set"], scores["accuracy"].sel(split="test").mean("network")
    )
