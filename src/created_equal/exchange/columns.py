"""What the columns of the tables are: their formulas and sources, as docs/tables.md shows them."""

# c: share of networks that are right, p_k: that predict label k, y: the example's own label.
COLUMNS = {
    "example": "position in the source, of which the train files, if it has two sets, come first; "
    "it identifies the example",
    "name": "the example's own name (id, guid, file); only if it was recorded or imported with one",
    "split": "train or test",
    "moved": "whether the example was moved to the test set; only if some were",
    "file": "name of the image's file, relative to the folder of images; only if there are files",
    "pixel_hash": "64-bit hash (blake2b) of the pixels, or of the file if images stay in files",
    "label": "y, from 0, as the networks were trained with it",
    "class": "name of that label",
    "source_label": "label in the study's dataset; only if the networks were trained with others",
    "modal_label": "label that most networks predict; the smallest of several",
    "modal_class": "name of that label",
    "consistency": "c, the share of networks that are right (equation 1 of the paper)",
    "consensus": "max p_k, the share of networks that predict the modal label",
    "accessibility": "mean of c over epochs, the paper's speed of learning",
    "first_learned": "first epoch at which a network is right (Kwok et al., 2024); median over "
    "networks, empty if half of them or more never are",
    "learned_for_good": "first epoch from which a network stays right (iteration learned, Baldock "
    "et al., 2021); median over networks, empty if half of them or more are wrong at the end",
    "ever_learned": "share of networks that are right at any epoch",
    "forgetting": "number of times that a network is right at one epoch and wrong at the next "
    "(Toneva et al., 2019, at each mini-batch in training mode); mean over networks that are ever "
    "right, empty if none is",
    "churn": "share of networks whose label changes from one epoch to the next (Milani Fard et "
    "al., 2016, between models); mean over epochs",
    "variability": "standard deviation of c over epochs (data maps, Swayamdipta et al., 2020, of "
    "probabilities)",
    "vote_margin": "p_y - max p_k for k other than y",
    "mean_vote_margin": "mean of the vote margin over epochs (area under the margin, Pleiss et "
    "al., 2020, of logits)",
    "vote_entropy": "-sum p_k log p_k, in nats; too small by about (labels with votes - 1) / 2N "
    "(Miller, 1955)",
    "vote_el2n": "length of p - e_y, where e_y is 1 at y (EL2N, Paul et al., 2021, of "
    "probabilities)",
    "disagreement": "N / (N - 1) (1 - sum p_k^2), the share of pairs of networks that predict "
    "different labels (Jiang et al., 2022); empty with one network",
    "difficulty_class": "trivial: c = 1; impossible: c = 0; otherwise in between (Meding et al., "
    "2022); depends on N",
}
EPOCH_COLUMNS = {
    "epoch": "number of the epoch; 0: untrained",
    "split": "train or test",
    "accuracy": "mean accuracy of the networks",
    "loss": "mean cross-entropy of the networks, in nats",
    "bimodality": "kurtosis - skewness^2 - 1 of c over examples (Pearson, 1894)",
    "bimodality_lower": "lower end of its 95 % bootstrap interval over examples",
    "bimodality_upper": "upper end",
    "variance_of_accuracy": "variance of accuracy over networks",
    "variance_if_independent": "N / (N - 1) sum c (1 - c) / n^2 over n examples: what that "
    "variance would be if each example were right independently of the others (Jordan, 2024)",
    "error_consistency": "Cohen's kappa of being right over pairs of networks: (o - e) / (1 - e), "
    "where o is how often both are right or both wrong, and e how often networks of their "
    "accuracies are that err independently (Geirhos et al., 2020)",
    "disagreement": "mean of an example's disagreement; compare it with 1 - accuracy",
    "churn": "share of labels that changed since the epoch before",
}
