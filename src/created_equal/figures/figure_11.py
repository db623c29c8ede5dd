"""Figure 11: five images that are learned in different ways."""

from pathlib import Path
from string import ascii_lowercase

import xarray as xr
from matplotlib.figure import Figure

from created_equal.artefacts import consistency
from created_equal.figures import style
from created_equal.figures.images import class_name, example_name, images_of, show_image
from created_equal.scores import LEAST_FIT, check_for_patterns, example_patterns

MARKS = 20


@style.styled
def draw(
    scores: xr.Dataset, dataset: xr.Dataset, title: str, ensemble: str, data_root: Path = Path()
) -> Figure:
    """Draw five images, each with its consistency over the epochs.

    ``scores.example_patterns`` finds the best example of each pattern in both splits.

    Raises:
        InputError: an epoch was not recorded, there are too few examples or epochs, or the dataset
            lacks an example.
    """
    epochs = scores["epoch"].values
    check_for_patterns(ensemble, epochs, scores.sizes["example"])
    patterns = example_patterns(scores["n_right"], scores.sizes["network"], style.chance(scores))
    names = scores["example"].values[[found.index for found in patterns.values()]]
    images = images_of(names, dataset, data_root, "figure_11", ensemble)
    figure = style.page(7.4)
    grid = figure.subplots(len(patterns), 2, width_ratios=(1, 5), sharex="col", squeeze=False)
    for number, ((pattern, found), name) in enumerate(zip(patterns.items(), names, strict=True)):
        image, axes = grid[number]
        example = scores.isel(example=found.index)
        show_image(image, images[number])
        image.set_axis_off()
        look = {"markersize": 3, "clip_on": False, "zorder": 3}
        style.curve(axes, epochs, consistency(example).values, number, MARKS, **look)
        axes.margins(x=0.02)
        style.mark_chance(axes, scores)
        axes.set(ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0", "0.5", "1"))
        axes.set_title(
            f"({ascii_lowercase[number]}) {pattern} ({fit_words(found.fit)})\nclass "
            f"{class_name(dataset, example['label'].item())}, "
            f"{example['example_split'].item()} set, {example_name(dataset, name)}"
        )
    style.epoch_axis(grid[-1, 1])
    figure.supylabel(style.CONSISTENCY)
    position = " Position: index in the source; if it has two sets, train images first."
    details = style.describe_all_epochs(ensemble, scores, epochs[0])
    style.heading(figure, title, details, {ensemble: scores})
    style.footing(
        figure,
        f"{style.chance_words(scores)} Fit: how well the example shows the pattern, from 0 to 1."
        f"{'' if 'file' in dataset else position}",
    )
    return figure


def fit_words(fit: float) -> str:
    """Return the text for an example's fit to a pattern, a warning if it is below ``LEAST_FIT``."""
    return f"fit {fit:.2f}" if fit >= LEAST_FIT else f"best fit only {fit:.2f}"
