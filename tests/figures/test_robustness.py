from collections.abc import Callable

import xarray as xr
from matplotlib.figure import Figure

from created_equal.figures import cross_dataset, robustness


def test_every_ensemble_is_named_with_its_networks(
    scores: xr.Dataset, other: xr.Dataset, words: Callable[[Figure], list[str]]
) -> None:
    said = words(robustness.draw({"st_vgg": scores, "variation": other}, "Digits"))
    assert any(text.startswith("Digits\n") for text in said)
    assert any(text.startswith("st_vgg\nN = 8, lowest ") for text in said)
    assert any(text.startswith("variation\nN = 6, lowest ") for text in said)


def test_every_study_is_named_with_its_ensemble(
    scores: xr.Dataset, words: Callable[[Figure], list[str]]
) -> None:
    said = words(cross_dataset.draw({"digits: st_vgg": scores, "mnist: mnist_cnn": scores}))
    assert any(text.startswith("All selected studies\n") for text in said)
    assert any(text.startswith("mnist: mnist_cnn\nN = 8, lowest ") for text in said)
