// The page of claims: a filter by verdict or conclusion, and links to the figures of a section
// that are there.

const sections = [...document.querySelectorAll("h2")].map((heading) => {
  const table = heading.nextElementSibling;
  return { heading, table, rows: [...table.querySelectorAll("tr[id]")] };
});
const verdictOf = (row) => row.querySelector(".verdict").textContent;
const conclusionOf = (row) => row.dataset.conclusion;

function addFilter() {
  const rows = sections.flatMap((section) => section.rows);
  const select = document.createElement("select");
  select.append(
    new Option("all that were measured", "measured"),
    new Option("all claims", ""),
    optionsOf("Verdict", rows.map(verdictOf)),
    optionsOf("Conclusion", rows.map(conclusionOf)),
  );
  const isShown = {
    measured: (row) => verdictOf(row) !== "not measured",
    "": () => true,
  };
  const filter = () => {
    const shows = isShown[select.value] ??
      ((row) => [verdictOf(row), conclusionOf(row)].includes(select.value));
    for (const { heading, table, rows } of sections) {
      for (const row of rows) row.hidden = !shows(row);
      heading.hidden = table.hidden = rows.every((row) => row.hidden);
    }
  };
  select.addEventListener("input", filter);
  // A link to a row leads there, measured or not.
  if (location.hash || !rows.some(isShown.measured)) select.value = "";
  filter();
  const label = document.createElement("label");
  label.append("Show ", select);
  document.querySelector("details").after(label);
}

function optionsOf(label, words) {
  const group = document.createElement("optgroup");
  group.label = label;
  group.append(...[...new Set(words)].map((each) => new Option(each)));
  return group;
}

function figureOf({ id }) {
  if (id.startsWith("moved_")) return "moved_examples";
  if (id.startsWith("supplement_c_")) return "robustness";
  return id.match(/^figure_\d\d/)?.[0];
}

// Figures are where the workflow has them, or beside the page. An image that loads is there.
function addLinks({ heading, rows }) {
  const study = location.pathname.split("/").at(-2);
  for (const name of new Set(rows.map(figureOf).filter(Boolean))) {
    const places = [`../../paper_figures/${study}/`, ""];
    const [link, image] = [document.createElement("a"), new Image()];
    link.textContent = name.replace("_0", " ").replace("_", " ");
    link.hidden = true;
    heading.append(" ", link);
    image.onload = () => link.hidden = false;
    image.onerror = () => {
      if (places.length) image.src = link.href = `${places.shift()}${name}.png`;
    };
    image.onerror();
  }
}

addFilter();
addEventListener("beforeprint", () => document.querySelector("details").open = true);
sections.forEach(addLinks);
