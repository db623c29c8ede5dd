// The explorer: every image of an ensemble, or of two, epoch by epoch. Everything that it shows is in
// the page. An image is its place on the page's axis of examples, an epoch its place in `epochs`.

const $ = (id) => document.getElementById(id);
const page = JSON.parse($("page").textContent);
const { classes, epochs, thumbnail } = page;
const missing = new Set(thumbnail.missing);
const TILES = 120;
const last = epochs.length - 1;
const FIELDS = { sort: "accessibility.0", label: "", split: "", find: "" };
const DEFAULTS = { ...FIELDS, reversed: false, brush: null, epoch: last, image: undefined };
const state = { ...DEFAULTS };
let [shown, tiles, timer, writing] = [[], TILES, null, null];

// The data: typed arrays, packed one after the other and compressed.

const blobOf = (script, type) => new Blob([Uint8Array.fromBase64(script.textContent)], { type });
const packed = blobOf($("data")).stream().pipeThrough(new DecompressionStream("gzip"));
const bytes = await new Response(packed).arrayBuffer();
const [common, ...owns] = page.arrays.map((arrays) => {
  const view = ([name, [type, at, length]]) => [name, new globalThis[type](bytes, at, length)];
  return Object.fromEntries(Object.entries(arrays).map(view));
});
const { position: positions, pixel_hash: hashes } = common;
const count = positions.length;
const keys = new Float64Array(count); // What each selected image is sorted by.
const ensembles = page.ensembles.map((info, number) => {
  for (const steps of [owns[number].right, owns[number].wrong, owns[number].offset]) {
    // From epoch to epoch; typed arrays wrap around as numpy's do.
    for (let i = 0; i < steps.length; i++) if (i % info.own.length) steps[i] += steps[i - 1];
  }
  return { ...info, ...owns[number], number, bars: $(`bars_${number}`), map: $(`map_${number}`) };
});
const [first, second] = ensembles;
const at = (m, i, epoch = state.epoch) => i * m.own.length + m.at[epoch];
const consistency = (m, i, epoch) => m.right[at(m, i, epoch)] / m.networks;
const consensus = (m, i) => Math.max(m.right[at(m, i)], m.wrong[at(m, i)]) / m.networks;
const margin = (m, i) => (m.right[at(m, i)] - m.wrong[at(m, i)]) / m.networks;
const number = (value) => value.toLocaleString("en");
const epochOf = (m, epoch = state.epoch) => m.own[m.at[epoch]];
const labelOf = (m, i) => classes[m.label[i]];
const isRight = (m, i) => m.offset[at(m, i)] === 0;
const modal = (m, i) => classes[(m.label[i] + m.offset[at(m, i)]) % classes.length];
const splitOf = (m, i) => m.is_test[i] ? "test" : "train";
const textsOf = (i) => Object.values(page.texts).map((of) => of[i]);
const hashOf = (i) => hashes?.[i].toString(16).padStart(16, "0") ?? "";

// Selecting and sorting.

const SCORES = { consistency, consensus, margin, position: (_, i) => positions[i] };
SCORES.difference = (_, i) => first.accessibility[i] - second.accessibility[i];
for (const key of ["accessibility", "variability"]) SCORES[key] = (m, i) => m[key][i];
// Images that are never learned come last, in both directions.
SCORES.learned = (m, i) => state.reversed && m.learned[i] === page.never ? -1 : m.learned[i];

function isSelected(i, find) {
  const { label, split, brush } = state;
  if (label !== "" && first.label[i] !== Number(label)) return false;
  if (split && splitOf(first, i) !== split) return false;
  if (find && !isFound(i, find)) return false;
  if (!brush) return true;
  const m = ensembles[brush.of];
  const [x, y] = brush.on === "map"
    ? [m.variability[i], m.accessibility[i]]
    : [consistency(m, i, brush.epoch), m.is_test[i]];
  return x >= brush.x0 && x <= brush.x1 && y >= brush.y0 && y <= brush.y1;
}

const isFound = (i, find) =>
  textsOf(i).some((text) => text.normalize().toLowerCase().includes(find)) ||
  String(positions[i]) === find || (find.length > 3 && hashOf(i).startsWith(find));

function select() {
  const find = state.find.trim().normalize().toLowerCase(); // macOS writes é as e and an accent.
  const [score, of] = state.sort.split(".");
  const found = [];
  for (let i = 0; i < count; i++) {
    if (!isSelected(i, find)) continue;
    keys[i] = (state.reversed ? -1 : 1) * SCORES[score](ensembles[of], i);
    found.push(i);
  }
  return found.sort((a, b) => keys[a] - keys[b] || positions[a] - positions[b]);
}

function histogram(m, images) {
  const counts = [0, 1].map(() => new Array(m.edges.length - 1).fill(0));
  for (const i of images) counts[m.is_test[i]][m.bins[m.right[at(m, i)]]]++;
  return counts;
}

// Plots.

const style = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

function start(canvas) {
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [width, height].map((size) => size * devicePixelRatio);
  const context = canvas.getContext("2d");
  context.scale(devicePixelRatio, devicePixelRatio);
  context.font = `12px ${style("--font")}`;
  canvas.frames = [];
  const box = { left: 38, top: 8, width: width - 52, height: height - 28 };
  return { context, box };
}

// Draw the axes of a part of a canvas; return the places of values in it, and values of places.
function frame(canvas, context, box, x, y, words) {
  const X = (value) => box.left + (value - x[0]) / (x[1] - x[0]) * box.width;
  const Y = (value) => box.top + box.height - (value - y[0]) / (y[1] - y[0]) * box.height;
  const values = (px, py) => [
    x[0] + (px - box.left) / box.width * (x[1] - x[0]),
    y[0] + (box.top + box.height - py) / box.height * (y[1] - y[0]),
  ];
  context.fillStyle = style("--muted");
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const value of words.yTicks) {
    context.fillText(value, box.left - 5, Y(value));
    line(context, [[box.left, Y(value)], [box.left + box.width, Y(value)]], "--line");
  }
  context.textAlign = "center";
  for (const value of words.xTicks) context.fillText(value, X(value), box.top + box.height + 10);
  canvas.frames.push({ X, Y, box, values });
  return canvas.frames.at(-1);
}

function line(context, points, color, dash = [], width = 1) {
  context.beginPath();
  points.forEach(([x, y]) => context.lineTo(x, y));
  context.strokeStyle = style(color);
  context.lineWidth = width;
  context.setLineDash(dash);
  context.stroke();
  context.setLineDash([]);
}

function drawBars(m) {
  const { context, box } = start(m.bars);
  const own = epochOf(m);
  $(`epoch_${m.number}`).textContent = own === epochs[state.epoch] ? "" : `, shown: ${own}`;
  const counts = histogram(m, shown);
  const height = (box.height - 12) / 2;
  ["train", "test"].forEach((split, row) => {
    const total = counts[row].reduce((a, b) => a + b, 0);
    const heights = counts[row].map((each) => each / (total || 1));
    const whole = m.fractions.subarray((m.at[state.epoch] * 2 + row) * heights.length);
    const top = Math.max(m.highest, ...heights);
    const tick = [0.5, 0.2, 0.1, 0.05].find((each) => each < top) ?? 0.02;
    const part = { ...box, top: box.top + row * (height + 12), height };
    const words = { yTicks: [0, tick], xTicks: row ? [0, 0.5, 1] : [] };
    const plot = frame(m.bars, context, part, [m.edges[0], m.edges.at(-1)], [0, top], words);
    const outline = [];
    context.fillStyle = style(`--${split}`);
    heights.forEach((value, bin) => {
      const [x0, x1] = [plot.X(m.edges[bin]), plot.X(m.edges[bin + 1])];
      context.fillRect(x0 + 0.5, plot.Y(value), x1 - x0 - 1, plot.Y(0) - plot.Y(value));
      outline.push([x0, plot.Y(whole[bin])], [x1, plot.Y(whole[bin])]);
    });
    if (total < m.totals[row]) line(context, outline, "--muted");
    const chance = plot.X(1 / classes.length);
    line(context, [[chance, plot.Y(0)], [chance, plot.Y(top)]], "--ink", [4, 3]);
    drawBrush(context, plot, m, "bars", row);
    const right = shown.filter((i) => m.is_test[i] === row).map((i) => m.right[at(m, i)]);
    const mean = right.reduce((sum, n) => sum + n, 0) / m.networks / total;
    const of = (n) => `${Math.round(100 * right.filter((r) => r === n).length / total)}\u00a0%`;
    $(`${split}_${m.number}`).textContent = total
      ? `accuracy ${mean.toFixed(2)}, right in all networks: ${of(m.networks)}, in none: ${of(0)}`
      : "none selected";
  });
  const by = [...Map.groupBy(shown, (i) => modal(m, i))].sort((a, b) => b[1].length - a[1].length);
  const words = by.slice(0, 10).map(([name, of]) => `${name}\u00a0(${number(of.length)})`);
  $(`taken_${m.number}`).textContent = words.join(", ");
}

function drawMap(m) {
  const { context, box } = start(m.map);
  const words = { xTicks: [0, 0.1, 0.2, 0.3, 0.4, 0.5], yTicks: [0, 0.5, 1] };
  const plot = frame(m.map, context, box, [-0.01, 0.51], [-0.02, 1.02], words);
  const size = count > 5000 ? 2 : 4;
  const place = (i) => [plot.X(m.variability[i]), plot.Y(m.accessibility[i])];
  const dot = (i, color) => {
    const [x, y] = place(i);
    context.fillStyle = color;
    context.fillRect(x - size / 2, y - size / 2, size, size);
  };
  const shades = [0, 1, 2, 3, 4].map((step) => style(`--right-${step}`));
  const faint = style("--line");
  if (shown.length < count) { for (let i = 0; i < count; i++) dot(i, faint); }
  for (const i of shown) dot(i, shades[Math.round(4 * consistency(m, i))]);
  drawBrush(context, plot, m, "map");
  if (state.image == null) return;
  const [x, y] = place(state.image);
  context.strokeStyle = style("--ink");
  context.lineWidth = 2;
  context.strokeRect(x - 6, y - 6, 12, 12);
}

function drawBrush(context, { X, Y, box }, m, on, row) {
  const brush = state.brush;
  if (brush?.on !== on || brush.of !== m.number || (on === "bars" && brush.y0 !== row)) return;
  const [top, end] = on === "map" ? [Y(brush.y1), Y(brush.y0)] : [box.top, box.top + box.height];
  const area = [X(brush.x0), top, X(brush.x1) - X(brush.x0), end - top];
  context.fillStyle = style("--veil");
  context.fillRect(...area);
  context.strokeStyle = style("--ink");
  context.strokeRect(...area);
}

function setBrush(m, on, xs, ys) {
  const [[x0, x1], [y0, y1]] = [xs, ys].map((each) => each.toSorted((a, b) => a - b));
  update({ brush: { on, of: m.number, x0, x1, y0, y1, epoch: state.epoch } });
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function listen(canvas, m, on) {
  let drag = null;
  const values = (event) => canvas.frames[drag.row].values(event.offsetX, event.offsetY);
  const ys = (from, to, row = drag.row) => on === "map" ? [from, to] : [row, row];
  canvas.addEventListener("pointerdown", (event) => {
    const row = canvas.frames.findLastIndex(({ box }) => event.offsetY >= box.top);
    drag = { row: Math.max(0, row), moved: false, before: state.brush };
    drag.from = values(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const [[x0, y0], [x1, y1]] = [drag.from, values(event)];
    drag.moved ||= Math.abs(x1 - x0) + Math.abs(y1 - y0) > 0.01;
    if (drag.moved) setBrush(m, on, [x0, x1], ys(y0, y1));
  });
  // A finger that scrolls the page moves across the plot first.
  canvas.addEventListener("pointercancel", () => {
    if (drag?.moved) update({ brush: drag.before });
    drag = null;
  });
  canvas.addEventListener("pointerup", () => {
    if (!drag) return;
    const bin = m.bins[Math.round(Math.min(1, Math.max(0, drag.from[0])) * m.networks)];
    const ends = [m.edges[bin], m.edges[bin + 1]];
    if (!drag.moved && on === "bars" && !state.brush) setBrush(m, on, ends, ys());
    else if (!drag.moved) update({ brush: null });
    drag = null;
  });
  canvas.addEventListener("keydown", (event) => {
    const [dx, dy] = ARROWS[event.key] ?? [];
    if (dx === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const old = state.brush?.on === on && state.brush.of === m.number;
    const { x0, x1, y0, y1 } = old ? state.brush : { x0: 0.2, x1: 0.3, y0: 0.4, y1: 0.6 };
    const kept = event.shiftKey ? 0 : 1;
    const x = [x0 + kept * dx / 50, x1 + dx / 50];
    const y = ys(y0 + kept * dy / 25, y1 + dy / 25, Math.min(1, Math.max(0, Math.round(y0) - dy)));
    const isOn = (ends, end) => Math.max(...ends) >= 0 && Math.min(...ends) <= end;
    if (isOn(x, on === "map" ? 0.5 : 1) && isOn(y, 1)) setBrush(m, on, x, y);
  });
}

const sheets = [...document.querySelectorAll("script.sheet")].map((sheet) => {
  let bitmap = null;
  return () => bitmap ??= createImageBitmap(blobOf(sheet, "image/webp"));
});

async function drawThumbnail(canvas, i) {
  if (canvas.dataset.image === String(i)) return;
  const { width, height, cell, columns, rows } = thumbnail;
  canvas.dataset.image = i;
  [canvas.width, canvas.height] = [width, height];
  if (canvas.classList.toggle("missing", missing.has(i))) return;
  const number = i % (columns * rows);
  const sheet = await sheets[Math.floor(i / (columns * rows))]();
  if (canvas.dataset.image !== String(i)) return; // It is another image's by now.
  const [x, y] = [number % columns * cell[0], Math.floor(number / columns) * cell[1]];
  canvas.getContext("2d").drawImage(sheet, x, y, width, height, 0, 0, width, height);
}

// The mark before the arrow keeps names of right-to-left scripts on their sides of it.
const said = (m, i) =>
  (m.letter && `${m.letter}: `) + labelOf(m, i) + (isRight(m, i) ? "" : ` \u200e→ ${modal(m, i)}`);
const imageWords = (i) => `${missing.has(i) ? "Missing image" : "Image"} ${positions[i]}`;

function fillTile(tile, i) {
  drawThumbnail(tile.firstElementChild, i);
  for (const m of ensembles) {
    const [bar, words] = [1, 2].map((each) => tile.children[2 * m.number + each]);
    const value = consistency(m, i);
    const shade = `var(--right-${Math.round(4 * value)})`;
    bar.firstElementChild.style.cssText = `width: ${100 * value}%; background: ${shade}`;
    words.textContent = words.title = said(m, i);
  }
  const scores = ensembles.map((m) => `${said(m, i)}, consistency ${consistency(m, i).toFixed(2)}`);
  tile.setAttribute("aria-label", `${imageWords(i)}, ${scores.join("; ")}`);
  tile.setAttribute("aria-pressed", i === state.image);
}

function drawGrid() {
  const wanted = shown.slice(0, tiles);
  const grid = $("grid");
  while (grid.children.length > wanted.length) grid.lastElementChild.remove();
  while (grid.children.length < wanted.length) grid.append($("tile").content.cloneNode(true));
  wanted.forEach((i, number) => fillTile(grid.children[number], i));
  $("more").hidden = wanted.length === shown.length;
  $("all").hidden = shown.length === count;
  $("found").textContent = `${number(shown.length)} of ${number(count)} images${brushWords()}`;
  const tied = shown.filter((i) => keys[i] === keys[shown[0]]).length;
  const words = `The first ${number(tied)} are tied, in order of position.`;
  $("equal").textContent = tied > 1 ? words : "";
}

function brushWords() {
  if (!state.brush) return "";
  const { on, of, x0, x1, epoch } = state.brush;
  const where = second ? ` of ${ensembles[of].letter}` : "";
  if (on === "map") return `, in the marked area of the map${where}`;
  const [low, high] = [Math.max(0, x0), Math.min(1, x1)].map((each) => each.toFixed(2));
  const after = `${page.unit} ${epochOf(ensembles[of], epoch)}`;
  return `, with consistency ${low} to ${high} after ${after}${where}`;
}

function drawDetail() {
  const i = state.image;
  $("one").hidden = i == null;
  if (i == null) return;
  drawThumbnail($("large"), i);
  $("large").setAttribute("aria-label", `${imageWords(i)}, ${labelOf(first, i)}`);
  $("name").textContent = `Image ${positions[i]}, labeled ${labelOf(first, i)}`;
  const about = [...textsOf(i), hashes && `pixel hash ${hashOf(i)}`].filter(Boolean);
  $("about").textContent = about.join(" · ");
  for (const m of ensembles) drawVotes(m, i);
  drawCurves(i);
}

function drawVotes(m, i) {
  const [right, wrong] = [m.right[at(m, i)], m.wrong[at(m, i)]];
  const parts = [
    [right, `“${labelOf(m, i)}” (its label)`],
    [wrong, isRight(m, i) ? "the next label" : `“${modal(m, i)}”`],
    [m.networks - right - wrong, "other labels"],
  ];
  const bars = $(`votes_${m.number}`).children;
  parts.forEach(([votes], each) => bars[each].style.width = `${100 * votes / m.networks}%`);
  const words = parts.map(([votes, label]) => `${label}: ${votes}`).join(", ");
  $(`said_${m.number}`).textContent = `Votes of ${m.networks}: ${words}.`;
  const rank = `${m.rank[i]} of ${m.sizes[m.label[i]]} in its class (1: the easiest)`;
  const [epoch, set] = [m.learned[i], `${splitOf(m, i)} set`];
  const learned = epoch === page.never ? "never learned" : `learned at ${page.unit} ${epoch}`;
  const scores = ["accessibility", "variability"].map((each) => `${each} ${m[each][i].toFixed(2)}`);
  $(`rank_${m.number}`).textContent = `Rank ${rank}; ${scores.join(", ")}; ${learned}; ${set}.`;
}

function drawCurves(i) {
  const { context, box } = start($("curve"));
  const xTicks = [epochs[0], epochs.at(-1)];
  const plot = frame($("curve"), context, box, xTicks, [0, 1], { xTicks, yTicks: [0, 0.5, 1] });
  const [now, chance] = [plot.X(epochs[state.epoch]), plot.Y(1 / classes.length)];
  line(context, xTicks.map((epoch) => [plot.X(epoch), chance]), "--muted", [4, 3]);
  line(context, [[now, plot.Y(0)], [now, plot.Y(1)]], "--ink");
  for (const m of ensembles) {
    const points = epochs.map((_, e) => [plot.X(epochOf(m, e)), plot.Y(consistency(m, i, e))]);
    line(context, points, m.number ? "--test" : "--train", m.number ? [6, 3] : [], 2);
  }
}

// The whole page.

function render() {
  shown = select();
  for (const key in FIELDS) $(key).value = state[key];
  const { first: low, last: high } = $("sort").selectedOptions[0].dataset;
  $("order").textContent = `${state.reversed ? high : low} first`;
  $("epoch").value = state.epoch;
  const words = `${page.unit} ${epochs[state.epoch]} of ${epochs.at(-1)}`;
  $("epoch_words").textContent = words;
  $("epoch").setAttribute("aria-valuetext", words);
  ensembles.forEach(drawBars);
  ensembles.forEach(drawMap);
  drawGrid();
  drawDetail();
  // Browsers refuse to change the address hundreds of times in a few seconds.
  clearTimeout(writing);
  writing = setTimeout(() => history.replaceState(null, "", address()), 100);
  document.documentElement.dataset.ready ??= Math.round(performance.now());
}

function update(changes) {
  if (Object.keys(changes).some((key) => key !== "image" && key !== "epoch")) tiles = TILES;
  Object.assign(state, changes);
  cancelAnimationFrame(update.frame);
  update.frame = requestAnimationFrame(render);
}

function address() {
  const parts = new URLSearchParams();
  for (const [key, value] of Object.entries(state)) {
    if (value !== DEFAULTS[key]) parts.set(key, key === "brush" ? JSON.stringify(value) : value);
  }
  if (parts.has("epoch")) parts.set("epoch", epochs[state.epoch]);
  if (parts.has("image")) parts.set("image", positions[state.image] ?? "none");
  return `#${parts}`;
}

function readAddress() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const read = (key) => parts.get(key) ?? DEFAULTS[key];
  const found = { ...DEFAULTS, find: read("find"), reversed: parts.get("reversed") === "true" };
  for (const key of ["sort", "label", "split"]) {
    if ([...$(key).options].some((option) => option.value === read(key))) found[key] = read(key);
  }
  const epoch = epochs.indexOf(Number(parts.get("epoch") ?? NaN));
  const image = positions.indexOf(Number(parts.get("image") ?? NaN));
  if (epoch >= 0) found.epoch = epoch;
  if (image >= 0) found.image = image;
  else if (parts.get("image") === "none") found.image = null;
  try {
    const brush = JSON.parse(parts.get("brush"));
    for (const end of ["x0", "x1", "y0", "y1"]) brush[end].toFixed(); // Throws unless a number.
    if (ensembles[brush.of]?.map && epochs[brush.epoch] !== undefined) found.brush = brush;
  } catch { /* Not an address that this page has written. */ }
  update(found);
  if (found.image === undefined && matchMedia("(width > 66rem)").matches) [state.image] = select();
}

function saveTable() {
  const columns = { example: (i) => positions[i], split: (i) => splitOf(first, i) };
  for (const [name, of] of Object.entries(page.texts)) columns[name] = (i) => of[i];
  Object.assign(columns, hashes && { pixel_hash: hashOf }, { class: (i) => labelOf(first, i) });
  for (const m of ensembles) {
    const own = { modal_class: modal, consistency, consensus, accessibility: SCORES.accessibility };
    Object.assign(own, second && { split: splitOf, class: labelOf, [page.unit]: () => epochOf(m) });
    for (const [name, of] of Object.entries(own)) {
      columns[second ? `${name}_${m.name}` : name] = (i) => of(m, i);
    }
  }
  const cell = (value) => /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const rows = shown.map((i) => Object.values(columns).map((of) => cell(of(i))).join(","));
  const text = [Object.keys(columns).join(","), ...rows, ""].join("\n");
  const download = `${page.study}_${first.name}_${page.unit}_${epochs[state.epoch]}.csv`;
  const href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  Object.assign(document.createElement("a"), { href, download }).click();
}

const step = (by) => update({ epoch: Math.min(last, Math.max(0, state.epoch + by)) });

function play(on) {
  const slow = matchMedia("(prefers-reduced-motion: reduce)").matches;
  clearInterval(timer);
  const advance = () => state.epoch < last ? step(1) : play(false);
  timer = on ? setInterval(advance, slow ? 1500 : Math.max(80, 10000 / epochs.length)) : null;
  $("play").textContent = on ? "Pause" : "Play";
  if (on && state.epoch === last) update({ epoch: 0 });
}

const browse = (by) => update({ image: shown[shown.indexOf(state.image) + by] ?? state.image });

const ACTIONS = {
  play: () => play(!timer),
  order: () => update({ reversed: !state.reversed }),
  more: () => (tiles += TILES, update({})),
  csv: saveTable,
  next: () => browse(1),
  previous: () => browse(-1),
};
const KEYS = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  Home: () => step(-Infinity),
  End: () => step(Infinity),
  " ": ACTIONS.play,
  "/": () => $("find").focus(),
  n: ACTIONS.next,
  p: ACTIONS.previous,
  Escape: () => update(state.brush ? { brush: null } : { image: null }),
};

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  const busy = target.matches(`input:not(#epoch), select${key === " " ? ", button, summary" : ""}`);
  const other = event.ctrlKey || event.metaKey || event.altKey;
  if (!KEYS[key] || other || (busy && !(key === "Escape" && state.brush))) return;
  event.preventDefault();
  KEYS[key]();
});
for (const [id, act] of Object.entries(ACTIONS)) $(id).addEventListener("click", act);
for (const button of document.querySelectorAll("[data-set]")) {
  button.addEventListener("click", () => update(JSON.parse(button.dataset.set)));
}
for (const key in FIELDS) $(key).addEventListener("input", () => update({ [key]: $(key).value }));
for (const m of ensembles) ["bars", "map"].forEach((on) => listen(m[on], m, on));
$("epoch").addEventListener("input", () => update({ epoch: Number($("epoch").value) }));
$("grid").addEventListener("click", ({ target }) => {
  const image = target.closest(".tile")?.firstElementChild.dataset.image;
  if (image) update({ image: Number(image) });
});
addEventListener("hashchange", readAddress);
addEventListener("resize", () => update({}));
const media = ["print", "(prefers-color-scheme: dark)"].map((query) => matchMedia(query));
for (const each of media) each.addEventListener("change", render);
globalThis.explorer = { state, ensembles, positions, select, histogram, update };
readAddress();
