"""Training: a dataset and an ensemble's definition in, one predictions file a job out."""

from created_equal.training.measure import count_operations, measure_speed
from created_equal.training.train import find_networks, networks_definition, train_networks

__all__ = [
    "count_operations",
    "find_networks",
    "measure_speed",
    "networks_definition",
    "train_networks",
]
