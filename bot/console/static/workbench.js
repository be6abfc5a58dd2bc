// The workbench: which list, which conversation, the keys, and what happens when something changes.

import { $, $$, calmly, el, isWriting } from "./dom.js";
import { get } from "./api.js";
import { Live } from "./live.js";
import { Pane } from "./conversation.js";
import { refresh, startCountdowns } from "./countdown.js";
import { startPresence } from "./presence.js";
import { clockTime, word } from "./words.js";
import { clockOf } from "./clock.js";

const bench = $("#main");
const rows = $("#rows");
const live = new Live();
const pane = new Pane({ live, onChange: () => load() });
let view = "queued";
let items = [];
let chosen = null;
let asked = 0;

async function load() {
  const request = ++asked;
  let answer;
  try {
    answer = await get(`/conversations?view=${view}`);
  } catch (error) {
    if (request === asked && !items.length) rows.replaceChildren(el("li", { class: "empty", text: word("list.failed") }));
    return;
  }
  if (request !== asked) return;
  items = answer.items;
  showCounts(answer);
  showRows();
}

function showCounts({ counts, tickets }) {
  for (const link of $$("[data-view]")) showCount(link, counts[link.dataset.view]);
  const open = new Map(tickets.map((queue) => [queue.id, queue.open]));
  for (const link of $$("[data-queue]")) $(".count", link).textContent = open.get(link.dataset.queue) ?? 0;
  const waiting = counts.queued.count;
  document.title = waiting === "0" ? word("page.title") : word("page.title_waiting", { count: waiting });
}

/** What the bot handles is not counted: it is nearly everything, and nobody has to act on it. */
function showCount(link, { count, late } = { count: "", late: 0 }) {
  $(".count", link).textContent = count;
  $(".late", link).hidden = !late;
  $(".late", link).textContent = late ? word("list.late", { count: late }) : "";
}

function showRows() {
  const focused = document.activeElement?.dataset?.id;
  $("#list-title").textContent = word(`views.${view}`);
  $("#list-count").textContent = word("list.count", { count: items.length });
  rows.replaceChildren(...(items.length ? items.map(rowOf) : [el("li", { class: "empty", text: word(`list.empty_${view}`) })]));
  rows.setAttribute("aria-busy", "false");
  refresh(rows);
  if (focused) $(`[data-id="${CSS.escape(focused)}"]`, rows)?.focus();
}

function rowOf(item) {
  const meta = [];
  if (item.reason_title) meta.push(el("span", { class: "chip", text: item.reason_title }));
  if (item.place) meta.push(el("span", { class: "nums", text: word("queue.place_in", item) }));
  for (const { level, text } of item.hurry) meta.push(el("span", { class: `chip ${level === "urgent" ? "bad" : "warn"}`, text }));
  if (item.requeued_count) meta.push(el("span", { class: "chip warn", text: word("queue.requeued") }));
  if (item.nudged_at) meta.push(el("span", { class: "chip bad", text: word("queue.nudged") }));
  else if (item.unanswered_since) {
    meta.push(el("span", { class: "wait-now", text: word("queue.unanswered") }, " ", el("span", { class: "nums", dataset: { since: item.unanswered_since } })));
  }
  if (item.waiting_since) {
    meta.push(el("span", { text: word("list.waiting") }, " ", el("span", { class: "nums", dataset: { since: item.waiting_since } })));
  }
  if ((view === "human" || view === "all") && item.agent_name) meta.push(el("span", { text: word("list.by", { name: item.agent_name }) }));
  if (item.last_at && view !== "queued") meta.push(el("span", { class: "nums", text: `${word("list.last")} ${clockTime(item.last_at)}` }));
  const button = el(
    "button",
    { class: "row", type: "button", dataset: { id: item.id }, "aria-current": item.id === chosen ? "true" : null, on: { click: () => choose(item.id) } },
    el("span", { class: "name", text: `${item.label} · ${item.channel_title}` }),
    item.clock ? clockOf(item.clock) : el("span"),
    el("span", { class: "last", text: item.last_text || "…" }),
    el("span", { class: "meta" }, ...meta),
  );
  return el("li", {}, button);
}

function choose(id, { push = true } = {}) {
  chosen = id;
  bench.dataset.stage = id ? "pane" : "list";
  for (const row of $$(".row", rows)) row.toggleAttribute("aria-current", false);
  const row = id && $(`[data-id="${CSS.escape(id)}"]`, rows);
  row?.setAttribute("aria-current", "true");
  row?.scrollIntoView({ block: "nearest" });
  if (push) history.pushState(null, "", addressOf());
  if (id) pane.open(id);
  else pane.shut();
}

function showView(next, { push = true } = {}) {
  view = next;
  items = [];
  for (const link of $$("[data-view]")) {
    if (link.dataset.view === view) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  rows.setAttribute("aria-busy", "true");
  if (push) history.pushState(null, "", addressOf());
  return load();
}

function addressOf() {
  const query = new URLSearchParams({ view });
  if (chosen) query.set("c", chosen);
  return `?${query}`;
}

function fromAddress() {
  const query = new URLSearchParams(location.search);
  const wanted = query.get("view");
  showView($(`[data-view="${CSS.escape(wanted ?? "")}"]`) ? wanted : "queued", { push: false });
  choose(query.get("c"), { push: false });
}

function step(by) {
  const at = items.findIndex((item) => item.id === chosen);
  const next = items[at < 0 ? 0 : Math.min(Math.max(at + by, 0), items.length - 1)];
  if (next) choose(next.id);
}

function backToList() {
  const id = chosen;
  choose(null);
  (id && $(`[data-id="${CSS.escape(id)}"]`, rows) ? $(`[data-id="${CSS.escape(id)}"]`, rows) : rows).focus?.();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  c: () => pane.claim(),
  r: () => pane.write("reply"),
  n: () => pane.write("note"),
  Escape: () => chosen && backToList(),
};

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.id === "words-box" && !event.isComposing) return event.target.blur();
  if (event.altKey && !event.ctrlKey && !event.metaKey && /^Digit[1-9]$/.test(event.code)) {
    // By the key's place: with Alt, some layouts give another character.
    if (pane.suggest(Number(event.code.at(-1)))) event.preventDefault();
    return;
  }
  if (isWriting(event)) return;
  const action = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

$("#back").addEventListener("click", backToList);
$("#views").addEventListener("click", (event) => {
  const link = event.target.closest("[data-view]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  choose(null, { push: false });
  showView(link.dataset.view);
});
addEventListener("popstate", fromAddress);
const soon = calmly(150, load);
// What the bot handles changes with every message and is only looked at.
const later = calmly(5_000, load);
live.addEventListener("queues", () => (view === "bot" ? later : soon)());
fromAddress();
startCountdowns();
startPresence(live, (id) => { showView("mine"); choose(id); });
live.start();
