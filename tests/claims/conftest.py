"""Made-up results of a study in which every claim of the paper holds, and of one where none does.

All ensembles have 20 networks and 5 classes; the train set has 200 examples, the test set 100. The
rank of an example within its split, from 0 to 1, is how late it is learned; it has nothing to do
with the image. What a network says when it is wrong differs from network to network.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from learners import examples_of, predictions_of

from created_equal.artefacts import HALVES, make_dataset, write_predictions
from created_equal.claims.check import Row
from created_equal.claims.evidence import Evidence
from created_equal.scores import score_ensemble, scores_of_baseline

N, K, TRAIN, TEST, EPOCHS = 20, 5, 200, 100, 11
EXAMPLES = TRAIN + TEST
IS_TEST = np.arange(EXAMPLES) >= TRAIN
# One example after the other is learned; its class changes slowly, so that classes are too.
LABELS = np.concatenate([np.repeat(np.arange(K), size // K) for size in (TRAIN, TEST)])
RANK = np.concatenate([(np.arange(size) + 0.5) / size for size in (TRAIN, TEST)])
CLASSIFIERS = {
    "svm": 0.48,
    "k_nearest_neighbours": 0.36,
    "perceptron": 0.35,
    "decision_tree": 0.31,
    "random_forest": 0.48,
    "gaussian_naive_bayes": 0.38,
}
MOVED = np.arange(0, TRAIN, 20)
ALL = np.full((1, EXAMPLES), N)
RISING = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65)
UNLIKE = (0.2, 0.2, 0.25, *RISING[:-1], 0.7)  # In the end few are wrong about the same examples.


def made_up_predictions(
    right: np.ndarray, is_test: np.ndarray = IS_TEST, alike: bool = False
) -> xr.Dataset:
    """Return the predictions of networks that are right (network, epoch, example) or wrong.

    Those that are wrong predict different labels, or the same one.
    """
    shift = np.zeros(len(right), int) if alike else np.arange(len(right))
    other = 1 + (shift[:, None, None] + np.arange(EXAMPLES)) % (K - 1)
    predicted = np.where(right, LABELS, (LABELS + other) % K)
    return predictions_of(predicted, examples_of(LABELS, is_test, K))


def from_counts(
    counts: np.ndarray, is_test: np.ndarray = IS_TEST, alike: bool = False
) -> xr.Dataset:
    """Return predictions in which this number of networks (epoch, example) is right."""
    places = (np.arange(N)[:, None, None] + 3 * np.arange(counts.shape[1])) % N
    return made_up_predictions(places < counts, is_test, alike)


def untrained(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).binomial(N, 1 / K, (1, EXAMPLES))


def beginning() -> np.ndarray:
    return np.where(RANK < 0.3, 12, 0)[None]


def learner(known: Sequence[float], divided: float = 0, rank: np.ndarray = RANK) -> np.ndarray:
    """Return counts, a row for each share that all know; half know ``divided`` more."""
    known = np.asarray(known)[:, None]
    return np.where(rank < known, N, np.where(rank < known + divided, N // 2, 0))


def usual(*known: float, divided: float = 0.04) -> xr.Dataset:
    """Return an ensemble that goes through the phases, knowing so much from epoch 2 on."""
    return from_counts(np.concatenate([untrained(), beginning(), learner(known, divided)]))


def main_ensemble() -> xr.Dataset:
    counts = [untrained(), beginning(), learner((0.3, 0.4, 0.5), 0.2), learner((0.6, 0.7), 0.1)]
    counts = np.concatenate([*counts, learner((0.8, 0.9, 0.97, 1))])
    # Of the patterns of Fig 11, those that no rank shows: constant, and right only at first.
    counts[:, TRAIN - 1] = N // 2
    counts[:, 30] = [4, *[N] * 3, *[0] * (EPOCHS - 4)]
    counts[:, TRAIN - 3] = [4, *[0] * (EPOCHS - 1)]
    return from_counts(counts, alike=True)


def divided_by_parity() -> xr.Dataset:
    """Return an ensemble whose even and odd networks learn in orders of their own."""
    generator = np.random.default_rng(5)
    orders = [
        np.concatenate(
            [generator.permutation(RANK[~IS_TEST]), generator.permutation(RANK[IS_TEST])]
        )
        for _ in HALVES
    ]
    known = np.array(UNLIKE)[:, None]
    right = np.empty((N, EPOCHS, EXAMPLES), dtype=bool)
    for half, order in enumerate(orders):
        right[half::2] = order < known
    return made_up_predictions(right)


def agreeing_less_and_less() -> xr.Dataset:
    """Return an ensemble that starts right about everything, and ends divided about all."""
    counts = np.tile(np.arange(N, N // 2 - 1, -1)[:EPOCHS, None], EXAMPLES)
    counts[1, 1::2] = N // 2  # Half of them rise later than the others, but take as long.
    counts[0, ::25] = 0
    counts[1:6, ::50] = N // 2
    counts[6:, ::50] = N
    counts[4:, 5::50] = N
    counts[[4, 7], 5::50] = N // 2  # They do not remain right.
    counts[1, ::200] = 0  # Two begin to rise later than the others.
    counts[1, 31::50] = N - 2  # High scores are no rarer than low ones.
    counts[1:, 25::50] = N // 4  # More than constant, and none that fall from where they start.
    return from_counts(counts)


def binomial(chances: Sequence[float], seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).binomial(
        N, np.array(chances)[:, None], (len(chances), EXAMPLES)
    )


def random_labels(good: bool) -> xr.Dataset:
    if not good:
        return from_counts(learner((0.2, 0.25, 0.3, *RISING)))
    counts = binomial((0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 1))
    # As wide as can be without being bi-modal, so that the measure is lowest here.
    counts[7] = 12 + np.arange(EXAMPLES) % 9
    counts[7, ::3] = 16
    counts[:, IS_TEST] = binomial([0.2] * EPOCHS, seed=2)[:, IS_TEST]
    return from_counts(counts)


def kept(share: float, bimodal: bool) -> xr.Dataset:
    return from_counts((learner if bimodal else binomial)([share] * EPOCHS))


def right_networks(predictions: xr.Dataset) -> np.ndarray:
    """Return how many networks are right (epoch, example)."""
    return (predictions["prediction"] == predictions["label"]).values.sum(axis=0)


def moved(predictions: xr.Dataset, counts: np.ndarray) -> xr.Dataset:
    """Return an ensemble like another, whose test set has ``MOVED``, right so often at an epoch."""
    before = right_networks(predictions)
    before[:, MOVED] = counts if counts.ndim == 2 else counts[:, None]
    return from_counts(before, IS_TEST | np.isin(np.arange(EXAMPLES), MOVED))


def classifier(*curves: np.ndarray) -> xr.Dataset:
    """Return the predictions of a baseline that is right (epoch, example), by random state."""
    made = made_up_predictions(np.array(curves))
    return made.assign_coords(epoch=made["epoch"] + 1)


def boosting(good: bool) -> xr.Dataset:
    k = np.arange(10)[:, None]
    turn = (np.arange(EXAMPLES) * 7 % 10)[None]
    easy, hard = RANK < 1 / 3, RANK >= 2 / 3
    if good:
        right = np.where(easy, True, np.where(hard, (turn < 3) & (k < turn + 4), turn <= k))
    else:
        right = np.where(easy, turn < k - 5, np.where(hard, turn <= k + 5, turn >= k))
    return classifier(right)


def evidence_of(study: str, good: bool, folder: Path) -> Evidence:
    """Return the made-up results of a study, where all claims hold or none does."""
    resnet = usual(*RISING, 0.76)
    made = {
        "main": main_ensemble() if good else agreeing_less_and_less(),
        "first": resnet if good else divided_by_parity(),
        "second": usual(0.2, *RISING[:-3], 0.52, 0.53, 0.55)
        if good
        else from_counts(learner(UNLIKE, rank=1 - RANK)),
        "non_linear": from_counts(
            np.concatenate([untrained(), learner([0.42, *[0.46] * 9], 0.2)])
            if good
            else learner([0.3] * 3 + [0.2] * 8)
        ),
        "linear": from_counts(
            np.concatenate([untrained(), learner([0.42] * 10, 0.02)])
            if good
            else learner([0.4] * EPOCHS, 0.3, rank=1 - RANK)
        ),
        "cnn": resnet,
        "random_labels": random_labels(good),
        "hard": kept(0.3 if good else 0.6, bimodal=not good),
        "hard_balanced": kept(0.3 if good else 0.6, bimodal=not good),
        # Networks that agree on what they say when they are wrong, or not even on that.
        "one_noise": from_counts(right_networks(resnet), alike=good),
        "other_half": resnet
        if good
        else from_counts(learner((0.2, 0.2, 0.25, *RISING), rank=1 - RANK)),
        "steps": from_counts(np.concatenate([untrained(), *[beginning() if good else ALL] * 2])),
        "random_fifth": kept(0.47 if good else 0.3, bimodal=True),
        "variation": usual(*RISING, 0.7) if good else divided_by_parity(),
        "baselines/adaboost": boosting(good),
    }
    at_end = np.full(EPOCHS, N)
    at_end[0] = 4
    before = right_networks(resnet)[:, MOVED]
    base = resnet if good else from_counts(learner((0.2, 0.2, 0.25, *RISING), rank=1 - RANK))
    made["easiest_moved"] = moved(base, at_end if good else N - at_end)
    made["hardest_moved"] = moved(base, N - at_end if good else at_end)
    made["random_moved"] = moved(base, before if good else (N - before) // 3)
    for name, share in CLASSIFIERS.items():
        right = share > RANK if good else RANK > 0.1
        made[f"baselines/{name}"] = classifier(right[None], right[None])
    files = {name: folder / f"{name}.nc" for name in made}
    for name, path in files.items():
        write_predictions(made[name], path, {})
    return Evidence(
        study=study,
        data=study,
        roles={
            **{f"figure_{number}.ensemble": ("main",) for number in ("01", "02", "03", "09", "11")},
            "figure_04.ensembles": ("first", "second"),
            "figure_05.ensemble": ("non_linear",),
            "figure_05.linear": ("linear",),
            "figure_06.ensemble": ("cnn",),
            "figure_06.baseline": ("baselines/adaboost",),
            "figure_07.ensemble": ("cnn",),
            "figure_07.baselines": tuple(f"baselines/{name}" for name in CLASSIFIERS),
            "figure_08.random_labels": ("random_labels",),
            "figure_02.steps": ("steps",),
            "figure_08.hard": ("hard",),
            "figure_08.hard_balanced": ("hard_balanced",),
            "noise.ensemble": ("cnn",),
            "noise.initialisation": ("one_noise",),
            "noise.mini_batches": ("one_noise",),
            "noise.first_half": ("cnn",),
            "noise.second_half": ("other_half",),
            "figure_08.random": ("random_fifth",),
            "moved_examples.ensemble": ("cnn",),
            **{
                f"moved_examples.{which}": (f"{which}_moved",)
                for which in ("easiest", "hardest", "random")
            },
            "robustness.ensembles": ("variation",),
        },
        epochs={},
        dataset=images(),
        scores={
            name: scores_of_baseline(each.assign_attrs(definition="{}"))
            if name.startswith("baselines/")
            else score_ensemble([files[name]])
            for name, each in made.items()
        },
        predictions={name: [path] for name, path in files.items()},
        moved={f"{which}_moved": MOVED for which in ("easiest", "hardest", "random")},
    )


def images() -> xr.Dataset:
    """Return a dataset in which the image says the class of two examples in three."""
    generator = np.random.default_rng(0)
    shown = np.where(np.arange(EXAMPLES) % 3 < 2, LABELS, generator.integers(0, K, EXAMPLES))
    pixels = generator.integers(0, 60, (EXAMPLES, 4, 4, 1)) + 40 * shown[:, None, None, None]
    return make_dataset(
        pixels.astype(np.uint8), LABELS, np.arange(EXAMPLES), IS_TEST, [f"c{k}" for k in range(K)]
    )


@pytest.fixture
def few_replicates(monkeypatch):
    """A tenth of the replicates of each interval, for tests of many claims."""
    monkeypatch.setattr("created_equal.claims.check.REPLICATES", 20)


@pytest.fixture(scope="session")
def made_up(tmp_path_factory) -> Callable[[str, bool], Evidence]:
    """Return the function that makes up a study's evidence; each is made once."""
    made: dict[bool, Evidence] = {}

    def of(study: str, good: bool) -> Evidence:
        if good not in made:
            made[good] = evidence_of(study, good, tmp_path_factory.mktemp(f"made_up_{good}"))
        return replace(made[good], study=study, data=study)

    return of


@pytest.fixture
def with_networks() -> Callable[[Evidence, int], Evidence]:
    """Return the function that returns the results of fewer networks of every ensemble."""

    def of(evidence: Evidence, networks: int) -> Evidence:
        scores = {
            name: score_ensemble([path], networks)
            for name, (path,) in evidence.predictions.items()
            if not name.startswith("baselines/")
        }
        return replace(evidence, scores=evidence.scores | scores)

    return of


@pytest.fixture(scope="session")
def dataset() -> xr.Dataset:
    return images()


@pytest.fixture
def measured() -> Row:
    """Return the row of a claim that was measured."""
    return Row(
        id="figure_04b_two_architectures",
        study="digits",
        section="4.1",
        where="Fig 4b",
        claim="One, and the other.",
        statistic="Pearson's r",
        ensembles="one, two",
        paper=0.87,
        accepted="at least 0.85",
        tolerance="several times the variation",
        paper_data="other",
        value=0.8199999,
        examples="test",
        lower=0.7741,
        upper=0.868,
        interval_over="examples and networks",
        stable="no",
        expected=0.8312,
        log10_p=-122.6,
        spearman=0.84,
        within_class=0.81,
        independent_networks=0.0191234567,
        verdict="does not hold",
        conclusion="toy",
        turns_at="2",
        networks=20,
        fewest_networks=5,
        paper_networks=22,
        epochs="1 to 20",
    )


@pytest.fixture
def missing() -> Row:
    """Return the row of a claim that was not."""
    return Row(
        id="figure_05a_linear_right",
        study="digits",
        section="4.2",
        where="Fig 5a",
        claim="It is so.",
        statistic="a difference",
        ensembles="",
        paper=math.nan,
        accepted="above 0",
        tolerance="the sign decides, so there is none",
        paper_networks=100,
        note="the study has no figure_05.linear.",
    )
