import json
import logging
import tracemalloc

import numpy as np
import pytest
import xarray as xr
from data import overwrite
from oracles import bimodality

from created_equal.artefacts import (
    HALVES,
    SPLITS,
    consistency,
    definition_of,
    read_predictions,
    read_scores,
    select_split,
    write_predictions,
    write_scores,
)
from created_equal.errors import InputError
from created_equal.scores import Stored, ensemble
from created_equal.scores.agreement import modes, right_counts
from created_equal.scores.ensemble import score_ensemble


def of_four_examples(monkeypatch, networks, epochs):
    """Make blocks of 4 examples, so that even small ensembles are read in many."""
    monkeypatch.setattr(ensemble, "PREDICTIONS_AT_ONCE", 4 * networks * epochs)


@pytest.mark.parametrize(
    "networks, classes, seed", [(1, 2, 0), (5, 3, 1), (6, 300, 2), (300, 3, 3)]
)
def test_streaming_equals_the_pure_functions(
    tmp_path, made_up_ensemble, write_batches, monkeypatch, networks, classes, seed
):
    of_four_examples(monkeypatch, networks, epochs=5)
    made_up = made_up_ensemble(networks, examples=4 * classes, classes=classes, seed=seed)
    numbers = np.random.default_rng(seed).permutation(networks)
    paths = write_batches(tmp_path, made_up, np.array_split(numbers, min(3, networks)))
    scores = score_ensemble(paths)

    n_right = np.array([right_counts(epoch, made_up.labels) for epoch in _epochs(made_up)])
    agreed = [modes(epoch) for epoch in _epochs(made_up)]
    right = n_right / networks
    assert scores["network"].values.tolist() == list(range(networks))
    np.testing.assert_array_equal(scores["n_right"], n_right)
    for name in ("modal_label", "n_modal", "n_runner_up"):
        np.testing.assert_array_equal(scores[name], [getattr(each, name) for each in agreed])
    for name in ("n_right", "n_modal", "n_runner_up"):
        assert scores[name].dtype == (np.uint8 if networks < 256 else np.uint16)
    np.testing.assert_allclose(scores["accessibility"], right[1:].mean(axis=0))
    np.testing.assert_array_equal(scores["label"], made_up.labels)
    for split in SPLITS:
        chosen = made_up.is_test == (split == "test")
        np.testing.assert_allclose(
            scores["bimodality"].sel(split=split),
            [bimodality(epoch[chosen]) for epoch in right],
            atol=1e-9,
        )
        np.testing.assert_allclose(
            scores["accuracy"].sel(split=split).mean("network"),
            consistency(select_split(scores, split)).mean("example"),
            rtol=1e-5,
        )
    for parity, half in enumerate(HALVES):
        of_half = made_up.predictions[parity::2]
        expected = (of_half == made_up.labels)[:, 1:].mean(axis=(0, 1)) if len(of_half) else np.nan
        np.testing.assert_allclose(
            scores["accessibility_half"].sel(half=half), np.broadcast_to(expected, right.shape[1])
        )


def _epochs(made_up):
    return np.moveaxis(made_up.predictions, 1, 0)


def test_neither_blocks_nor_batches_nor_their_order_matter(
    tmp_path, made_up_ensemble, write_batches, monkeypatch
):
    made_up = made_up_ensemble()
    (tmp_path / "whole").mkdir()
    whole = score_ensemble(write_batches(tmp_path / "whole", made_up, [range(6)]))
    monkeypatch.setattr(ensemble, "PREDICTIONS_AT_ONCE", 1)
    parts = score_ensemble(write_batches(tmp_path, made_up, [[5, 2], [0], [4, 1, 3]])[::-1])
    assert parts.identical(whole)


def test_blocks_begin_where_chunks_of_the_files_do(
    tmp_path, made_up_ensemble, write_batches, monkeypatch
):
    made_up = made_up_ensemble(networks=2, epochs=5, examples=10)
    (path,) = write_batches(tmp_path, made_up, [range(2)])
    monkeypatch.setattr(ensemble, "PREDICTIONS_AT_ONCE", 7 * 2 * 5)
    read = []
    isel = xr.Dataset.isel
    monkeypatch.setattr(
        xr.Dataset, "isel", lambda self, **where: read.append(where) or isel(self, **where)
    )
    score_ensemble([path])
    blocks = [where["example"] for where in read if "example" in where]
    assert blocks == [slice(0, 4), slice(4, 8), slice(8, 10)]


def test_the_band_over_examples_is_around_the_value(tmp_path, made_up_ensemble, write_batches):
    made_up = made_up_ensemble(networks=8, examples=300)
    scores = score_ensemble(write_batches(tmp_path, made_up, [range(8)]))
    band = scores["bimodality_over_examples"]
    assert band.dims == ("epoch", "split", "bound")
    lower, upper = (band.isel(epoch=2).sel(bound=bound) for bound in ("lower", "upper"))
    assert (lower < scores["bimodality"].isel(epoch=2)).all()
    assert (scores["bimodality"].isel(epoch=2) < upper).all()


def test_one_network_has_no_odd_half(tmp_path, made_up_ensemble, write_batches):
    scores = score_ensemble(write_batches(tmp_path, made_up_ensemble(networks=1), [[0]]))
    assert scores["accessibility_half"].sel(half="odd").isnull().all()
    assert scores["accessibility_half"].sel(half="even").notnull().all()


@pytest.mark.parametrize("seeds", [[0, 2, 4, 6, 8, 10], [0, 10, 20, 30, 40, 51], [7, 8, 9]])
def test_halves_do_not_depend_on_how_networks_are_numbered(
    tmp_path, made_up_ensemble, write_batches, seeds
):
    """Every second network, not those whose seed is odd, of which there may be none."""
    (path,) = write_batches(tmp_path, made_up_ensemble(), [range(len(seeds))])
    numbered = score_ensemble([path])
    write_predictions(read_predictions(path).assign_coords(network=seeds), path, {"ensemble": "a"})
    scores = score_ensemble([path])
    assert scores["network"].values.tolist() == seeds
    np.testing.assert_array_equal(scores["accessibility_half"], numbered["accessibility_half"])
    assert Stored(scores).half_sizes.tolist() == [(len(seeds) + 1) // 2, len(seeds) // 2]


def test_a_part_of_the_networks(tmp_path, made_up_ensemble, write_batches):
    made_up = made_up_ensemble(networks=6)
    paths = write_batches(tmp_path, made_up, [[4, 5], [2, 3], [0, 1]])
    made_up.predictions = made_up.predictions[:3]
    (tmp_path / "three").mkdir()
    three = score_ensemble(write_batches(tmp_path / "three", made_up, [range(3)]))
    assert score_ensemble(paths, n_networks=3).identical(three)


def test_scores_say_on_what_each_network_was_trained(tmp_path, made_up_ensemble, write_batches):
    paths = write_batches(tmp_path, made_up_ensemble(networks=3), [[2], [0, 1]])
    for path, device in zip(paths, ("GPU of a long name", "CPU"), strict=True):
        predictions = read_predictions(path)
        count = predictions.sizes["network"]
        write_predictions(
            predictions.assign_coords(
                device=("network", [device] * count), seconds=("network", [1.5] * count)
            ),
            path,
            definition_of(predictions),
        )
    scores = score_ensemble(paths)
    assert scores["device"].values.tolist() == ["CPU", "CPU", "GPU of a long name"]
    assert scores["seconds"].values.tolist() == [1.5] * 3
    assert "precision" not in scores.coords
    (versions,) = json.loads(scores.attrs["trained_with"])
    assert versions["numpy"] == np.__version__


def test_the_accuracy_of_moved_examples_is_theirs_alone(
    tmp_path, made_up_ensemble, write_batches, monkeypatch
):
    """Network i is right about the first i of three, and about nothing else."""
    of_four_examples(monkeypatch, networks=4, epochs=3)
    made_up = made_up_ensemble(networks=4, epochs=3)
    made_up.predictions = np.broadcast_to((made_up.labels + 1) % 3, (4, 3, 40)).copy()
    places = np.flatnonzero(made_up.is_test)[[0, 4, 7]]
    for network in range(4):
        made_up.predictions[network, 1:, places[:network]] = made_up.labels[places[:network], None]
    paths = write_batches(tmp_path, made_up, [[2, 3], [0, 1]])
    names = 100 + places
    scores = score_ensemble(paths, moved=names[::-1])
    np.testing.assert_allclose(scores["accuracy_moved"], [[0, i / 3, i / 3] for i in range(4)])
    assert scores["example"].values[scores["moved"].values].tolist() == names.tolist()
    assert score_ensemble(paths, 3, names)["accuracy_moved"].sizes == {"network": 3, "epoch": 3}
    assert "moved" not in score_ensemble(paths)


@pytest.mark.parametrize("moved", [[], [100], [7]])
def test_moved_examples_that_the_test_set_lacks(tmp_path, made_up_ensemble, write_batches, moved):
    made_up = made_up_ensemble()
    assert not made_up.is_test[0]
    paths = write_batches(tmp_path, made_up, [range(6)])
    with pytest.raises(InputError, match=f"of {len(moved)} examples that were moved .* 0 are in "):
        score_ensemble(paths, moved=np.array(moved, dtype=np.int64))


def test_scores_survive_the_disk_with_the_ensembles_definition(
    tmp_path, made_up_ensemble, write_batches
):
    scores = score_ensemble(write_batches(tmp_path, made_up_ensemble(), [range(6)]))
    write_scores(scores, tmp_path / "scores.nc", definition_of(scores))
    read = read_scores(tmp_path / "scores.nc")
    assert read.equals(scores)
    assert definition_of(read) == {"ensemble": "made up"}
    assert read.attrs["classes"] == 3


def test_one_line_is_logged(tmp_path, made_up_ensemble, write_batches, caplog):
    paths = write_batches(tmp_path, made_up_ensemble(), [range(6)])
    with caplog.at_level(logging.INFO, "created_equal"):
        score_ensemble(paths)
    assert [record.message.split(" in ")[0] for record in caplog.records] == [
        "scored 6 networks over 5 epochs and 40 examples"
    ]


def test_memory_grows_with_the_scores_and_not_with_the_predictions(
    tmp_path, made_up_ensemble, write_batches, monkeypatch
):
    made_up = made_up_ensemble(networks=64, epochs=10, examples=12_000)
    predictions = made_up.predictions.size  # one byte each
    paths = write_batches(tmp_path, made_up, np.array_split(np.arange(64), 4))
    monkeypatch.setattr(ensemble, "PREDICTIONS_AT_ONCE", predictions // 32)
    tracemalloc.start()
    try:
        scores = score_ensemble(paths)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - scores.nbytes < predictions


def test_no_files_are_refused():
    with pytest.raises(InputError, match="no predictions files"):
        score_ensemble([])


def test_missing_networks_are_named(tmp_path, made_up_ensemble, write_batches):
    paths = write_batches(tmp_path, made_up_ensemble(), [[0, 1], [4]])
    with pytest.raises(InputError, match=r"3 of the 6 requested networks .* \(seeds 2, 3, 5\)"):
        score_ensemble(paths, n_networks=6)


def test_many_missing_networks_are_not_all_named(tmp_path, made_up_ensemble, write_batches):
    paths = write_batches(tmp_path, made_up_ensemble(), [[0]])
    with pytest.raises(InputError, match=r"99 of .* 9, 10, \.\.\.\)"):
        score_ensemble(paths, n_networks=100)


def test_a_file_of_another_ensemble_is_refused(tmp_path, made_up_ensemble, write_batches):
    paths = write_batches(tmp_path, made_up_ensemble(), [[0, 1]])
    paths += write_batches(tmp_path, made_up_ensemble(), [[2, 3]], "foreign")
    with pytest.raises(InputError, match="belong to different ensembles"):
        score_ensemble(paths)


def test_an_untrained_ensemble_is_refused(tmp_path, made_up_ensemble, write_batches):
    paths = write_batches(tmp_path, made_up_ensemble(epochs=1), [[0, 1]])
    with pytest.raises(InputError, match="no epoch after the untrained one"):
        score_ensemble(paths)


def test_a_flipped_byte_is_found(tmp_path, made_up_ensemble, write_batches):
    made_up = made_up_ensemble(networks=4, examples=4000)
    (path,) = write_batches(tmp_path, made_up, [range(4)])
    contents = bytearray(path.read_bytes())
    # The predictions are by far the largest part of the file: its middle is theirs.
    contents[len(contents) // 2] ^= 0xFF
    overwrite(path, contents)
    with pytest.raises(InputError, match="is damaged"):
        score_ensemble([path])


def test_without_an_untrained_epoch_all_epochs_count(tmp_path, made_up_ensemble, write_batches):
    """As of a loop that records after each epoch only: three epochs, numbered from 1."""
    (path,) = write_batches(tmp_path, made_up_ensemble(networks=3, epochs=3), [range(3)])
    recorded = read_predictions(path).assign_coords(epoch=[1, 2, 3])
    write_predictions(recorded, path, {"ensemble": "made up"})
    scores = score_ensemble([path])
    np.testing.assert_allclose(scores["accessibility"], consistency(scores).mean("epoch"))
    even = recorded["prediction"].values[::2] == recorded["label"].values
    np.testing.assert_allclose(
        scores["accessibility_half"].sel(half="even"), even.mean(axis=(0, 1))
    )
