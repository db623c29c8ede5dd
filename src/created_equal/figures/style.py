"""The look of all figures, and the layout and texts of a page."""

import logging
import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import cache, wraps
from pathlib import Path
from textwrap import fill

import matplotlib.style
import numpy as np
import xarray as xr
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from created_equal.errors import InputError
from created_equal.scores import Correlation, learning_problem, p_words

log = logging.getLogger(__name__)

STYLE = Path(__file__).with_name("created_equal.mplstyle")
# Seaborn's palette "colorblind". Importing seaborn would double the time to start a figure.
PALETTE = (
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"),
    *("#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
)
GRAY = "0.35"
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D", "v")
SPLIT_COLORS = {"train": PALETTE[0], "test": PALETTE[1]}
PAGE_WIDTH = 7.2  # inches
# The figure that ``page`` returns; None for a new one.
_ON: ContextVar[FigureBase | None] = ContextVar("on", default=None)
CONSISTENCY = "consistency (fraction of the networks that are right)"


def styled(function: Callable) -> Callable:
    """Run a function in the project's matplotlib style, ignoring the user's settings.

    The function gets another argument, ``on``: a figure, a subfigure, or axes in a grid (which are
    replaced) to draw on in place of a new page.
    """

    @wraps(function)
    def run_in_style(*args, on: FigureBase | Axes | None = None, **kwargs):
        with matplotlib.style.context(STYLE, after_reset=True):
            token = _ON.set(None if on is None else _panel_of(on))
            try:
                result = function(*args, **kwargs)
            finally:
                _ON.reset(token)
            if isinstance(result, FigureBase):
                show_all_characters(result)
            return result

    return run_in_style


def _panel_of(target: FigureBase | Axes) -> FigureBase:
    """Return the figure or subfigure to draw on; axes are replaced by a subfigure."""
    if not isinstance(target, FigureBase | Axes):
        raise InputError(
            f"on is of the type {type(target).__name__}; give a figure, a subfigure, or one of the "
            "axes of a grid."
        )
    figure = target.figure if isinstance(target, Axes) else target
    if not isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        raise InputError(
            "the figure to draw on has no constrained layout, and texts would overlap; make it "
            'with layout="constrained".'
        )
    if not isinstance(target, Axes):
        return target
    place = target.get_subplotspec()
    if place is None:
        raise InputError(
            "the axes to draw on are not in a grid; make them with subplots, or give a subfigure."
        )
    target.remove()
    return figure.add_subfigure(place)


def show_all_characters(figure: FigureBase) -> None:
    """Show characters that the style's font lacks in other installed fonts, or else as U+732B.

    matplotlib would draw all of them as the same placeholder.
    """
    texts = figure.findobj(Text)
    families, spelt_out = _fonts_for("".join(text.get_text() for text in texts))
    if len(families) == 1 and not spelt_out:
        return
    for text in texts:
        text.set_text(text.get_text().translate(spelt_out))
        text.set_fontfamily(families)
    if spelt_out:
        log.warning(
            "no installed font has the characters %s, which are spelt out; install one that has, "
            "such as Noto Sans CJK, and render the figure again",
            ", ".join(sorted(spelt_out.values())),
        )


def _fonts_for(text: str) -> tuple[list[str], dict[int, str]]:
    """Return the fonts that a text needs, and replacements for characters that no font has."""
    missing = {ord(each) for each in text if each != "\n"}
    missing -= _characters(font_manager.findfont("DejaVu Sans"))
    families = ["DejaVu Sans"]
    fonts = font_manager.fontManager.ttflist if missing else []
    for font in sorted(fonts, key=lambda each: each.name):
        # matplotlib's own last resort has only placeholders.
        is_usable = font.style == "normal" and not font.name.startswith("Last Resort")
        found = missing & _characters(font.fname) if is_usable else set()
        if found:
            families.append(font.name)
            missing -= found
    return families, {character: f"U+{character:04X}" for character in missing}


def drawn_length(text: str) -> float:
    """Return the width of a line of text, in widths of the letter x of the same size.

    Characters that no font has are spelt out, see ``show_all_characters``.
    """
    families, spelt_out = _fonts_for(text)
    font = font_manager.get_font([font_manager.findfont(family) for family in families])
    font.set_size(100, 72)
    widths = []
    for line in (text.translate(spelt_out), "x"):
        font.set_text(line)
        widths.append(font.get_width_height()[0])
    return widths[0] / widths[1]


@cache
def _characters(font: str) -> frozenset[int]:
    """Return the characters that a font file has; none of a bitmap font, which cannot be scaled."""
    try:
        face = font_manager.get_font(font)
        return frozenset(face.get_charmap()) if face.scalable else frozenset()
    except (OSError, RuntimeError):  # The font was removed, or cannot be read.
        return frozenset()


def filled(color: str, hatch: str = "") -> dict:
    """Return the look of a bar."""
    return {"facecolor": color, "hatch": hatch, "hatchcolor": "0.15"}


# The edges of bars, and the looks of two groups of bars.
EDGES = {"edgecolor": "white", "linewidth": 0.3}
PAIR = filled(PALETTE[0]), filled(PALETTE[3], "////")


def page(height: float) -> Figure:
    """Return an empty figure as wide as a page and ``height`` inches high.

    If there is a figure to draw on (see ``styled``), that one is returned.
    """
    if (given := _ON.get()) is not None:
        return given
    # It is not registered with pyplot, so it need not be closed.
    return Figure(figsize=(PAGE_WIDTH, height), layout="constrained")


def _fill(figure: FigureBase, text: str, width: int) -> str:
    """Break a text into lines of ``width`` characters, or fewer if the figure is narrow."""
    share = figure.bbox.width / figure.figure.dpi / PAGE_WIDTH
    kept = text.replace(" = ", "\u00a0=\u00a0")  # Sides of an equation stay on one line.
    lines = fill(kept, max(20, round(width * share)), break_on_hyphens=False)
    return lines.replace("\u00a0=\u00a0", " = ")


def heading(figure: Figure, title: str, details: str, ensembles: Mapping[str, xr.Dataset]) -> None:
    """Write the study's title, the details, and a warning for each ensemble that did not learn.

    The scores in ``ensembles`` have all epochs, not only those that are shown.
    """
    warnings = [
        f"Warning: {name} {problem}."
        for name, scores in ensembles.items()
        if (problem := learning_problem(scores))
    ]
    lines = [_fill(figure, title, 90)]
    lines += [_fill(figure, text, 94) for text in (details, *warnings)]
    figure.suptitle("\n".join(lines), x=0.01, ha="left", linespacing=1.4)


def footing(figure: Figure, *paragraphs: str) -> None:
    """Write below all panels: the label of a shared x axis, if any, and a reading guide."""
    text = "\n\n".join(_fill(figure, paragraph, 105) for paragraph in paragraphs)
    figure.supxlabel(text, linespacing=1.2)


def footing_of_legend(
    figure: Figure, text: str, handles: Sequence[Artist], columns: int = 1
) -> None:
    """Write below all panels a reading guide, and below that a legend."""
    figure.legend(
        handles=handles,
        title="\n".join(_fill(figure, line, 105) for line in text.splitlines()),
        loc="outside lower center",
        ncols=columns,
        handleheight=1.4,
        handlelength=2.2,
    )


def curve(
    axes: Axes,
    x: np.ndarray,
    y: np.ndarray,
    number: int,
    marks: int,
    band: tuple[np.ndarray, np.ndarray] | None = None,
    **look,
) -> None:
    """Draw a curve in the look of this number, with about ``marks`` markers, over its band."""
    color = PALETTE[number]
    if band is not None:
        axes.fill_between(x, *band, color=color, alpha=0.2, linewidth=0)
    every = max(1, len(x) // marks)
    look |= {"linestyle": LINE_STYLES[number], "marker": MARKERS[number], "markevery": every}
    axes.plot(x, y, color=color, **look)


def accessibility_points(
    axes: Axes, points: Mapping[str, Sequence[np.ndarray]], labels: tuple[str, str]
) -> None:
    """Draw the examples of each split by two accessibility scores, and a line of equal scores.

    ``points`` has both scores (example,) by split; ``labels`` says what they are of.
    """
    for split, (x, y) in points.items():
        color, is_train = SPLIT_COLORS[split], split == "train"
        axes.plot(
            x,
            y,
            linestyle="",
            marker="o" if is_train else "s",
            markersize=3,
            markeredgewidth=0.4,
            markeredgecolor=color,
            markerfacecolor=color if is_train else "none",
            alpha=max(0.05, min(0.7, 400 / len(x))),
            rasterized=True,
            label=f"{split} set",
        )
    axes.plot([0, 1], [0, 1], color=GRAY, linestyle="--", linewidth=0.9, gid="equal")
    axes.set(xlabel=f"accessibility, {labels[0]}", ylabel=f"accessibility, {labels[1]}")
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), box_aspect=1)


def legend_of(plot: Axes, axes: Axes, **look) -> None:
    """Fill a panel with the legend of another, with opaque markers."""
    axes.set_axis_off()
    legend = axes.legend(*plot.get_legend_handles_labels(), borderpad=0, **look)
    for handle in legend.legend_handles:
        handle.set_alpha(1)


def epoch_axis(axes: Axes) -> None:
    """Label the x axis as epochs, with integer ticks."""
    axes.set_xlabel("epoch (0: untrained)")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, integer=True, steps=[1, 2, 5, 10]))


def chance(scores: xr.Dataset) -> float:
    """Return the accuracy at chance, 1/K."""
    return 1 / scores.attrs["classes"]


def mark_chance(axes: Axes, scores: xr.Dataset, vertical: bool = False) -> None:
    """Draw a dashed line at chance, 1/K."""
    draw = axes.axvline if vertical else axes.axhline
    draw(chance(scores), color=GRAY, linestyle="--", linewidth=0.9, gid="chance")


def chance_words(scores: xr.Dataset) -> str:
    """Return a sentence that explains the line of ``mark_chance``."""
    return f"Dashed: chance, 1/{scores.attrs['classes']}."


def wrap_name(name: str, width: int) -> str:
    """Break a name after underscores and spaces into lines of at most ``width`` characters."""
    lines = [""]
    for part in re.split("(?<=[_ ])", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def describe(ensemble: str, scores: xr.Dataset, epochs: Sequence[int] = ()) -> str:
    """Return, for example, ``"st_vgg, N = 20 networks, epochs 0, 1 and 20"``."""
    n_networks = scores.sizes["network"]
    text = f"{ensemble}, N = {n_networks} network" + ("s" if n_networks != 1 else "")
    if len(epochs):
        shown = ", ".join(str(epoch) for epoch in epochs[:-1])
        text += f", epochs {shown} and {epochs[-1]}" if shown else f", epoch {epochs[-1]}"
    return text


def describe_all_epochs(ensemble: str, scores: xr.Dataset, first: int) -> str:
    """Return, for example, ``"st_vgg, N = 20 networks, epochs 1 to 20"``, from ``first`` on."""
    epochs = scores["epoch"].values
    shown = epochs[epochs >= first]
    return f"{describe(ensemble, scores)}, epochs {shown[0]} to {shown[-1]}"


def correlation_words(found: Correlation) -> str:
    """Return, for example, ``"r = 0.982 (0.975 to 0.986), p ≤ 10⁻⁴⁹"``."""
    if math.isnan(found.r):
        return "r undefined (too few examples, or a score is constant)"
    interval = f"({found.lower:.3f} to {found.upper:.3f})"
    return f"r = {found.r:.3f} {interval}, {p_words(found.log10_p)}"
