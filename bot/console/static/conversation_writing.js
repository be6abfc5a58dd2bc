// Writing in a conversation: drafts that survive, canned replies, mentions. The composer itself knows
// nothing of it: what is put into its box here is as if it had been typed.

import { $ } from "./dom.js";
import { Drafts } from "./drafts.js";
import { chooseMacro, insert, watchKeys } from "./inserting.js";
import { conversation as path } from "./api.js";

const form = $("#compose");
const box = $("#words-box");
const drafts = new Drafts("conversation");
const restored = new Map();
const mode = () => form.dataset.mode;
const chosen = () => new URLSearchParams(location.search).get("c");

async function restore() {
  const id = chosen();
  if (form.hidden || !id) return;
  // Asked for once a conversation: afterwards the composer itself remembers better.
  if (!restored.has(id)) restored.set(id, drafts.load(id));
  const kept = await restored.get(id);
  if (chosen() !== id || form.hidden || !kept[mode()]) return;
  const text = kept[mode()];
  delete kept[mode()];
  if (box.value) return;
  const focused = document.activeElement;
  insert(box, text);
  if (focused !== box) focused?.focus?.();
}

const choose = () => chooseMacro(box, `${path(chosen())}/macros`, () => {});

box.addEventListener("input", () => { if (chosen()) drafts.keep(chosen(), mode(), box.value); });
// Capturing: the composer empties the box when it hears of the submit.
form.addEventListener("submit", () => forget(), { capture: true });
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) forget();
}, { capture: true });

function forget() {
  if (!chosen() || !box.value.trim()) return;
  drafts.keep(chosen(), mode(), "");
}

// What could not be sent is a draft again, until it is sent or something else is written.
const unsent = new Map();
form.addEventListener("unsent", ({ detail: { id, mode: kind, text } }) => {
  if (id === chosen() && kind === mode() && box.value && box.value !== text) return;
  unsent.set(`${id} ${kind}`, text);
  drafts.keep(id, kind, text);
});
form.addEventListener("sent", ({ detail: { id, mode: kind, text } }) => {
  if (unsent.get(`${id} ${kind}`) !== text) return;
  unsent.delete(`${id} ${kind}`);
  if (id !== chosen() || kind !== mode() || !box.value) drafts.keep(id, kind, "");
});

new MutationObserver(restore).observe(form, { attributes: true, attributeFilter: ["hidden", "data-mode"] });
watchKeys(box, { isNote: () => mode() === "note", onMacro: choose });
$("#pick-macro").addEventListener("click", choose);
