"""The claims as a page of the report: one HTML file that needs no other."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path

from created_equal.artefacts import write_atomically
from created_equal.claims.check import Row
from created_equal.scores import SMALLEST_LOG10_P
from created_equal.study import BASELINE_PREFIX as BASELINES

STYLES = {
    "reproduced": "yes",
    "not reproduced": "no",
    "direction only: holds": "holds",
    "direction only: does not hold": "fails",
    "too few networks: would be met": "few",
    "too few networks: would not be met": "few",
    "not measured": "none",
}
"""The class of the look of each verdict."""
NULLS = {
    "independent_networks": "independent networks",
    "shuffled_within_class": "shuffled within class",
    "class_means": "class means alone",
    "within_class": "without class means",
}
COLUMNS = {"Verdict": 12, "Claim": 29, "Paper": 9, "Ours": 20, "Nulls": 15, "Rests on": 15}
"""The words above each column, and its width in hundredths of the page's."""
CSS = """
body { font: 14px/1.45 system-ui, sans-serif; color: #1a1a1a; margin: 1.5rem; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
p { max-width: 60rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; table-layout: fixed; width: 100%; min-width: 52rem }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem;
         border-bottom: 1px solid #ddd }
th { font-weight: 600; border-bottom: 2px solid #888 }
td { overflow-wrap: break-word; font-variant-numeric: tabular-nums }
small { color: #555; display: block }
small b { color: #1a1a1a; font-size: 1.1em; font-weight: normal }
.verdict { display: inline-block; padding: .1rem .5rem; border-radius: .3rem; font-weight: 600;
           border: 1px solid; line-height: 1.3 }
.warning { border-left: .3rem solid #7d4100; padding-left: .6rem; max-width: 60rem }
ul.counts { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem 1.5rem }
.yes { background: #d5eddb; color: #0b5226; border-color: #0b5226 }
.no { background: #f9d7d3; color: #8a1c10; border-color: #8a1c10 }
.holds { background: #dcebf7; color: #0f4b7a; border-color: #0f4b7a }
.fails { background: #fbe6cf; color: #7d4100; border-color: #7d4100 }
.few { background: #f3efd2; color: #5c5000; border-color: #5c5000 }
.none { background: #eee; color: #555; border-color: #999 }
"""
READING = """
<p>Each claim is tested by one statistic. <b>Paper</b>: its number, if it gives one, and below it
what counts as borne out. <b>Ours</b>: the value, and below it its 95 % bootstrap intervals: over
examples, which says what other images would have given, and over networks, which says what other
seeds would have given; where one reaches over the limit of what counts, it says so. The p of a
correlation takes examples for independent. <b>Nulls</b>:
what the same statistic gives for networks that err independently, each as accurate as it is; with
the examples of each class shuffled; for a classifier that knows only each class's mean image; and,
of a correlation, what is left of it without the classes' means.</p>
<p><b>Verdicts</b>: reproduced or not reproduced, where the paper has a number for this data set and
at least its number of networks was trained; too few networks otherwise, which is never called
reproduced; direction only, where the paper has no number or none for this data set; not measured,
where the study lacks what it takes.</p>
"""


def write_page(
    rows: Sequence[Row], title: str, note: str, warnings: Sequence[str], path: Path
) -> None:
    """Write claims.html: note and warnings, then the rows grouped by the paper's sections.

    Args:
        rows: from ``check_claims``.
        title: the study's title.
        note: the study's; "" for none.
        warnings: of ensembles that did not learn, from ``Evidence.warnings``.
        path: where.

    Raises:
        InputError: the place cannot be written to.
    """
    sections = "".join(
        _section(name, list(group)) for name, group in groupby(rows, lambda row: row.section)
    )
    counts = Counter(row.verdict for row in rows)
    summary = "".join(
        f"<li>{counts[verdict]} {_badge(verdict)}</li>" for verdict in STYLES if counts[verdict]
    )
    noted = f"<p><b>{escape(note)}</b></p>\n" if note else ""
    warned = "".join(
        f'<p class="warning"><b>Warning:</b> {escape(each)}</p>\n' for each in warnings
    )
    heading = f"The paper's claims: {escape(title)}"
    page = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{heading}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f'<h1>{heading}</h1>\n{noted}<ul class="counts">{summary}</ul>\n{warned}{READING}'
        f"{sections}</body>\n</html>\n"
    )
    write_atomically(path, page.encode())


def _section(name: str, rows: Sequence[Row]) -> str:
    return (
        f'<h2>{escape(name)}</h2>\n<div class="wide"><table>\n<tr>'
        + "".join(f'<th style="width: {width}%">{words}</th>' for words, width in COLUMNS.items())
        + "</tr>\n"
        + "".join(map(_line, rows))
        + "</table></div>\n"
    )


def _line(row: Row) -> str:
    cells = (_badge(row.verdict), _claim(row), _paper(row), _ours(row), _nulls(row), _basis(row))
    columns = "".join(f"<td>{cell}</td>" for cell in cells)
    return f'<tr id="{escape(row.id)}">{columns}</tr>\n'


def _claim(row: Row) -> str:
    return (
        f"{escape(row.claim)}<small>{escape(row.where)}: {escape(row.statistic)}</small>"
        f"<small><code>{_breakable(row.id)}</code></small>"
    )


def _paper(row: Row) -> str:
    number = "no number" if math.isnan(row.paper) else number_words(row.paper)
    if row.verdict.startswith("direction only") and not math.isnan(row.paper):
        number += "<small>on other data</small>"
    return f"{number}<small>{escape(row.tolerance)}</small>"


def _ours(row: Row) -> str:
    if math.isnan(row.value):
        return "–"
    lines = [
        _interval(row.examples_lower, row.examples_upper, f"{escape(row.examples)} examples"),
        _interval(row.networks_lower, row.networks_upper, "networks"),
    ]
    if row.interval_agrees == "no":
        lines.append("<em>an interval reaches over the limit</em>")
    if not math.isnan(row.log10_p):
        lines.append(p_words(row.log10_p))
    return f"<strong>{number_words(row.value)}</strong>" + "".join(
        f"<small>{line}</small>" for line in lines
    )


def _interval(lower: float, upper: float, over: str) -> str:
    if math.isnan(lower):
        return f"no interval over {over}"
    return f"<b>{number_words(lower)} to {number_words(upper)}</b> over {over}"


def _nulls(row: Row) -> str:
    values = {words: getattr(row, name) for name, words in NULLS.items()}
    return "".join(
        f"<small><b>{number_words(value)}</b> {words}</small>"
        for words, value in values.items()
        if not math.isnan(value)
    )


def _basis(row: Row) -> str:
    if row.networks is None:
        return _breakable(row.note)
    networks = f"{row.networks} network{'s' if row.networks != 1 else ''}"
    if all(name.startswith(BASELINES) for name in row.ensembles.split(", ")):
        networks = f"{row.networks} random state{'s' if row.networks != 1 else ''}"
    elif row.paper_networks is not None and row.networks < row.paper_networks:
        networks += f" (the paper: {row.paper_networks})"
    word = "epochs" if " " in row.epochs else "epoch"
    epochs = f"{word} {escape(row.epochs)}" if row.epochs else ""
    lines = (epochs, *map(_breakable, (row.ensembles, row.precision, row.note)))
    return networks + "".join(f"<small>{line}</small>" for line in lines if line)


def _breakable(names: str) -> str:
    """Return escaped text whose lines may also end in names: behind . _ : or /, before a letter."""
    return re.sub(r"(?<=[._:/])(?=[A-Za-z])", "<wbr>", escape(names))


def _badge(verdict: str) -> str:
    return f'<span class="verdict {STYLES[verdict]}">{escape(verdict)}</span>'


def p_words(log10_p: float) -> str:
    """Return a p-value as a number, or as a bound by a power of ten if it is below 0.001."""
    if log10_p >= -3:
        return f"p = {number_words(10**log10_p)}"
    sign = "<" if log10_p <= SMALLEST_LOG10_P else "≤"
    return f"p {sign} 10<sup>−{math.floor(-log10_p)}</sup>"


def number_words(value: float) -> str:
    """Return a number with three decimals, or one from ten on, without trailing zeros."""
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
    text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−") if text not in ("-0", "") else "0"
