from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import bimodality

from created_equal.artefacts import read_predictions, select_split, write_predictions
from created_equal.claims import measures, resampling
from created_equal.claims.measured import Taken
from created_equal.claims.resampling import Agreeing, Networks
from created_equal.errors import InputError
from created_equal.scores.agreement import modes, right_counts
from created_equal.scores.bootstrap import resample_weights

VARIABLES = ("n_right", "consistency", "consensus", "accessibility", "accessibility_half")
EPOCHS = np.array([1, 3, 4])


@pytest.fixture
def evidence(made_up):
    return made_up("small_mammals", True)


@pytest.fixture
def of_files(evidence):
    return Networks(evidence.predictions, evidence.scores)


def taken_of(evidence, name, variable, split="test"):
    scores = select_split(evidence.scores[name], split)
    epochs = EPOCHS if variable in VARIABLES[:3] else scores["epoch"].values[1:]
    # In another order than in the file.
    return Taken(name, scores["example"].values[::-1], epochs, variable)


@given(st.integers(0, 2**32 - 1))
def test_the_heaviest_group_is_that_of_copies(seed):
    """Where networks count as often as a resample holds them, it is the consensus of copies."""
    generator = np.random.default_rng(seed)
    predictions = generator.integers(0, 4, (7, 12), dtype=np.uint8)
    weights = resample_weights(generator, 3, 7)
    found = Agreeing.of(predictions).heaviest(weights)
    for drawn, row in zip(weights, found, strict=True):
        copies = np.repeat(predictions, drawn.astype(int), axis=0)
        assert row.tolist() == modes(copies, 4).n_modal.tolist()


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("variable", VARIABLES)
def test_resampled_scores_are_those_of_copies_of_the_networks(
    evidence, of_files, variable, split, monkeypatch
):
    weights = np.random.default_rng(0).multinomial(20, np.full(20, 1 / 20), 5).astype(float)
    monkeypatch.setattr(resampling, "resample_weights", lambda *_: weights)
    taken = taken_of(evidence, "main", variable, split)
    contents = read_predictions(evidence.predictions["main"][0]).sel(example=taken.examples)
    labels = contents["label"].values
    for drawn, values in zip(weights.astype(int), of_files._resampled(taken), strict=True):
        copies = np.repeat(contents["prediction"].sel(epoch=taken.epochs).values, drawn, axis=0)
        numbers = np.repeat(np.arange(20), drawn)
        match variable:
            case "n_right":
                expected = [right_counts(copies[:, e], labels) for e in range(len(EPOCHS))]
            case "consistency":
                expected = [right_counts(copies[:, e], labels) / 20 for e in range(len(EPOCHS))]
            case "consensus":
                expected = [modes(copies[:, e], 5).n_modal / 20 for e in range(len(EPOCHS))]
            case "accessibility":
                expected = (copies == labels).mean(axis=(0, 1))
            case _:
                expected = [
                    (copies[numbers % 2 == half] == labels).mean(axis=(0, 1)) for half in (0, 1)
                ]
        assert values == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_network_once_gives_the_scores_themselves(evidence, of_files, variable, monkeypatch):
    monkeypatch.setattr(resampling, "resample_weights", lambda *_: np.ones((1, 20)))
    taken = taken_of(evidence, "cnn", variable)
    (values,) = of_files._resampled(taken)
    assert values == pytest.approx(taken.of(evidence.scores), abs=1e-6)


@pytest.mark.parametrize("variable", VARIABLES)
def test_large_ensembles_are_read_in_part_and_give_the_same(
    evidence, of_files, variable, monkeypatch
):
    taken = taken_of(evidence, "main", variable)
    whole = np.array(list(of_files._resampled(taken)))
    monkeypatch.setattr(resampling, "SMALL", 0)
    monkeypatch.setattr(resampling, "EXAMPLES_AT_ONCE", 7)
    monkeypatch.setattr(resampling, "SCORES_AT_ONCE", 1000)
    other = Networks(evidence.predictions, evidence.scores)
    assert np.array_equal(np.array(list(other._resampled(taken))), whole, equal_nan=True)


@pytest.fixture
def ensemble_of(evidence, predictions, networks, tmp_path):
    """Return the function that makes evidence of one ensemble, right (network, epoch, example)."""

    def of(right):
        labels, is_test = np.arange(right.shape[-1]) % 5, np.arange(right.shape[-1]) >= 20
        path = tmp_path / "predictions.nc"
        write_predictions(predictions(right, labels, is_test), path, {})
        return replace(
            evidence,
            scores={"noisy": networks(right, labels, is_test)},
            predictions={"noisy": [path]},
        )

    return of


def test_the_interval_of_an_accuracy_is_the_normal_one_of_the_networks(ensemble_of):
    """Ends of 200 resamples have a deviation of about 0.15 of the mean's deviation."""
    generator = np.random.default_rng(1)
    right = generator.random((40, 2, 300)) < generator.uniform(0.2, 0.8, (40, 1, 1))
    made = ensemble_of(right)
    accuracies = right[:, -1, 20:].mean(axis=1)
    deviation = accuracies.std() / np.sqrt(40)
    expected = accuracies.mean() - 1.96 * deviation, accuracies.mean() + 1.96 * deviation
    measured = measures.accuracy(made, "noisy")
    found = Networks(made.predictions, made.scores).interval_of(measured)
    assert found == pytest.approx(expected, abs=0.5 * deviation)


def test_about_95_in_100_intervals_hold_what_such_ensembles_have_on_average(ensemble_of):
    """Of two statistics of agreement, which resamples lower or raise: so the intervals are shifted.

    Of 40 intervals at least 34 must hold it. Not shifted, 25 % of those of the halves' correlation
    would, and 85 % of those of bi-modality.
    """
    generator = np.random.default_rng(0)
    difficulty = generator.beta(0.5, 0.5, 120)

    def ensemble():
        # A network has a mind of its own about an example, at all epochs.
        mind = 0.7 * generator.random((12, 1, 120)) + 0.3 * generator.random((12, 5, 120))
        return mind < difficulty

    def halves(right):
        learnt = right[:, 1:, 20:].mean(axis=1)
        return np.corrcoef(learnt[::2].mean(axis=0), learnt[1::2].mean(axis=0))[0, 1]

    def agreement(right):
        return bimodality(right[:, -1, 20:].mean(axis=0))

    many = [ensemble() for _ in range(500)]
    truth = [np.mean([statistic(right) for right in many]) for statistic in (halves, agreement)]
    held = np.zeros(2)
    for right in many[:40]:
        made = ensemble_of(right)
        resampled = Networks(made.predictions, made.scores)
        for place, measured in enumerate(
            (
                measures.halves_correlate(made, "noisy"),
                measures.bimodality(made, "noisy", over_epochs="final"),
            )
        ):
            lower, upper = resampled.interval_of(measured)
            held[place] += lower <= truth[place] <= upper
    assert (held >= 34).all()


def test_intervals_end_where_the_statistic_does(evidence, of_files):
    """All networks of ``random_fifth`` know the same, so that an interval has no width."""
    found = of_files.interval_of(measures.accuracy(evidence, "random_fifth"))
    assert found == pytest.approx((0.47, 0.47))
    _, upper = of_files.interval_of(measures.patterns(evidence, "main"))
    assert upper <= 5
    _, upper = of_files.interval_of(measures.consensus_rises(evidence, "main"))
    assert upper <= 1


def test_one_network_has_no_interval(evidence, of_files):
    one = {
        name: scores.isel(network=[0]) if name == "cnn" else scores
        for name, scores in evidence.scores.items()
    }
    single = replace(evidence, scores=one)
    networks = Networks(single.predictions, one)
    assert np.isnan(networks.interval_of(measures.accuracy(single, "cnn"))).all()
    # Beside another ensemble it stays as it is.
    both = measures.accuracy_difference(single, "cnn", "random_labels")
    assert not np.isnan(networks.interval_of(both)).any()


def test_scores_whose_predictions_were_not_kept_have_no_interval(evidence, of_files):
    networks = Networks({**of_files.paths, "main": []}, evidence.scores)
    assert np.isnan(networks.interval_of(measures.accuracy(evidence, "main"))).all()
    both = measures.accuracy_difference(evidence, "cnn", "main")
    assert np.isnan(networks.interval_of(both)).all()
    assert not np.isnan(networks.interval_of(measures.accuracy(evidence, "cnn"))).any()


def test_more_predictions_than_are_held_at_once_leave_no_interval(evidence, monkeypatch):
    monkeypatch.setattr(resampling, "SMALL", 0)
    monkeypatch.setattr(resampling, "MOST", 20 * 100)
    networks = Networks(evidence.predictions, evidence.scores)
    # 20 networks, 100 test examples, one epoch; and then all epochs.
    assert not np.isnan(networks.interval_of(measures.accuracy(evidence, "main"))).any()
    rises = measures.consensus_rises(evidence, "main")
    assert np.isnan(networks.interval_of(rises)).all()


def test_predictions_that_the_scores_are_not_of(evidence, tmp_path):
    path = evidence.predictions["cnn"][0]
    measured = measures.accuracy(evidence, "cnn")
    fewer = tmp_path / "fewer.nc"
    write_predictions(read_predictions(path).isel(network=slice(0, 5)), fewer, {})
    with pytest.raises(InputError, match="20 networks, and its predictions files hold 5 of"):
        Networks({"cnn": [fewer]}, evidence.scores).interval_of(measured)
    shorter = tmp_path / "shorter.nc"
    write_predictions(read_predictions(path).isel(epoch=slice(0, 3)), shorter, {})
    with pytest.raises(InputError, match=r"shorter\.nc is not what the scores of cnn were made"):
        Networks({"cnn": [shorter]}, evidence.scores).interval_of(measured)


def test_networks_in_several_files_find_their_places(evidence, of_files, tmp_path):
    contents = read_predictions(evidence.predictions["main"][0])
    paths = []
    for rows in ([12, 3, 19], [0, 1, 2, *range(4, 12)], range(13, 19)):
        paths.append(tmp_path / f"{rows[0]}.nc")
        write_predictions(contents.isel(network=list(rows)), paths[-1], {})
    several = Networks({"main": paths}, evidence.scores)
    measured = measures.bimodality(evidence, "main")
    assert several.interval_of(measured) == of_files.interval_of(measured)
