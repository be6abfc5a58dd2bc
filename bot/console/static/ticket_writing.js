// Writing on a ticket: drafts that survive, who else looks, who writes a reply, canned replies, mentions, keys.

import { $, $$, isWriting } from "./dom.js";
import { ApiError, post, postLast } from "./api.js";
import { Drafts } from "./drafts.js";
import { chooseMacro, watchKeys } from "./inserting.js";
import { Live } from "./live.js";
import { save } from "./saving.js";
import { word } from "./words.js";

const RENEW_MS = 30_000;
const form = $("#write");
const box = $("#words-box");
const ticket = $("#main").dataset.ticket;
const path = (rest) => `/tickets/${encodeURIComponent(ticket)}/${rest}`;
const drafts = new Drafts("ticket");
const words = { reply: "", note: "" };
let renewed = 0;
let isHolder = false;
const mode = () => form.dataset.mode;

// --- drafts --------------------------------------------------------------------------------

async function restore() {
  const kept = await drafts.load(ticket);
  for (const name of ["reply", "note"]) words[name] ||= kept[name] ?? "";
  if (!box.value) box.value = words[mode()];
}

function wireDrafts() {
  box.addEventListener("input", () => {
    words[mode()] = box.value;
    drafts.keep(ticket, mode(), box.value);
    if (mode() === "reply" && box.value.trim()) lease();
  });
  // Before the page's own script changes the mode, remember the words of the old one.
  for (const tab of $$(".tab", form)) {
    tab.addEventListener("click", () => { words[mode()] = box.value; }, { capture: true });
    tab.addEventListener("click", () => { box.value = words[tab.dataset.mode]; });
  }
  form.addEventListener("submit", () => drafts.sent(ticket, mode()));
  // What could not be sent is a draft again.
  form.addEventListener("unsent", () => drafts.keep(ticket, mode(), box.value));
}

// --- who writes ----------------------------------------------------------------------------

async function lease({ takeOver = false } = {}) {
  if (!takeOver && Date.now() - renewed < RENEW_MS) return;
  renewed = Date.now();
  try {
    await post(path("lease"), { take_over: takeOver });
    isHolder = true;
    warn(null);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "lease_held") warn(error.message);
  }
}

function warn(text) {
  $("#lease").hidden = !text;
  $("#lease-text").textContent = text ?? "";
}

function showLookers({ others, writer }) {
  const isOthers = writer && writer.id !== $('meta[name="agent-id"]').content;
  $("#lookers").hidden = !others.length;
  $("#lookers").textContent = others.length
    ? word("daily.lookers", { names: others.map((who) => who.name).join(word("daily.comma")) }) : "";
  if (isOthers && isHolder) {
    isHolder = false;
    renewed = 0;
    warn(word("daily.taken_over", { name: writer.name }));
  } else if (isOthers) warn(word("daily.writes", { name: writer.name }));
  else warn(null);
}

// --- macros --------------------------------------------------------------------------------

function runMacro(macro) {
  if (macro.problem) return fail(macro.problem);
  if (!confirm(word("daily.run", { title: macro.label, steps: [macro.text && word("daily.sends", { text: macro.text }), ...macro.steps].filter(Boolean).join("\n") }))) return;
  save(`macros/${encodeURIComponent(macro.id)}`, { version: Number($("#main").dataset.version) }, $("#problem"));
}

function fail(message) {
  $("#problem").textContent = message;
  $("#problem").hidden = false;
}

const choose = () => chooseMacro(box, path("macros"), runMacro);

// --- keys ----------------------------------------------------------------------------------

const KEYS = {
  r: () => write("reply"),
  n: () => write("note"),
  a: () => $("#assign")?.click(),
  m: choose,
  p: () => $("#priority")?.focus(),
  q: () => $('[data-dialog="queue"]')?.click(),
  u: () => location.assign($('meta[name="ticket-page"]').content),
};

function write(name) {
  $(`.tab[data-mode="${name}"]`, form).click();
  box.scrollIntoView({ block: "center" });
}

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target === box && !event.isComposing) return box.blur();
  if (isWriting(event) || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

wireDrafts();
watchKeys(box, { isNote: () => mode() === "note", onMacro: choose });
$("#pick-macro").addEventListener("click", choose);
$("#take-over").addEventListener("click", async () => { await lease({ takeOver: true }); box.focus(); });
restore();
addEventListener("pagehide", () => { if (isHolder) postLast(path("lease/release")); });
const live = new Live();
live.addEventListener("lookers", ({ detail }) => showLookers(detail));
live.look("ticket", ticket);
live.start();
