"""Names of ensembles and baselines as people write them."""

import re

WORDS = {
    "st vgg": "st-VGG",
    "mnist cnn": "MNIST CNN",
    "relu": "ReLU",
    "adam": "Adam",
    "svm": "SVM",
    "adaboost": "AdaBoost",
}


def title_of(name: str) -> str:
    """Return a title for a name, for example ``"small st-VGG"`` for ``small_st_vgg``.

    That of ``variation_learning_rate_0_002`` is ``"with learning rate 0.002"``.
    """
    name = re.sub("^variation_", "with_", name)
    title = re.sub(r"(?<=\d)_(?=\d)", ".", name).replace("_", " ")
    for words, written in WORDS.items():
        title = re.sub(rf"\b{words}\b", written, title)
    return title
