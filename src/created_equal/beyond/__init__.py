"""Findings of other papers than the one that is reproduced, as rows of the page of claims."""

from collections.abc import Sequence
from pathlib import Path

from created_equal.beyond import measures  # It registers the measures that findings.yaml names.
from created_equal.beyond.label_errors import NOT_APPLICABLE
from created_equal.claims.check import Row
from created_equal.claims.claim import Claim, read_claims


def read_findings() -> tuple[Claim, ...]:
    """Return the findings of findings.yaml, in its order."""
    return read_claims(Path(__file__).with_name("findings.yaml"))


def without_inapplicable(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without those that need people's opinion of labels, if there is none."""
    return [row for row in rows if not row.note.startswith(NOT_APPLICABLE)]
