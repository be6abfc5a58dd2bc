// The ticket list: countdowns, keys, and a word when the list is no longer the newest.

import { $, $$, isWriting } from "./dom.js";
import { startCountdowns } from "./countdown.js";
import { Live } from "./live.js";

const rows = $$("tr[data-row]");
const linkOf = (row) => $("a", row);

function step(by) {
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
  if (next) linkOf(next).focus();
}

for (const row of rows) {
  row.addEventListener("click", (event) => {
    if (event.target.closest("a") || getSelection().toString()) return;
    linkOf(row).click();
  });
}

addEventListener("keydown", (event) => {
  if (isWriting(event)) return;
  if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "/") { event.preventDefault(); $("#number").focus(); }
});

const live = new Live();
live.addEventListener("ticket", () => { $("#stale").hidden = false; });
live.start();
startCountdowns();
