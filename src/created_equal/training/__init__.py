"""Training: networks of an ensemble, from a dataset to one predictions file per job."""

from .job import networks_definition as networks_definition, train_networks as train_networks
from .measure import count_operations as count_operations, measure_costs as measure_costs
from .predictions_folder import PredictionsFolder as PredictionsFolder
