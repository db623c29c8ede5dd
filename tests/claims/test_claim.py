import numpy as np

from created_equal.claims.claim import above, below, within


def test_what_counts_includes_its_ends_and_nothing_that_is_not_a_number():
    assert all(value in within(0.48, 0.02) for value in (0.46, 0.48, 0.5))
    assert all(value not in within(0.48, 0.02) for value in (0.459, 0.501, np.nan))
    assert 0.5 not in above(0.5) and 0.5001 in above(0.5)
    assert 0.5 not in below(0.5) and 0.4999 in below(0.5)
