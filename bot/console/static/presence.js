// My presence, my load, and notices meant for me.

import { $, calmly, el } from "./dom.js";
import { get, post } from "./api.js";
import { word } from "./words.js";

const box = $("#presence");

async function refresh() {
  let me;
  try {
    ({ me } = await get("/floor"));
  } catch {
    return;
  }
  if (!me) return;
  // An agent may be choosing just now.
  if (document.activeElement !== box) box.value = me.presence;
  const load = $("#my-load");
  load.textContent = word("floor.load", me);
  load.title = word("floor.load_title", me);
  load.dataset.full = String(me.load >= me.capacity);
}

/** Keep the switch and the load right; `onOpen(conversation)` is called from a notice. Who only reads has no switch. */
export function startPresence(live, onOpen) {
  if (!box) return;
  box.addEventListener("change", async () => {
    try {
      await post("/me/presence", { presence: box.value });
    } catch (error) {
      show({ text: error.message, kind: "failed" });
    }
    box.blur();
    refresh();
  });
  live.addEventListener("queues", calmly(400, refresh));
  // The first sign from the server says that it has noted our arrival.
  live.addEventListener("reconnected", () => live.addEventListener("tick", refresh, { once: true }));
  live.addEventListener("notice", ({ detail }) => show(detail, onOpen));
  refresh();
}

function show({ text, kind, conversation }, onOpen) {
  const notices = $("#notices");
  // The same thing twice is one notice.
  for (const old of notices.children) if (old.dataset.key === `${kind} ${conversation}`) old.remove();
  const urgent = kind === "nudged" || kind === "requeued" || kind === "failed";
  const line = el(
    "li", { class: `notice ${urgent ? "warn" : ""}`, dataset: { key: `${kind} ${conversation}` } },
    el("span", { text }),
    conversation && kind !== "requeued" && kind !== "taken_over"
      ? el("button", { class: "btn", type: "button", text: word("notice.open"), on: { click: () => { line.remove(); onOpen(conversation); } } })
      : null,
    el("button", { class: "btn quiet", type: "button", text: word("notice.dismiss"), on: { click: () => line.remove() } }),
  );
  notices.append(line);
}
