"""Versions of the code that computes results: a result of another version is computed again.

Raise a version when its code computes other numbers, and only then. Renaming, comments and speed
change nothing that was computed, so a new release keeps what was trained. The seeds of a network
do not depend on its version: see ``training.engine.streams``.

The versions are not in the packages that they are about, because Snakemake reads them without
importing PyTorch or scikit-learn.
"""

# What networks become and predict: networks/ and training/engine/. When it is raised,
# tests/training/engine_predictions.py writes the predictions that it stands for.
ENGINE_VERSION = 1

# What the classifiers of scikit-learn predict: baselines/.
BASELINES_VERSION = 1

# Which pixels an image file is decoded to: decoding/. It matters where images stay in files; of all
# other datasets the pixels themselves are compared.
DECODING_VERSION = 1
