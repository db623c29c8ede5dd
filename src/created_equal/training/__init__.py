"""Training: networks of an ensemble, from a dataset to one predictions file per job."""

from created_equal.training.measure import count_operations, measure_costs
from created_equal.training.predictions_folder import PredictionsFolder
from created_equal.training.train import networks_definition, train_networks

__all__ = [
    "PredictionsFolder",
    "count_operations",
    "measure_costs",
    "networks_definition",
    "train_networks",
]
