// Choosing one of many with the keyboard: type to narrow, arrows to move, Enter to take, Escape to leave.

import { $, el } from "./dom.js";

const dialog = $("#picker");
const filter = $("#picker-filter");
const list = $("#picker-list");
let items = [];
let shown = [];
let at = 0;
let taken = null;

/** Show `items` ({label, detail?, note?}); resolves with the one taken, or null. */
export function pick(title, choices) {
  items = choices;
  taken = null;
  $("#picker-title").textContent = title;
  filter.value = "";
  narrow();
  dialog.showModal();
  filter.focus();
  return new Promise((done) => dialog.addEventListener("close", () => done(taken), { once: true }));
}

function narrow() {
  const wanted = filter.value.trim().toLowerCase();
  shown = items.filter((item) => `${item.label} ${item.detail ?? ""}`.toLowerCase().includes(wanted));
  at = 0;
  $("#picker-none").hidden = shown.length > 0;
  list.replaceChildren(...shown.map((item, index) => el(
    "li", { role: "option", id: `picker-${index}`, on: { click: () => take(index), pointermove: () => move(index - at) } },
    el("b", { text: item.label }),
    item.note ? el("span", { class: "chip", text: item.note }) : null,
    item.detail ? el("span", { class: "detail", text: item.detail }) : null,
  )));
  mark();
}

function mark() {
  [...list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
  list.children[at]?.scrollIntoView({ block: "nearest" });
  if (shown.length) filter.setAttribute("aria-activedescendant", `picker-${at}`);
  else filter.removeAttribute("aria-activedescendant");
}

function move(by) {
  if (!shown.length || !by) return;
  at = Math.min(Math.max(at + by, 0), shown.length - 1);
  mark();
}

function take(index) {
  taken = shown[index] ?? null;
  dialog.close();
}

filter.addEventListener("input", narrow);
filter.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
  if (step) { event.preventDefault(); move(step); }
  if (event.key === "Enter") { event.preventDefault(); take(at); }
});
