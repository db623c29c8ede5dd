"""Correlate an ensemble's accessibility with that of another one, or with a published score."""
