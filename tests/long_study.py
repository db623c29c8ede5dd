"""A study with jobs that last long enough to be hit in the midst, and where it puts what."""

from data import small_study

LONG = small_study(
    dataset={"source": "digits", "size": 16, "train_examples": 200, "test_examples": 100},
    recipe={"epochs": 20, "batch_size": 20, "learning_rate": 0.05},
    ensembles={"st_vgg": {"architecture": "st_vgg", "width": 0.25}},
    figures={"figure_01": {"ensemble": "st_vgg"}},
)
DATASET_FILE = "results/long/dataset.nc"
PREDICTIONS = "results/long/st_vgg/predictions"
ALL, FIRST, SECOND = (f"{PREDICTIONS}/{of}.nc" for of in ("0000-0003", "0000-0001", "0002-0003"))
UNFINISHED = f"{PREDICTIONS}/unfinished"
SCORES = "results/long/st_vgg/scores.nc"
