import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from created_equal.errors import InputError
from created_equal.scores import check_for_patterns, example_patterns, pattern_fits, patterns

PURE = {
    "jumps to 1 in one epoch": [0.2, 1, 1, 1, 1, 1, 1, 1],
    "dips, then rises to 1": [0.2, 0, 0, 0, 0.4, 0.9, 1, 1],
    "falls fast to 0": [0.2, 0, 0, 0, 0, 0, 0, 0],
    "stays constant": [0.5, 0.45, 0.5, 0.5, 0.55, 0.5, 0.5, 0.5],
    "high, then falls to 0": [0.2, 0.6, 1, 0.9, 0.3, 0, 0, 0],
}
OTHERS = [
    [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    [0.2, 0.3, 0.2, 0.1, 0.2, 0.1, 0.3, 0.2],
    [0.2, 0.5, 0.6, 0.5, 0.4, 0.5, 0.3, 0.4],
    [0.2, 0.1, 0.3, 0.5, 0.7, 0.6, 0.8, 0.9],
]
N = 20


def counts(shares):
    """Return how many of the networks are right (epoch, example); shares (example, epoch)."""
    return np.rint(np.array(shares).T * N).astype(np.uint8)


@pytest.mark.parametrize("seed", range(5))
def test_the_pure_patterns_are_found_among_others(seed):
    order = np.random.default_rng(seed).permutation(len(PURE) + len(OTHERS))
    found = example_patterns(counts([*PURE.values(), *OTHERS])[:, order], N, chance=0.2)
    assert list(found) == list(PURE)
    assert [order[example.index] for example in found.values()] == list(range(len(PURE)))


def test_blocks_of_examples_do_not_matter(monkeypatch):
    n_right = np.random.default_rng(0).integers(0, N + 1, (20, 50), dtype=np.uint8)
    whole = example_patterns(n_right, N, chance=0.2)
    monkeypatch.setattr(patterns, "EXAMPLES_AT_ONCE", 7)
    assert example_patterns(n_right, N, chance=0.2) == whole
    assert example_patterns(xr.DataArray(n_right), N, chance=0.2) == whole


def test_fits_of_pure_patterns_by_hand():
    found = example_patterns(counts(list(PURE.values())), N, chance=0.2)
    fits = [example.fit for example in found.values()]
    # The rise of 0.8; the whole of 0.2 lost, then up to 1; all 0; a range of 0.1; from 1 to 0.
    assert fits == pytest.approx([0.8, 1, 1, 0.75, 1], abs=0.001)


def test_examples_of_one_kind_fit_the_other_patterns_badly():
    found = example_patterns(counts([PURE["jumps to 1 in one epoch"]] * 9), N, chance=0.2)
    assert len({example.index for example in found.values()}) == 5
    assert found["jumps to 1 in one epoch"].fit == pytest.approx(0.8)
    for pattern in ("dips, then rises to 1", "falls fast to 0", "high, then falls to 0"):
        assert found[pattern].fit == pytest.approx(0, abs=1e-9)


def test_a_dip_from_below_chance_is_only_part_of_one():
    rises = counts([[0.05, 0, 1, 1, 1], [0.1, 0, 1, 1, 1], *[[0, 0, 1, 1, 1]] * 3])
    found = example_patterns(rises, N, chance=0.2)["dips, then rises to 1"]
    assert found.index == 1
    assert found.fit == pytest.approx(0.5)


def test_what_is_high_after_the_first_epochs_has_not_fallen_fast():
    rows = [[0.3, *[0] * 6, 0.9], [0.45] * 8, [0.2] * 4 + [1] * 4, [0.2, *[0.6] * 4, 0, 0, 0]]
    fits = pattern_fits(counts([*rows, [0.3, *[0] * 7]]), N, chance=0.2)
    # 1 less the highest from epoch 3 of 7 on.
    falls = fits[list(PURE).index("falls fast to 0")]
    assert falls == pytest.approx([0.1, 0.55, 0, 0.4, 1], abs=0.001)
    long = [[0.2, *[0.9] * 9, *[0.1] * 20], [0.2, *[0.9] * 10, *[0.1] * 19]] + [[0.2] * 30] * 3
    falls = pattern_fits(counts(long), N, chance=0.2)[list(PURE).index("falls fast to 0")]
    assert falls[:2] == pytest.approx([0.9, 0.1], abs=0.001)


def test_constant_is_a_range_of_at_most_0_2_whatever_the_level():
    """A straight rise from 0.3 to 0.7 is not constant; what stays at 1 or at 0 is."""
    rows = [[level] * 9 for level in (0, 0.5, 1)]
    rows += [np.linspace(0.3, 0.7, 9), [0.2, 0.4, 0.4, 0.4, 0.3, 0.4, 0.4, 0.4, 0.4]]
    fits = pattern_fits(counts(rows), N, chance=0.2)[list(PURE).index("stays constant")]
    assert fits == pytest.approx([1, 1, 1, 0, 0.5])


@given(st.integers(3, 9), st.integers(5, 9), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_always_five_different_examples_with_fits_in_0_to_1(epochs, examples, networks, seed):
    generator = np.random.default_rng(seed)
    right = generator.integers(0, networks, size=(epochs, examples), endpoint=True)
    found = example_patterns(right, networks, chance=0.2)
    assert len({example.index for example in found.values()}) == 5
    assert all(-1e-6 <= example.fit <= 1 + 1e-6 for example in found.values())


@pytest.mark.parametrize("epochs, examples", [(2, 10), (10, 4)])
def test_too_little_to_show_five_patterns_is_refused(epochs, examples):
    found = f"at least 5 examples and 2 epochs .* st_vgg has {examples} and {epochs - 1};"
    with pytest.raises(InputError, match=found):
        check_for_patterns("st_vgg", np.arange(epochs), examples)
