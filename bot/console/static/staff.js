// Pages of accounts: copying a one-time password or recovery codes, and hearing when the session is ended elsewhere.

import { $, $$ } from "./dom.js";
import { Live } from "./live.js";

for (const button of $$("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText($(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.done;
  });
}

if ($("#live")) new Live().start();
