// The ticket list: countdowns, keys, bulk actions, and a word when the list is no longer the newest.

import { $, $$, isWriting } from "./dom.js";
import { Bulk } from "./bulk.js";
import { startCountdowns } from "./countdown.js";
import { Live } from "./live.js";

const rows = $$("tr[data-row]");
const linkOf = (row) => $("a", row);
const current = () => rows.find((row) => row.contains(document.activeElement));
const bulk = new Bulk(rows);

function step(by) {
  const at = rows.indexOf(current());
  const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
  if (next) linkOf(next).focus();
}

for (const row of rows) {
  row.addEventListener("click", (event) => {
    if (event.target.closest("a, .pick") || getSelection().toString()) return;
    linkOf(row).click();
  });
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  x: () => current() && bulk.toggle(current()),
  a: () => bulk.assignToMe(),
  p: () => bulk.choose("#bulk-priority"),
  q: () => bulk.choose("#bulk-queue"),
  "/": () => $("#number").focus(),
};

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.id === "number") return event.target.blur();
  // A ticked box is no place to write in: j and k go on from there.
  const isBox = event.target.type === "checkbox" && !event.ctrlKey && !event.metaKey && !event.altKey;
  if ((isWriting(event) && !isBox) || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

if (location.hash === "#number") $("#number").focus();
const live = new Live();
live.addEventListener("ticket", () => { $("#stale").hidden = false; });
live.start();
startCountdowns();
