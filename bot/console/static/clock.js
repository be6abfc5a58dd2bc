// One SLA clock as an element that `countdown.js` keeps moving.

import { el } from "./dom.js";
import { show } from "./countdown.js";

/** `clock`: {due_at, warn_at, state, unit, provisional} as the API gives it. */
export function clockOf(clock) {
  const node = el("span", {
    class: "clock",
    dataset: { due: clock.due_at, warn: clock.warn_at ?? "", state: clock.state, unit: clock.unit ?? "", provisional: String(clock.provisional), stopped: String(clock.stopped) },
  });
  show(node);
  return node;
}
