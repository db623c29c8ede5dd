"""The explorer: one HTML file with every image of an ensemble, epoch by epoch."""

from .explore import write_explorer
