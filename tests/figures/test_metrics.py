import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from created_equal.artefacts import select_split
from created_equal.figures import metrics
from created_equal.figures.saving import save
from created_equal.scores import example_metrics, rank_correlations
from created_equal.scores.label_metrics import OF_EXAMPLES


def test_each_cell_has_the_correlation_of_its_row_and_column(scores, words):
    figure = metrics.draw(scores, "Digits", "st_vgg")
    assert "train set, 250 images" in words(figure)
    for axes, split in zip(figure.axes, ("train", "test"), strict=False):
        of_split = example_metrics(select_split(scores, split))
        names = [text.get_text() for text in axes.get_yticklabels()]
        assert len(names) == len(metrics.SHOWN)
        texts = {text.get_position(): text.get_text() for text in axes.texts}
        assert len(texts) == len(names) * (len(names) - 1)
        x, y = names.index("vote margin"), names.index("churn")
        expected = spearmanr(of_split["churn"], of_split["vote_margin"]).statistic
        assert float(texts[max(x, y), min(x, y)].replace("−", "-")) == pytest.approx(
            expected, abs=0.005
        )
        value = axes.images[0].get_array()[min(x, y), max(x, y)]
        assert value == pytest.approx(expected)
        labels = select_split(scores, split)["label"].values
        within = rank_correlations(of_split[["churn", "vote_margin"]], labels).r[0, 1]
        assert axes.images[0].get_array()[max(x, y), min(x, y)] == pytest.approx(within)
        assert within != pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    ("r", "words"),
    [(0.984, ".98"), (-0.5, "−.50"), (1, "1"), (-0.999, "−1"), (0.0, ".00"), (-0.001, ".00")],
)
def test_coefficients_in_words(r, words):
    assert metrics.coefficient(r) == words


def test_the_table_has_every_pair_once_with_intervals_around_it(scores, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = metrics.table(scores)
    save(metrics.draw(scores, "Digits", "st_vgg"), "digits", "metrics", made)
    read = pd.read_csv("paper_figures/digits/metrics.csv")
    pairs = len(metrics.SHOWN) * (len(metrics.SHOWN) - 1) // 2
    assert len(read) == 2 * pairs
    assert not read.duplicated(["split", "metric", "other"]).any()
    for kind in ("pooled", "within_class"):
        assert (read[f"{kind}_lower"] <= read[kind]).all()
        assert (read[kind] <= read[f"{kind}_upper"]).all()


def test_scores_of_an_earlier_version_show_what_they_have(scores):
    figure = metrics.draw(scores.drop_vars([*OF_EXAMPLES]), "Digits", "st_vgg")
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == [
        *("accessibility", "consistency", "consensus", "vote margin", "mean vote margin"),
        "variability",
    ]


def test_a_metric_that_is_the_same_for_all_images_has_empty_cells(scores):
    constant = scores.assign(forgetting=0 * scores["forgetting"].fillna(0))
    made = metrics.table(constant)
    of_it = (made["metric"] == "forgetting") | (made["other"] == "forgetting")
    assert made.loc[of_it, "pooled"].isna().all()
    assert made.loc[~of_it, "pooled"].notna().all()
    texts = metrics.draw(constant, "Digits", "st_vgg").axes[0].texts
    assert len(texts) == (len(metrics.SHOWN) - 1) * (len(metrics.SHOWN) - 2)


def test_a_set_without_images_has_an_empty_matrix(scores):
    figure = metrics.draw(select_split(scores, "test"), "Digits", "st_vgg")
    train, test = figure.axes[:2]
    assert (len(train.texts), len(test.texts) > 0) == (0, True)
    assert np.isnan(train.images[0].get_array().filled(np.nan)).all()
