"""Imports are scored as they are, and what they cannot give is left out with a sentence."""

import numpy as np
import pandas as pd

from created_equal.artefacts import read_scores
from created_equal.exchange.import_predictions import import_predictions
from created_equal.score_folder import score_folder


def test_correctness_is_scored_without_what_needs_votes(tmp_path):
    learned = np.linspace(0.2, 1, 6)[:, None] > np.random.default_rng(0).random(30)
    right = np.stack([learned] * 4)
    np.save(tmp_path / "right.npy", right)
    folder = tmp_path / "imported"
    import_predictions("correctness", tmp_path / "right.npy", folder, classes="3")
    left_out = score_folder(folder)
    for what in ("figure_03", "figure_09", "claims are", "the explorer is"):
        assert any(sentence.startswith(what) for sentence in left_out)
    scores = read_scores(folder / "scores.nc")
    np.testing.assert_array_equal(scores["n_right"], right.sum(axis=0))
    assert (folder / "figure_02.pdf").is_file()
    assert not (folder / "explorer.html").exists()


def test_a_long_table_is_scored_to_its_explorer(tmp_path, monkeypatch):
    monkeypatch.setattr("created_equal.score_folder.FIGURES_OF_ONE", {})
    places = np.indices((3, 6, 20)).reshape(3, -1)
    table = pd.DataFrame(dict(zip(("seed", "epoch", "idx"), places, strict=True)))
    labels = table["idx"] % 2
    right = table["epoch"] > table["idx"] % 5
    table = table.assign(y=labels, pred=np.where(right, labels, 1 - labels))
    table["split"] = np.where(table["idx"] < 12, "train", "test")
    table.to_csv(tmp_path / "log.csv", index=False)
    import_predictions("table", tmp_path / "log.csv", tmp_path / "imported")
    score_folder(tmp_path / "imported")
    assert (tmp_path / "imported/explorer.html").is_file()
    assert (tmp_path / "imported/claims.csv").is_file()
