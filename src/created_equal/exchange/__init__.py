"""Tables of scores, others' logs as predictions, and scores for others' tools."""

from .columns import COLUMNS, EPOCH_COLUMNS
from .table import about, example_table, write_tables
