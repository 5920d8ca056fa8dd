
"use strict";
// Whatever a service or an author wrote is put in as text (textContent) or as an attribute, and never read as HTML.
const find = (id) => document.getElementById(id);
const grid = find("cards"), search = find("search"), view = find("view");
const cards = [...grid.children], buttons = [...document.querySelectorAll("[data-show]")];
let shown = cards;   // what fits the filter and the search, in order
let texts = null;    // the prompts in lower case, made when first searched
let current = null;  // the card in the large view
const picked = new Set();
let lastPicked = null;

const facts = (card) => card.dataset.facts.split("\n").filter(Boolean).map((line) => line.split("\t"));
const link = (card) => card.querySelector(".open");
const prompt = (card) => card.querySelector(".prompt").textContent;

// Filter and search

function show(state) {
  for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.show === state));
  update();
}

function update() {
  const state = buttons.find((button) => button.getAttribute("aria-pressed") === "true").dataset.show;
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length && !texts) texts = cards.map((card) => [prompt(card), card.dataset.used, card.dataset.json].join("\n").toLowerCase());
  shown = cards.filter((card, index) => {
    const fits = (state === "all" || (state === "picked" ? picked.has(card) : card.dataset.state === state)) && words.every((word) => texts[index].includes(word));
    if (card.hidden === fits) card.hidden = !fits;
    return fits;
  });
  find("none").hidden = shown.length > 0 || cards.length === 0;
  find("status").textContent = `${shown.length.toLocaleString("en")} of ${cards.length.toLocaleString("en")} shown`;
}

for (const button of buttons) button.addEventListener("click", () => show(button.dataset.show));
search.addEventListener("input", update);
function showAddressed() {
  const state = location.hash.slice(1);
  if (buttons.some((button) => button.dataset.show === state)) show(state);
}
addEventListener("hashchange", showAddressed);

// Picking: x or a box on the card, with the shift key all cards since the last one

const boxes = new Map(cards.map((card) => {
  const box = document.createElement("input");
  box.type = "checkbox";
  box.className = "pick";
  box.checked = false;
  box.tabIndex = -1;  // x picks the card that has the focus
  box.setAttribute("aria-label", `Pick ${card.dataset.title}`);
  card.append(box);
  return [card, box];
}));

function pick(some, wanted) {
  for (const card of some) {
    boxes.get(card).checked = wanted;
    if (wanted) picked.add(card);
    else picked.delete(card);
  }
  const chip = buttons.find((button) => button.dataset.show === "picked");
  chip.querySelector("b").textContent = picked.size.toLocaleString("en");
  chip.hidden = find("picks").hidden = !picked.size;
  find("copy-redo").textContent = "Copy ids for --redo";  // not "Copied" any more
  if (current) find("pick-this").checked = picked.has(current);
  if (chip.getAttribute("aria-pressed") === "true") picked.size ? update() : show("all");
}

function pickOne(card, wanted, far) {
  const from = shown.indexOf(lastPicked), to = shown.indexOf(card);
  pick(far && from >= 0 && to >= 0 ? shown.slice(Math.min(from, to), Math.max(from, to) + 1) : [card], wanted);
  lastPicked = card;
}

grid.addEventListener("click", (event) => {
  if (event.target.className === "pick") pickOne(event.target.closest(".card"), event.target.checked, event.shiftKey);
});
find("pick-shown").addEventListener("click", () => pick(shown, true));
find("unpick").addEventListener("click", () => pick([...picked], false));
find("pick-this").addEventListener("change", (event) => pickOne(current, event.target.checked, false));
addEventListener("pageshow", () => pick([], true));

// A row that was made again is known by the id of the new one.
const fact = (card, name) => facts(card).find(([label]) => label === name)?.[1];
const inOrder = () => cards.filter((card) => picked.has(card));
const quoted = (id) => (/^[\w@%+=:,./-]+$/.test(id) ? id : `'${id.replaceAll("'", "'\\''")}'`);
const redo = () => inOrder().map((card) => fact(card, "Replaced by") ?? card.dataset.id ?? card.dataset.title);
find("copy-redo").addEventListener("click", (event) => copy(event.target, [...new Set(redo())].map((id) => `--redo ${quoted(id)}`).join(" ")));
const names = () => inOrder().map((card) => fact(card, "File")).filter(Boolean).join("\n");
find("save-files").addEventListener("click", (event) => { event.target.href = `data:text/plain;charset=utf-8,${encodeURIComponent(`${names()}\n`)}`; });

// The large view

function open(card) {
  current = card;
  find("pick-this").checked = picked.has(card);
  const index = shown.indexOf(card), image = find("view-image"), reason = find("view-reason");
  view.dataset.state = card.dataset.state;
  find("view-title").textContent = card.dataset.title;
  find("place").textContent = `${(index + 1).toLocaleString("en")} of ${shown.length.toLocaleString("en")}`;
  find("previous").disabled = index <= 0;
  find("next").disabled = index >= shown.length - 1;
  image.removeAttribute("src");
  image.hidden = !card.dataset.file;
  image.alt = prompt(card);
  if (card.dataset.file) image.src = card.dataset.file;
  reason.hidden = !card.dataset.reason;
  reason.textContent = card.dataset.reason ?? "";
  find("view-texts").replaceChildren(
    ...(card.dataset.caption ? [] : text("Prompt", prompt(card))),
    ...(card.dataset.json ? text("Structured prompt", card.dataset.json, "code") : []),
    ...(card.dataset.used ? text("Prompt that was used", card.dataset.used) : []));
  find("view-facts").replaceChildren(...facts(card).flatMap(([name, value, href]) => {
    const term = document.createElement("dt"), detail = document.createElement("dd");
    term.textContent = name;
    const shownValue = document.createElement(href ? "a" : "span");
    if (href) shownValue.href = href;
    shownValue.textContent = value;
    detail.append(shownValue);
    if (name === "Seed" || name === "SHA-256") detail.append(copier(name, value));
    return [term, detail];
  }));
  if (!view.open) {
    view.showModal();
    find("close").focus();
  }
  view.querySelector(".facts").scrollTop = 0;
}

function text(name, value, kind = "") {
  const heading = document.createElement("h3"), body = document.createElement("pre");
  heading.append(name, copier(name, value));
  body.className = `whole ${kind}`;
  body.textContent = value;
  return [heading, body];
}

function copier(name, value) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy ${name}`);
  button.addEventListener("click", () => copy(button, value));
  return button;
}

async function copy(button, value) {
  try {
    await navigator.clipboard.writeText(value);
    button.textContent = "Copied";
  } catch {
    button.textContent = copySelected(value) ? "Copied" : "Not copied";  // pages that came over http have no clipboard
  }
}

function copySelected(value) {
  const area = document.createElement("textarea");
  area.value = value;
  (view.open ? view : document.body).append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  return copied;
}

function step(by) {
  const next = shown[shown.indexOf(current) + by];
  if (next) open(next);
}

find("previous").addEventListener("click", () => step(-1));
find("next").addEventListener("click", () => step(1));
find("close").addEventListener("click", () => view.close());
view.addEventListener("close", () => {
  find("view-image").removeAttribute("src");
  focusOn(current);
});
grid.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (!card || !event.target.closest(".open") || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(card);
});

// Keys

function focusOn(card) {
  link(card).focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function moveFocus(key, card) {
  const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length, index = shown.indexOf(card);
  const to = { ArrowLeft: index - 1, ArrowRight: index + 1, ArrowUp: index - columns, ArrowDown: index + columns,
    Home: 0, End: shown.length - 1 }[key];
  if (to === undefined) return false;
  if (shown[to]) focusOn(shown[to]);
  return true;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (view.open) {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      step(event.key === "ArrowLeft" ? -1 : 1);
      event.preventDefault();
    } else if (event.key === "x") {
      pickOne(current, !picked.has(current), false);
    }
    return;
  }
  const card = event.target.closest?.(".card");
  if (event.key === "/" && event.target !== search) {
    search.focus();
    event.preventDefault();
  } else if (card && event.key.toLowerCase() === "x") {
    pickOne(card, !picked.has(card), event.shiftKey);
  } else if (card && moveFocus(event.key, card)) {
    event.preventDefault();
  }
});

// A thumbnail that is missing or broken gives way to the image itself, and that to words.

function mend(image) {
  const file = image.closest(".card").dataset.file;
  if (image.getAttribute("src") !== file) {
    image.src = file;
    return;
  }
  const blank = document.createElement("span");
  blank.className = "blank";
  blank.textContent = "The image cannot be shown.";
  image.parentElement.replaceWith(blank);
}

grid.addEventListener("error", (event) => event.target.localName === "img" && mend(event.target), true);
for (const image of grid.querySelectorAll("img")) if (image.complete && !image.naturalWidth) mend(image);

update();
showAddressed();
