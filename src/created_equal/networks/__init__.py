"""Architectures by name, as plain torch modules."""

from .build import build_network as build_network, count_flops as count_flops
from .own import failed as failed
from .dropout import Dropout as Dropout, dropouts as dropouts
