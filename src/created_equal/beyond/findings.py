"""The findings of other papers that a study can test, from findings.yaml."""

from collections.abc import Sequence
from pathlib import Path

from created_equal.beyond import measures  # noqa: F401 - It registers the measures.
from created_equal.beyond.label_errors import NOT_APPLICABLE
from created_equal.claims.check import Row
from created_equal.claims.claim import Claim, read_claims


def read_findings() -> tuple[Claim, ...]:
    """Return the findings of findings.yaml, in its order."""
    return read_claims(Path(__file__).with_name("findings.yaml"))


def without_inapplicable(rows: Sequence[Row]) -> list[Row]:
    """Return the rows without those that need people's opinion of labels, if there is none."""
    return [row for row in rows if not row.note.startswith(NOT_APPLICABLE)]
