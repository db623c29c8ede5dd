from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from created_equal.artefacts import make_predictions, write_chosen, write_predictions
from created_equal.errors import InputError
from created_equal.figures.moved_examples import GROUPS, draw, moved_accuracy

MOVED = [260, 301, 399]


def chosen(what: list[str]) -> pd.DataFrame:
    examples = [*MOVED, 5]
    table = {"example": examples, "label": 0, "class": "0", "score": 0.5, "round": 1, "what": what}
    return pd.DataFrame(table)


@pytest.fixture
def files(dataset: xr.Dataset, tmp_path: Path) -> tuple[list[Path], Path]:
    """Return two predictions files: network i is right about the first i moved examples only."""
    label = dataset["label"].values.astype(int)
    predictions = np.broadcast_to((label + 1) % 10, (4, 3, label.size)).copy()
    for network in range(4):
        places = np.flatnonzero(np.isin(dataset["example"].values, MOVED))[:network]
        predictions[network, 1:, places] = label[places][:, None]
    paths = [tmp_path / "0000-0001.nc", tmp_path / "0002-0003.nc"]
    for path, numbers in zip(paths, ([0, 1], [2, 3]), strict=True):
        nothing = np.zeros((2, 3, 2))
        part = make_predictions(predictions[numbers], nothing, nothing, numbers, dataset)
        write_predictions(part, path, {"made": "up"})
    write_chosen(chosen(["moved"] * 3 + ["removed"]), tmp_path / "chosen.csv")
    return paths, tmp_path / "chosen.csv"


def test_accuracy_is_of_the_moved_examples_alone(files: tuple[list[Path], Path]) -> None:
    paths, table = files
    found = moved_accuracy(paths[::-1], table, 4)
    np.testing.assert_allclose(found.values, [[0, i / 3, i / 3] for i in range(4)])
    assert found["network"].values.tolist() == [0, 1, 2, 3]
    assert found["epoch"].values.tolist() == [0, 1, 2]
    assert found.attrs["examples"] == 3
    assert moved_accuracy(paths, table, 3).sizes["network"] == 3


@pytest.mark.parametrize("what", [["moved"] * 4, ["removed"] * 4])
def test_a_table_of_other_predictions(files: tuple[list[Path], Path], what: list[str]) -> None:
    paths, table = files
    write_chosen(chosen(what), table)
    with pytest.raises(InputError, match=r"chosen.csv does not say which test examples of .*nc w"):
        moved_accuracy(paths, table, 4)


def test_curves_are_means_with_the_networks_around_them(
    moved: dict[str, xr.DataArray], scores: xr.Dataset
) -> None:
    axes = draw(moved, scores, "Digits", "st_vgg").axes[0]
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    for group, band in zip(GROUPS, axes.collections, strict=True):
        np.testing.assert_allclose(drawn[f"{group}: 12 moved"], moved[group].mean("network"))
        (path,) = band.get_paths()
        assert path.vertices[:, 1].min() >= float(moved[group].min()) - 1e-9
        assert path.vertices[:, 1].max() <= float(moved[group].max()) + 1e-9
    np.testing.assert_allclose(
        drawn["original test set"], scores["accuracy"].sel(split="test").mean("network")
    )
