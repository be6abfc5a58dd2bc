// The bell: how many notices are unread, as the live connection of the page says.

import { $ } from "./dom.js";
import { word } from "./words.js";

const MANY = 100;

addEventListener("live:notices", ({ detail: { unread } }) => {
  const count = unread >= MANY ? `${MANY - 1}+` : String(unread);
  $("#bell-count").textContent = count;
  $("#bell-count").hidden = unread === 0;
  $("#bell").setAttribute("aria-label", unread ? word("bell.some", { count }) : word("bell.none"));
});
