"""The claims as a table, and as a page of the report: one HTML file without external files."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields
from html import escape
from itertools import groupby
from pathlib import Path

import pandas as pd

from created_equal.artefacts import write_atomically
from created_equal.claims.check import LEVEL, PAPER_NETWORKS, Row
from created_equal.claims.claim import BEYOND
from created_equal.look import CSS, JS
from created_equal.scores import DRAWS, NULLS, p_words
from created_equal.study import BASELINE_PREFIX

# The CSS class of each verdict.
STYLES = {
    **dict.fromkeys(("reproduced", "holds"), "yes"),
    **dict.fromkeys(("reproduced, and under a null too", "holds, and under a null too"), "null"),
    "met by choice": "null",
    **dict.fromkeys(("not reproduced", "does not hold"), "no"),
    **{f"too few networks{end}": "few" for end in (": would be met", ": would not be met", "")},
    "not measured": "none",
}
# The heading of each column, and its width in hundredths of the page's.
COLUMNS = {"Verdict": 12, "Claim": 28, "Paper": 11, "Ours": 19, "Nulls": 13, "Networks": 17}
OWN_CSS = """
h2 { margin-top: 2rem } p { max-width: 60rem } .wide { overflow-x: auto }
table { border-collapse: collapse; table-layout: fixed; width: 100%; min-width: 56rem }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem;
         border-bottom: 1px solid var(--line); overflow-wrap: break-word }
small { color: var(--muted); display: block } small b { color: var(--ink); font-weight: normal }
.verdict { display: inline-block; padding: .1rem .5rem; border-radius: .3rem; font-weight: 600;
           border: 1px solid; line-height: 1.3 }
ul.counts { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem 1.5rem }
.yes { background: #d5eddb; color: #0b5226 } .null { background: #dcebf7; color: #0f4b7a }
.no { background: #f9d7d3; color: #8a1c10 } .few { background: #f3efd2; color: #5c5000 }
.none { background: #eee; color: #555 } h2 a { font-size: 1rem }
summary { cursor: pointer; font-weight: 600 } details { margin-bottom: 1rem }
@media print { .wide { overflow: visible } table { min-width: 0 } tr { break-inside: avoid } }
"""
READING = f"""
<details>
<summary>How to read the table</summary>
<p>Each row tests a sentence of the paper by one statistic. <i>c</i>, the consistency of an
example, is the share of the networks that are right about it after an epoch. <i>a</i>, its
accessibility, is the mean of c over all trained epochs. Its <i>consensus</i> is the share of the
networks that predict its most frequent label. K is the number of classes, and N the number of
networks. An ensemble is <i>right</i> about an example if more than half of its networks are. Where
a statistic compares ensembles, the last column names the <i>first</i> and the <i>second</i>.
Pearson's measure of bi-modality is 0 if all examples have c = 0 or 1, 0.8 if c is uniform, and
about 2 for networks that err independently. <i>Phase 3</i> is every epoch after the beginning
(phase ii) at which the mean of c is 0.05 to 0.9; at other epochs nearly all c are equal.</p>
<p><b>Verdict.</b></p>
<ul>
<li><b>Reproduced</b>, or not: the paper has a number for this data set, and we have at least as
many networks.</li>
<li><b>Holds</b>, or does not: the paper has no number for this data set, so only a limit is
tested.</li>
<li><b>And under a null too</b>: what a null hypothesis assumes is enough to explain the
value.</li>
<li><b>Met by choice</b>: a setting was chosen to meet the claim.</li>
<li><b>Too few networks</b>: the statistic needs more, or the paper has more. Then "would be met"
or not is the verdict on the value expected of as many.</li>
</ul>
<p>The word below the verdict is the conclusion. On the paper's data it is <b>verified</b> or
<b>falsified</b> if the whole interval agrees and, for verified, no null meets the claim. On other
data it is <b>toy</b>. Everything else is <b>inconclusive</b>, also if networks have other settings
than the study of the paper's data has.</p>
<p><b>Paper.</b> Its number, the accepted values, and where this limit comes from. A limit without
a number of the paper or a ± is tested with two standard deviations of our value in the resamples
as its tolerance.</p>
<p><b>Ours.</b> The value and its 95 % bootstrap interval. It is over images and networks at once,
but over images alone with fewer than five networks, or without the predictions of each. For
correlations there are also: p for independent examples; the correlation by rank; without the noise
of finitely many networks; and within classes.</p>
<p><b>Nulls.</b> The same statistic under each null hypothesis. If one of these meets the claim,
what it assumes is enough to explain the value:</p>
<ul>
<li><i>independent networks</i>, as accurate as ours: accuracy is enough;</li>
<li><i>networks that share only the classes</i> (each network's examples are permuted within class
and split), or <i>examples shuffled within their class</i>: the classes are enough;</li>
<li><i>class means</i>, a classifier that knows only the mean image of each class: the distance
from it is enough.</li>
</ul>
<p>Random nulls are drawn {DRAWS} times, and their median is shown. A null meets the claim if more
than {LEVEL:.1%} of its draws do. If the claim is a mere sign, a draw meets it unless our value in
a resample is beyond the draw.</p>
<p><b>Networks.</b> N; the value for all subsets of fewer networks, and the one expected of more.
Then what hardly depends on N: how often two networks agree (kappa: beyond chance), the shares of
examples with c near 0 and near 1, and the Beta distribution of the probability of being right.</p>
</details>
"""


def write_table(rows: Sequence[Row], path: Path) -> None:
    """Write claims.csv: a line for each row, a column for each of ``Row``'s attributes.

    Numbers have six significant digits; missing ones are empty.

    Raises:
        InputError: the place cannot be written to.
    """
    # Whole numbers of which some are missing are fractions here, and whole again by their format.
    table = pd.DataFrame(rows, columns=[each.name for each in fields(Row)])
    write_atomically(path, table.to_csv(index=False, float_format="%.6g").encode())


def write_page(
    rows: Sequence[Row], title: str, note: str, warnings: Sequence[str], path: Path
) -> None:
    """Write claims.html: note, warnings and counts, then the rows by the paper's sections.

    Raises:
        InputError: the place cannot be written to.
    """
    by_section = groupby(rows, lambda row: row.section)
    sections = "".join(_section(name, list(group)) for name, group in by_section)
    noted = f"<p><b>{escape(note)}</b></p>\n" if note else ""
    warned = "".join(
        f'<p class="warning"><b>Warning:</b> {escape(each)}</p>\n' for each in warnings
    )
    heading = f"The paper's claims: {escape(title)}"
    page = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{heading}</title>\n<style>{CSS}{OWN_CSS}</style>\n</head>\n<body>\n"
        f"<h1>{heading}</h1>\n{noted}{_counts(rows)}{warned}{READING}"
        f'{sections}<script type="module">\n{JS}</script>\n</body>\n</html>\n'
    )
    write_atomically(path, page.encode())


def _counts(rows: Sequence[Row]) -> str:
    """Return how many claims have each verdict and conclusion, without other readings of them."""
    counted = [row for row in rows if not (row.reading_of or row.section.startswith(BEYOND))]
    verdicts = Counter(row.verdict for row in counted)
    items = "".join(
        f"<li>{verdicts[verdict]} {_badge(verdict)}</li>" for verdict in STYLES if verdicts[verdict]
    )
    conclusions = Counter(row.conclusion for row in counted).most_common()
    concluded = ", ".join(f"{count} {conclusion}" for conclusion, count in conclusions)
    holding = [row for row in counted if STYLES[row.verdict] == "yes"]
    beyond = [row for row in holding if not row.also_under]
    without = sum(all(math.isnan(getattr(row, null)) for null in NULLS) for row in beyond)
    at = {by: sum(by in row.turns_at.split(", ") for row in counted) for by in ("1/2", "2")}
    chance = sum(row.by_chance for row in counted if not math.isnan(row.by_chance))
    later = sum("after" in row.tolerance for row in counted)
    unstable = sum(row.stable == "no" for row in counted)
    return (
        f'<ul class="counts">{items}</ul>\n<p>Conclusions: {concluded}.</p>\n'
        f"<p>{len(beyond)} of {len(counted)} claims hold beyond their nulls ({without} of these, "
        "such as accuracies, have none); with claims that networks do <i>not</i> agree, it is "
        f"{len(holding)}. Verdicts that would change at half the tolerance: {at['1/2']}; at twice: "
        f"{at['2']}. Intervals that cross the limit: {unstable}. Verdicts expected to change with "
        f"other images and networks: {chance:.0f}. Limits set after a look at the study digits: "
        f"{later}.</p>\n"
    )


def _section(name: str, rows: Sequence[Row]) -> str:
    heads = "".join(f'<th style="width: {width}%">{of}</th>' for of, width in COLUMNS.items())
    cells = (_verdict, _claim, _paper, _ours, _nulls, _networks)
    lines = "".join(
        f'<tr id="{escape(row.id)}" data-conclusion="{row.conclusion}">'
        + "".join(f"<td>{of(row)}</td>" for of in cells)
        + "</tr>\n"
        for row in rows
    )
    table = f'<div class="wide"><table>\n<tr>{heads}</tr>\n{lines}</table></div>\n'
    return f"<h2>{escape(name)}</h2>\n{table}"


def _verdict(row: Row) -> str:
    lines = (
        row.conclusion,
        row.reading_of and f"not counted: {row.reading_of} counts in its place",
        row.turns_at and f"another verdict at {row.turns_at} of the tolerance",
        row.chosen and "a setting was chosen to meet it",
    )
    return _badge(row.verdict) + _small(map(_breakable, lines))


def _claim(row: Row) -> str:
    tested = escape(f"{row.where}: {row.statistic}")
    return escape(row.claim) + _small((tested, f"<code>{_breakable(row.id)}</code>"))


def _paper(row: Row) -> str:
    number = "no number" if math.isnan(row.paper) else number_words(row.paper)
    data = "on other data" if row.paper_data else ""
    return number + _small(map(escape, (data, row.accepted, row.tolerance)))


def _ours(row: Row) -> str:
    if math.isnan(row.value):
        return "–"
    lines = [f"no interval over {row.examples} examples"]
    if not math.isnan(row.lower):
        ends = f"{number_words(row.lower)} to {number_words(row.upper)}"
        lines = [f"<b>{ends}</b> over {row.interval_over}, {row.examples} examples"]
    if row.stable == "no":
        lines.append("<em>the interval crosses the limit</em>")
    if not math.isnan(row.log10_p):
        lines.append(p_words(row.log10_p))
    lines += _numbers(
        {"by rank": row.spearman, "without the noise of finite N": row.corrected}
        | {"within classes": row.within_class, "by rank within": row.spearman_within_class}
    )
    return f"<strong>{number_words(row.value)}</strong>" + _small(lines)


def _nulls(row: Row) -> str:
    shares = dict(each.split(maxsplit=1) for each in row.shares_under.split(", ") if each)
    met = dict.fromkeys(row.also_under.split(", "), ": <em>enough for the claim</em>")
    shown = {}
    for name, of in NULLS.items():
        share = f" (in {shares[name]} of draws)" if name in shares else ""
        shown[of + met.get(name, "") + share] = getattr(row, name)
    return _small(_numbers(shown))


def _networks(row: Row) -> str:
    if row.networks is None:
        return _breakable(row.note)
    ours = f"{row.networks} network{'s' if row.networks != 1 else ''}"
    if all(name.startswith(BASELINE_PREFIX) for name in row.ensembles.split(", ")):
        ours = f"{row.networks} random state{'s' if row.networks != 1 else ''}"
    elif row.paper_networks is not None and row.networks < row.paper_networks:
        ours += f" (the paper: {row.paper_networks})"
    if row.verdict == "too few networks":
        ours += f", {row.fewest_networks} needed"
    word = ("step" if "steps" in row.statistic else "epoch") + "s" * (" " in row.epochs)
    lines = [row.by_networks and f"by number: {row.by_networks}"]
    if not math.isnan(row.expected):
        more = row.paper_networks or PAPER_NETWORKS
        lines.append(f"expected of {more} networks: {number_words(row.expected)}")
    lines += [row.free_of_networks, row.epochs and f"{word} {row.epochs}"]
    return ours + _small(map(_breakable, (*lines, row.ensembles, row.precision, row.note)))


def _numbers(values: dict[str, float]) -> list[str]:
    return [
        f"<b>{number_words(value)}</b> {words}"
        for words, value in values.items()
        if not math.isnan(value)
    ]


def _small(lines: Iterable[str]) -> str:
    return "".join(f"<small>{line}</small>" for line in lines if line)


def _breakable(names: str) -> str:
    """Return escaped text that may also break inside names: after . _ : or /, before a letter."""
    return re.sub(r"(?<=[._:/])(?=[A-Za-z])", "<wbr>", escape(names))


def _badge(verdict: str) -> str:
    return f'<span class="verdict {STYLES[verdict]}">{escape(verdict)}</span>'


def number_words(value: float) -> str:
    """Return a number with three decimals, or one from ten on, without trailing zeros."""
    text = f"{value:z.1f}" if abs(value) >= 10 else f"{value:z.3f}"
    return text.rstrip("0").rstrip(".").replace("-", "−")
