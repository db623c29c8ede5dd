import math
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure

from created_equal.claims.claim import BEYOND, read_claims
from created_equal.claims.page import STYLES, number_words, write_page

VOID = {"meta", "br", "wbr"}


class Reader(HTMLParser):
    """Collect the text of a page by cell; fail on mismatched tags."""

    def __init__(self):
        super().__init__()
        self.open, self.cells, self.badges, self.links = [], [], [], []
        self.within_word = False

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.links += [attributes[key] for key in ("src", "href") if key in attributes]
        if tag == "td":
            self.cells.append("")
        if tag == "span":
            self.badges.append((attributes["class"], ""))
        if tag not in VOID:
            self.open.append(tag)
        self.within_word = tag == "wbr"

    def handle_endtag(self, tag):
        self.within_word = False
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "td" in self.open:
            self.cells[-1] += data if self.within_word else f" {data}"
        if "span" in self.open:
            self.badges[-1] = (self.badges[-1][0], data)


def page_of(rows, folder, title="Digits & more", note="", warnings=()):
    write_page(rows, title, note, warnings, folder / "claims.html")
    text = (folder / "claims.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return text, reader


def test_a_line_shows_the_paper_s_number_ours_the_nulls_and_the_verdict(measured, tmp_path):
    _, reader = page_of([measured], tmp_path)
    verdict, claim, paper, ours, nulls, networks = reader.cells
    assert "One, and the other." in claim and "Fig 4b" in claim and "Pearson's r" in claim
    assert "0.87 on other data" in paper and "at least 0.85" in paper and "several" in paper
    assert "0.82" in ours and "0.774 to 0.868  over examples and networks, test examples" in ours
    assert "crosses the limit" in ours and "p ≤ 10⁻¹²²" in ours
    assert "0.84  by rank" in ours and "0.81  within classes" in ours
    assert "0.019" in nulls and "independent networks" in nulls
    assert "class means alone" not in nulls
    assert "20 networks (the paper: 22)" in networks and " epochs 1 to 20" in networks
    assert "expected of 22 networks: 0.831" in networks and "needed" not in networks
    mixed = page_of([replace(measured, precision="bf16, fp32")], tmp_path)[1].cells
    assert "bf16, fp32" in mixed[5]
    single = page_of([replace(measured, epochs="7", verdict="reproduced")], tmp_path)[1].cells
    assert " epoch 7" in single[5]
    assert verdict.split(maxsplit=3)[:3] == ["does", "not", "hold"]
    assert "toy" in verdict and "another verdict at 2 of the tolerance" in verdict


def test_a_row_that_holds_under_a_null_names_it_and_one_of_too_few_says_how_many(
    measured, tmp_path
):
    row = replace(
        measured,
        verdict="holds, and under a null too",
        also_under="classes_kept",
        classes_kept=0.9,
        networks=3,
        by_networks="2: 0.7",
        free_of_networks="two networks agree on 0.83",
    )
    cells = page_of([row], tmp_path)[1].cells
    assert "0.9  networks that share only the classes:  enough for the claim" in cells[4]
    assert "independent networks:" not in cells[4]
    assert "3 networks (the paper: 22)" in cells[5] and "needed" not in cells[5]
    few = page_of([replace(row, verdict="too few networks")], tmp_path)[1].cells
    assert "3 networks (the paper: 22), 5 needed" in few[5]
    assert "by number: 2: 0.7" in cells[5] and "two networks agree on 0.83" in cells[5]


def test_counts_are_of_the_paper_s_rows_that_hold_beyond_the_nulls_and_of_no_other_reading(
    measured, tmp_path
):
    rows = [
        replace(
            measured,
            verdict="holds",
            conclusion="verified",
            stable="yes",
            turns_at="",
            by_chance=0.4,
        ),
        replace(
            measured,
            verdict="holds",
            conclusion="verified",
            turns_at="1/2, 2",
            tolerance="ours, set after a look",
        ),
        replace(measured, verdict="reproduced", reading_of="another"),
        replace(measured, verdict="holds, and under a null too", turns_at="1/2", by_chance=0.7),
        replace(measured, verdict="holds", section=f"{BEYOND}, and not counted above", by_chance=1),
    ]
    text, reader = page_of(rows, tmp_path)
    assert "<p>Conclusions: 2 verified, 1 toy.</p>" in text
    assert "2 of 3 claims hold beyond their nulls (0 of these, such as accuracies," in text
    assert "claims that networks do <i>not</i> agree, it is 2." in text
    assert "would change at half the tolerance: 2; at twice: 1. Intervals that cross the" in text
    assert (
        "cross the limit: 2. Verdicts expected to change with other images and networks: 1." in text
    )
    assert "Limits set after a look at the study digits: 1.</p>" in text
    above = text.partition("<table>")[0]
    assert "<li>2 " in above and "<li>1 " in above and "reproduced</span></li>" not in above
    assert "not counted: another counts in its place" in reader.cells[12]


def test_what_was_not_measured_says_why(missing, tmp_path):
    _, reader = page_of([missing], tmp_path)
    assert "no number" in reader.cells[2]
    assert reader.cells[3].strip() == "–"
    assert "the study has no figure_05.linear." in reader.cells[5]
    assert reader.cells[0].split() == ["not", "measured", "inconclusive"]


def test_names_break_where_their_words_end(measured, missing, tmp_path):
    note = "the study has no moved_examples.ensemble, at 0.5."
    text, reader = page_of([replace(missing, note=note)], tmp_path)
    assert "moved_<wbr>examples.<wbr>ensemble, at 0.5." in text
    assert reader.cells[5].strip() == note
    text, _ = page_of([replace(measured, ensembles="st_vgg, variation_width_0_5")], tmp_path)
    assert "st_<wbr>vgg, variation_<wbr>width_0_5" in text


def test_verdicts_differ_in_colour_and_in_words(measured, tmp_path):
    rows = [replace(measured, verdict=verdict) for verdict in STYLES]
    text, reader = page_of(rows, tmp_path)
    assert set(reader.badges) == {(f"verdict {look}", words) for words, look in STYLES.items()}
    colours = [text.split(f".{look} {{")[1].split("}")[0] for look in set(STYLES.values())]
    assert len(set(colours)) == len(set(STYLES.values())) == 5


def test_the_page_needs_no_other_file_and_escapes_what_it_shows(measured, tmp_path):
    text, reader = page_of([replace(measured, claim="a < b & c.")], tmp_path)
    assert reader.links == []
    assert "http" not in text and "<script src" not in text
    assert "a &lt; b &amp; c." in text
    assert "<title>The paper's claims: Digits &amp; more</title>" in text


@pytest.mark.parametrize("figures", ["results/digits", "paper_figures/digits"])
def test_rows_are_filtered_and_figures_that_are_there_are_linked(
    measured, missing, tmp_path, browser, figures
):
    rows = [
        replace(measured, section="4", id="figure_04b_order"),
        replace(
            measured, section="4", id="figure_06b_order", verdict="holds", conclusion="verified"
        ),
        replace(missing, section="5", id="supplement_c_pair"),
    ]
    for folder in ("results/digits", figures):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    Figure(figsize=(1, 1)).savefig(tmp_path / figures / "figure_04.png")
    page_of(rows, tmp_path / "results/digits")
    page, errors, requests = browser.new_page(), [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: requests.append(request.url))
    page.goto((tmp_path / "results/digits/claims.html").as_uri())
    links = page.locator("h2 a:visible")
    links.wait_for()
    assert links.all_inner_texts() == ["figure 4"]
    assert links.evaluate("(link) => link.href") == (tmp_path / figures / "figure_04.png").as_uri()
    # The browser reports files that are not there in its console.
    assert ("figure_04" in " ".join(requests)) == (figures == "results/digits")
    options = page.locator("select option").all_inner_texts()
    assert options[:2] == ["all that were measured", "all claims"]
    assert options[2:5] == ["does not hold", "holds", "not measured"]
    assert options[5:] == ["toy", "verified", "inconclusive"]

    def shown():
        return page.locator("tr[id]:visible").evaluate_all("(rows) => rows.map(({ id }) => id)")

    assert shown() == [row.id for row in rows if row.verdict != "not measured"]
    page.locator("select").select_option("holds")
    assert shown() == ["figure_06b_order"]
    assert page.locator("h2:visible").count() == 1
    page.locator("select").select_option("inconclusive")
    assert shown() == ["supplement_c_pair"]
    page.locator("select").select_option("verified")
    assert shown() == ["figure_06b_order"]
    page.locator("select").select_option("all claims")
    assert shown() == [row.id for row in rows]
    page.close()
    assert errors == []


def test_a_phone_shows_text_of_a_size_to_read_and_paper_the_whole_table(
    measured, tmp_path, browser
):
    page_of([measured], tmp_path)
    phone = browser.new_page(viewport={"width": 390, "height": 844}, is_mobile=True)
    phone.goto((tmp_path / "claims.html").as_uri())
    assert phone.evaluate("[innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    phone.close()
    paper = browser.new_page(viewport={"width": 718, "height": 1000})
    paper.goto((tmp_path / "claims.html").as_uri())
    paper.emulate_media(media="print")
    cell = paper.locator("td").last.bounding_box()
    assert cell["x"] + cell["width"] <= 718
    reading = paper.get_by_text("Pearson's measure of bi-modality")
    assert not reading.is_visible()
    paper.pdf()
    assert reading.is_visible(), "on paper, there is nothing to click"
    paper.close()


def test_the_note_of_the_study_is_above_the_table(measured, tmp_path):
    text, _ = page_of([measured], tmp_path, note="No evidence: p < 1.")
    assert 0 < text.index("<b>No evidence: p &lt; 1.</b>") < text.index("<table>")
    assert "<b></b>" not in page_of([measured], tmp_path)[0]


def test_warnings_are_above_the_table(measured, tmp_path):
    warning = "digits/hardest_fifth did not learn: accuracy < chance."
    text, _ = page_of([measured], tmp_path, warnings=[warning])
    above, _, _ = text.partition("<table>")
    assert "<b>Warning:</b> digits/hardest_fifth did not learn: accuracy &lt; chance.</p>" in above
    assert "<b>Warning:</b>" not in page_of([measured], tmp_path)[0]


def test_sections_are_in_the_order_of_the_paper(measured, tmp_path):
    claims = read_claims()
    rows = [replace(measured, id=claim.id, section=claim.section) for claim in claims]
    text, reader = page_of(rows, tmp_path)
    sections = [part.split("</h2>")[0] for part in text.split("<h2>")[1:]]
    assert sections == list(dict.fromkeys(row.section for row in rows))
    assert [section[0] for section in sections] == ["3", "4", "4", "5", "6", "S"]
    assert len(reader.cells) == 6 * len(rows)
    assert all(f'<tr id="{row.id}" ' in text for row in rows)


def test_one_network_or_random_state_is_not_two(measured, tmp_path):
    _, reader = page_of(
        [
            replace(
                measured,
                ensembles="baselines/svm",
                networks=1,
                paper_networks=None,
                lower=math.nan,
                fewest_networks=1,
            ),
            replace(measured, networks=1, paper_networks=1, fewest_networks=1),
            replace(measured, networks=6, paper_networks=None),
        ],
        tmp_path,
    )
    assert "1 random state " in reader.cells[5] + " "
    assert "no interval over test examples" in reader.cells[3]
    assert "1 network " in reader.cells[11] + " " and "(the paper" not in reader.cells[11]
    assert "6 networks " in reader.cells[17] and "(the paper" not in reader.cells[17]


@pytest.mark.parametrize(
    "value, words",
    [
        (0.87, "0.87"),
        (0.8204, "0.82"),
        (1.0, "1"),
        (0.0, "0"),
        (-0.0001, "0"),
        (-0.134, "−0.134"),
        (12.04, "12"),
        (100.0, "100"),
        (1234.56, "1234.6"),
        (0.055, "0.055"),
    ],
)
def test_numbers_in_words(value, words):
    assert number_words(value) == words
