"""Claims on scores that are read as they are asked for are those on scores in memory."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from created_equal.artefacts import open_dataset, open_scores, write_dataset, write_scores
from created_equal.claims.check import check_claims
from created_equal.claims.claim import read_claims
from created_equal.claims.evidence import Evidence
from created_equal.study import BASELINE_PREFIX

BULK = ("n_right", "modal_label", "n_modal", "n_runner_up")


@pytest.fixture(scope="module")
def opened(made_up, tmp_path_factory):
    """The evidence in which every claim holds, from files."""
    evidence: Evidence = made_up("small_mammals", True)
    folder = tmp_path_factory.mktemp("opened")
    write_dataset(evidence.dataset, folder / "dataset.nc", {})
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr("created_equal.artefacts.scores.IN_MEMORY", 0)  # As of large studies.
        scores = dict(evidence.scores)
        for name in scores:
            if not name.startswith(BASELINE_PREFIX):
                write_scores(scores[name], folder / f"{name}.nc", {})
                scores[name] = stack.enter_context(open_scores(folder / f"{name}.nc"))
        dataset = stack.enter_context(open_dataset(folder / "dataset.nc", files=False))
        yield replace(evidence, scores=scores, dataset=dataset)


def test_no_claim_reads_all_scores_or_images(opened, few_replicates, made_up):
    rows, of_memory = (
        check_claims(evidence, read_claims())
        for evidence in (opened, made_up("small_mammals", True))
    )
    assert [str(row) for row in rows] == [str(row) for row in of_memory]
    kept = [
        f"{name}: {each}"
        for name, scores in opened.scores.items()
        if not name.startswith(BASELINE_PREFIX)
        for each in BULK
        if scores.variables[each]._in_memory
    ]
    assert not kept
    assert not opened.dataset.variables["image"]._in_memory
