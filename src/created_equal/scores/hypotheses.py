"""The scores of several ensembles: observed, under each null hypothesis, and resampled."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
import xarray as xr

from created_equal.artefacts import SPLITS, select_split
from created_equal.errors import InputError
from created_equal.paths import BASELINE_PREFIX
from created_equal.scores.answers import Answers, Axis, Counted, Drawn, Scores, Stored, read_answers
from created_equal.scores.nulls import class_means, classes_kept, independent_networks

NULLS = {
    "independent_networks": "independent networks",
    "classes_kept": "networks that share only the classes",
    "shuffled_within_class": "examples shuffled within their class",
    "class_means": "class means alone",
}
DRAWS = 19
"""How often a random null is drawn: a claim met by none of 19 holds at the level of 5 %."""
FEWEST_NETWORKS = 5
"""Fewer networks are not resampled, because their interval would be far too narrow."""
MOST_EXAMPLES = 10_000
"""Nulls and resamples are computed from at most this number of examples per split."""
MOST_PREDICTIONS = 2**30
"""Networks are not resampled for a statistic that needs more predictions."""


class Hypotheses:
    """The scores of a study's ensembles and baselines: observed, resampled, and under each null."""

    def __init__(
        self,
        scores: Mapping[str, xr.Dataset],
        predictions: Mapping[str, Sequence[Path]],
        dataset: xr.Dataset,
        moved: Iterable[np.ndarray] = (),
    ):
        """Set the scores by name, and the data that nulls and resamples need.

        Predictions are the files that the scores were computed from; none if these were not saved.
        The dataset is the study's. Examples with the names ``moved`` are in every sample.
        """
        self.scores, self.predictions, self.dataset = scores, predictions, dataset
        self.sample = np.concatenate([_sample(dataset), *moved])
        # Ensembles that are measured together are asked for many times, one after the other. All at
        # once would be gigabytes for a million examples.
        self.stored = lru_cache(maxsize=2)(lambda name: Stored(scores[name]))
        self.answers = lru_cache(maxsize=2)(
            lambda name: read_answers(name, predictions[name], scores[name], self.sample)
        )
        self._made = lru_cache(maxsize=2)(self._make)
        self._means = lru_cache(maxsize=2)(self._make_means)
        # Those of two ensembles under two nulls.
        self._drawn = lru_cache(maxsize=4 * DRAWS)(
            lambda *of_draw: Drawn(lambda: self._made(*of_draw))
        )

    def observed(self, names: tuple[str, ...], by_network: bool) -> Scores:
        """Return the observed scores; with ``by_network``, with the predictions of each network."""
        return Scores(self._counts(names, by_network))

    def networks(self, name: str) -> int:
        """Return N of an ensemble, or the number of random states of a baseline."""
        return self.scores[name].sizes["network"]

    def can_be_drawn(self, null: str, names: tuple[str, ...]) -> bool:
        """Return whether there are the data that a null, one of ``NULLS``, needs."""
        if null == "class_means":
            return "image" in self.dataset
        return null != "classes_kept" or self.have_answers(names)

    def draws(self, null: str, names: tuple[str, ...]) -> Iterator[Scores]:
        """Yield the scores of each draw of a random null, which is any but ``class_means``."""
        if null == "shuffled_within_class":
            counts = self._counts(names, self.have_answers(names))
            yield from (Scores(counts, shuffle=draw) for draw in range(DRAWS))
            return
        # By name, so that the predictions of each are read once.
        drawn = [[self._drawn(null, name, draw) for draw in range(DRAWS)] for name in names]
        for of_draw in zip(*drawn, strict=True):
            yield Scores(dict(zip(names, of_draw, strict=True)))

    def with_class_means(self, names: tuple[str, ...], resample: Scores | None = None) -> Scores:
        """Return a resample, by default the scores, with ``class_means`` in place of the last name.

        The others are compared with it, on the same examples.
        """
        have_answers = self.have_answers(names)
        scores = resample or Scores(self._counts(names, have_answers))
        made = self._means(names[-1], have_answers)
        replaced = {names[-1]: Counted(made, np.array([self.networks(names[-1])]))}
        return Scores({**scores.counts, **replaced}, scores.resample)

    def resamples(self, names: tuple[str, ...], replicates: int) -> Iterator[Scores]:
        """Yield resamples of the examples and, if ``resamples_networks``, of the networks."""
        if not self.resamples_networks(names):
            counts = self._counts(names, self.have_answers(names))
            yield from (Scores(counts, resample) for resample in range(replicates))
            return
        answers = {name: self.answers(name) for name in names}
        generators = {name: np.random.default_rng(crc32(name.encode())) for name in names}
        for resample in range(replicates):
            counts = {}
            for name, generator in generators.items():
                networks = self.networks(name)
                drawn = generator.integers(networks, size=networks)
                counts[name] = Counted(answers[name], np.bincount(drawn, minlength=networks))
            yield Scores(counts, resample)

    def resamples_networks(self, names: tuple[str, ...]) -> bool:
        """Return whether networks are resampled: there are enough, and their predictions fit."""
        ensembles = [name for name in names if not name.startswith(BASELINE_PREFIX)]
        # For baselines alone, only examples are resampled.
        enough = ensembles and min(map(self.networks, ensembles)) >= FEWEST_NETWORKS
        answers = (self.networks(name) * self.scores[name].sizes["epoch"] for name in ensembles)
        size = sum(answers) * len(self.sample)
        return bool(enough) and self.have_answers(names) and size <= MOST_PREDICTIONS

    def have_answers(self, names: tuple[str, ...]) -> bool:
        """Return whether there are predictions of each network."""
        return all(self.predictions[name] for name in names)

    def check_answers(self, names: tuple[str, ...]) -> None:
        """Raise InputError if there are no predictions of each network."""
        if not self.have_answers(names):
            raise InputError(
                "it needs the predictions of each network, which do not come with the scores; "
                "train the networks (scores: trained)."
            )

    def _counts(self, names: tuple[str, ...], by_network: bool) -> dict[str, Stored | Counted]:
        if by_network:
            return {name: Counted(self.answers(name)) for name in names}
        return {name: self.stored(name) for name in names}

    def _make(self, null: str, name: str, draw: int) -> Answers:
        seed = crc32(name.encode()), draw
        if null == "classes_kept":
            return classes_kept(self.answers(name), seed)
        scores = self.scores[name]
        return independent_networks(scores, Axis(scores, self.sample), seed)

    def _make_means(self, name: str, sampled: bool) -> Answers:
        # Without the predictions, the scores that they are compared with are of all examples.
        scores = self.scores[name]
        return class_means(scores, Axis(scores, self.sample if sampled else None), self.dataset)


def _sample(dataset: xr.Dataset) -> np.ndarray:
    """Return the names of all examples, or of ``MOST_EXAMPLES`` of each split, always the same."""
    generator, parts = np.random.default_rng(0), []
    for split in SPLITS:
        names = select_split(dataset, split)["example"].values
        if len(names) > MOST_EXAMPLES:
            names = generator.choice(names, MOST_EXAMPLES, replace=False)
        parts.append(names)
    return np.concatenate(parts)
