// Pages of notices and deliveries: the live connection for the bell, and a word when there is more.

import { $ } from "./dom.js";
import { Live } from "./live.js";

let known = null;
addEventListener("live:notices", ({ detail: { unread } }) => {
  if (known !== null && unread > known && $("#stale")) $("#stale").hidden = false;
  known = unread;
});
new Live().start();
