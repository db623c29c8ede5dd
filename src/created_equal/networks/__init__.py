"""Architectures by name, as plain torch modules."""

from created_equal.networks.build import build_network, count_flops
from created_equal.networks.dropout import Dropout, dropouts

__all__ = ["Dropout", "build_network", "count_flops", "dropouts"]
