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
        middle_95 = np.percentile(accuracy.transpose("network", "epoch"), (2.5, 97.5), axis=0)
        for epoch, ends in zip(accuracy["epoch"].values, middle_95.T, strict=True):
            drawn_at = path.vertices[path.vertices[:, 0] == epoch, 1]
            np.testing.assert_allclose((drawn_at.min(), drawn_at.max()), ends)
    np.testing.assert_allclose(
        drawn["original test set"], scores["accuracy"].sel(split="test").mean("network")
    )
