"""Versions of the code that computes results. Raising one recomputes the results.

Raise a version only if its code computes different numbers. After renaming, new comments or a
speed-up, keep it, so that trained networks stay valid. The random streams of a network do not
depend on the version, see ``training.engine.streams``.

The versions are kept here because Snakemake reads them without importing PyTorch or scikit-learn.
"""

# For networks/ and training/engine/. After raising it, run tests/training/engine_predictions.py to
# write the predictions of the new version.
ENGINE_VERSION = 1

# For baselines/.
BASELINES_VERSION = 1

# For decoding/. It matters only if images stay in files: otherwise the dataset holds the pixels.
DECODING_VERSION = 1
