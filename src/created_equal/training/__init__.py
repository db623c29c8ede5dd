"""Training: networks of an ensemble, from a dataset to one predictions file per job."""

from .measure import count_operations as count_operations, measure_costs as measure_costs
from .predictions_folder import PredictionsFolder as PredictionsFolder
from .train import networks_definition as networks_definition, train_networks as train_networks
