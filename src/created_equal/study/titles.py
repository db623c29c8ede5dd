"""Names of ensembles as people write them."""

import re

WORDS = {"st vgg": "st-VGG", "mnist cnn": "MNIST CNN", "relu": "ReLU", "adam": "Adam"}


def ensemble_title(name: str) -> str:
    """Return, for example, ``"small st-VGG"`` and ``"learning rate 0.002"`` for an ensemble's name.

    The latter is that of ``variation_learning_rate_0_002``.
    """
    title = re.sub(r"(?<=\d)_(?=\d)", ".", name.removeprefix("variation_")).replace("_", " ")
    for words, written in WORDS.items():
        title = re.sub(rf"\b{words}\b", written, title)
    return title
