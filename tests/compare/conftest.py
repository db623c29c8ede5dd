import pytest
from learners import write_ensemble

from created_equal.artefacts import read_scores
from created_equal.compare.compare import Ours, find_predictions


@pytest.fixture(scope="session")
def two(tmp_path_factory):
    """The scores files of two ensembles, with six networks each."""
    return [
        write_ensemble(tmp_path_factory.mktemp("ensembles") / name, seed=seed)
        for seed, name in enumerate(("one", "other"))
    ]


@pytest.fixture(scope="session")
def ours(two):
    """The first of two ensembles."""
    scores = read_scores(two[0])
    return Ours("one", scores, find_predictions(two[0], scores))
