// Pages of SLA rules: the preview can be sorted by any column. Everything else works without scripts.

import { $$, el } from "./dom.js";
import { Live } from "./live.js";

const textOf = (cell) => cell.textContent.trim();
const KEYS = {
  text: (a, b) => textOf(a).localeCompare(textOf(b), "zh-CN"),
  number: (a, b) => Number(a.dataset.value) - Number(b.dataset.value),
};
KEYS.time = KEYS.number;

function sortBy(table, header) {
  const column = header.cellIndex;
  const order = header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
  const compare = KEYS[header.dataset.sort];
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => sign * compare(a.cells[column], b.cells[column]));
  for (const other of $$("th[aria-sort]", table)) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", order);
  table.tBodies[0].append(...rows);
}

for (const table of $$("table[data-sortable]")) {
  for (const header of $$("th[data-sort]", table)) {
    const button = el("button", { type: "button", text: textOf(header), on: { click: () => sortBy(table, header) } });
    header.replaceChildren(button);
  }
}

new Live().start();
