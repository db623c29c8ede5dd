import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from created_equal.errors import InputError
from created_equal.figures.figure_02 import draw, six_epochs


def trained_for(epochs: int) -> xr.Dataset:
    return xr.Dataset(coords={"epoch": range(epochs + 1)})


@pytest.mark.parametrize(
    ("last", "chosen"),
    [(5, [0, 1, 2, 3, 4, 5]), (20, [0, 1, 2, 4, 9, 20]), (100, [0, 1, 3, 10, 32, 100])],
)
def test_six_epochs_by_hand(last, chosen):
    assert six_epochs(trained_for(last)) == chosen


@given(st.integers(5, 500))
def test_six_epochs_rise_from_the_first_to_the_last(last):
    chosen = six_epochs(trained_for(last))
    assert chosen == sorted(set(chosen))
    assert (len(chosen), chosen[0], chosen[1], chosen[-1]) == (6, 0, 1, last)


def test_panels_show_the_test_set_in_order(scores):
    epochs = [0, 1, 3, 5, 8, 12]
    figure = draw(scores, "Digits", "small_st_vgg", epochs)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    for letter, epoch, title in zip("abcdef", epochs, titles, strict=True):
        value = float(scores["bimodality"].sel(epoch=epoch, split="test"))
        assert title.startswith(f"({letter}) epoch {epoch}\nbi-modality {value:.2f}\n(")
    heights = [sum(bar.get_height() for bar in axes.patches) for axes in figure.axes]
    assert heights == pytest.approx([1] * 6)


def test_too_few_epochs(ensemble):
    with pytest.raises(InputError, match="6 epochs, but 5 were recorded; train for at least 5"):
        draw(ensemble(epochs=4), "Digits", "small_st_vgg")


def test_no_bar_is_cut_off_where_ensembles_differ_in_size(scores, ensemble):
    steps = ensemble(networks=20, epochs=4)
    figure = draw(scores, "Digits", "small_st_vgg", None, {"first steps": steps})
    for axes in (each for each in figure.axes if each.axison):
        low, high = axes.get_xlim()
        assert low <= -0.5 / 8 and high >= 1 + 0.5 / 8
        assert all(low <= bar.get_x() <= high - bar.get_width() for bar in axes.patches)


def test_steps_are_shown_below_the_epochs(scores, ensemble):
    steps = ensemble(epochs=4).assign_coords(epoch=[0, 1, 2, 5, 25])
    figure = draw(scores, "Digits", "small_st_vgg", None, {"first steps": steps})
    titles = [axes.get_title(loc="left").splitlines()[0] for axes in figure.axes if axes.axison]
    below = ["(g) after step 1", "(h) after step 2", "(i) after step 5", "(j) after step 25"]
    assert titles[6:] == below
    value = float(steps["bimodality"].sel(epoch=25, split="test"))
    assert f"bi-modality {value:.2f}\n(" in figure.axes[9].get_title(loc="left")
    assert "first steps, N = 8 networks, after mini-batches, not" in figure.get_suptitle().replace(
        "\n", " "
    )
