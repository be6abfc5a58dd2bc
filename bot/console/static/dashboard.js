// The dashboard's tables: the rows beyond the first are shown when somebody asks for them.

import { $, $$ } from "./dom.js";

for (const button of $$("[data-rest]")) {
  button.addEventListener("click", () => {
    const rest = $(`#${button.dataset.rest}`);
    rest.hidden = !rest.hidden;
    button.setAttribute("aria-expanded", String(!rest.hidden));
    // The tables stand in columns, which are balanced anew.
    button.scrollIntoView({ block: "nearest" });
  });
}
