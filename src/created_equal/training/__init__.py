"""Training: a dataset and an ensemble's definition in, one predictions file a job out."""

from created_equal.training.measure import Cost, measure_cost
from created_equal.training.train import find_networks, networks_definition, train_networks

__all__ = ["Cost", "find_networks", "measure_cost", "networks_definition", "train_networks"]
