"""The claims as a table of comma-separated values."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from created_equal.artefacts import write_atomically
from created_equal.claims.check import Row


def write_table(rows: Sequence[Row], path: Path) -> None:
    """Write claims.csv: a line for each row, a column for each of ``Row``'s attributes.

    Numbers have six significant digits; what there is not is empty.

    Raises:
        InputError: the place cannot be written to.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Row))
    writer.writerows([_cell(value) for value in asdict(row).values()] for row in rows)
    write_atomically(path, text.getvalue().encode())


def _cell(value: str | float | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
