// What every page of a signed-in agent has: the keys that lead elsewhere, the overlay that lists all keys, and how
// many mentions have not been looked at.

import { $, isWriting, meta } from "./dom.js";
import { get } from "./api.js";
import { Live } from "./live.js";

const WAIT_MS = 1200;
const help = $("#keys-help");
const home = meta("ticket-page").replace(/tickets$/, "");
const PLACES = { w: home, t: meta("ticket-page"), m: `${home}mentions` };
let isGoing = false;

addEventListener("keydown", (event) => {
  if (isWriting(event)) return;
  if (isGoing && PLACES[event.key]) {
    event.preventDefault();
    event.stopImmediatePropagation();
    location.assign(PLACES[event.key]);
  } else if (event.key === "g") {
    isGoing = true;
    setTimeout(() => { isGoing = false; }, WAIT_MS);
  } else if (event.key === "?") {
    event.preventDefault();
    help.showModal();
  } else if (event.key === "/" && !$("#number")) {
    event.preventDefault();
    location.assign(`${meta("ticket-page")}#number`);
  }
}, { capture: true });

$("#keys-close").addEventListener("click", () => help.close());

async function countMentions() {
  const badge = $("#mention-count");
  if (!badge) return;
  const { unseen } = await get("/mentions/count").catch(() => ({ unseen: 0 }));
  badge.textContent = unseen > 99 ? "99+" : unseen;
  badge.hidden = !unseen;
}

addEventListener("live:mention", countMentions);
countMentions();
new Live().start();
