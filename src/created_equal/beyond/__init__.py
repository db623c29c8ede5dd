"""Findings of other papers than the one that is reproduced, as rows of the page of claims."""

from .findings import read_findings, without_inapplicable
