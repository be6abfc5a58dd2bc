// Live countdowns. Time that counts is working time: the server gives the office frames, so a
// clock stands still at night, at the weekend and on holidays, as the SLA does.

import { $$ } from "./dom.js";
import { get } from "./api.js";
import { lengthOf, dayOf, clockTime, word } from "./words.js";

const STOPPED = new Set(["met", "cancelled", "paused"]);
let frames = [];

/** Load the office frames of the coming months and keep all countdowns on the page moving. */
export async function startCountdowns() {
  try {
    frames = (await get("/calendar")).frames.map(([from, to]) => [from * 1000, to * 1000]);
  } catch {
    frames = [];
  }
  refresh();
  setInterval(refresh, 5_000);
}

export function refresh(root = document) {
  const now = Date.now();
  for (const node of $$("[data-due]", root)) show(node, now);
  for (const node of $$("[data-since]", root)) {
    node.textContent = lengthOf(Math.max(0, now - Date.parse(node.dataset.since)) / 60_000);
  }
}

/** Set the words and level of one `.clock` element from its data attributes. */
export function show(node, now = Date.now()) {
  const { due, warn, state, unit, stopped } = node.dataset;
  const dueAt = Date.parse(due);
  const level = levelOf({ state, now, dueAt, warnAt: Date.parse(warn) });
  const words = stopped === "true" || STOPPED.has(state) ? word(`levels.${level}`) : remaining({ now, dueAt, unit });
  const provisional = node.dataset.provisional === "true" ? word("levels.provisional") : "";
  node.dataset.level = level;
  if (node.textContent !== words + provisional) node.textContent = words + provisional;
  node.title = word("levels.title", { level: word(`levels.${level}`), due: clockTime(due) });
}

function levelOf({ state, now, dueAt, warnAt }) {
  if (state === "breached" || (!STOPPED.has(state) && now >= dueAt)) return "breached";
  if (STOPPED.has(state)) return state;
  return now >= warnAt ? "warn" : "ok";
}

function remaining({ now, dueAt, unit }) {
  if (now >= dueAt) return word("levels.late", { length: lengthOf((now - dueAt) / 60_000) });
  const known = frames.length && frames.at(-1)[1] >= dueAt;
  if (!known || !unit?.startsWith("working")) return word("levels.left", { length: lengthOf((dueAt - now) / 60_000) });
  const days = unit === "working_days" ? workingDaysLeft(now, dueAt) : 0;
  if (days) return word("levels.left_days", { days });
  const length = lengthOf(Math.ceil(workingMs(now, dueAt) / 60_000));
  return word(isOpen(now) ? "levels.left" : "levels.left_closed", { length });
}

const isOpen = (now) => frames.some(([from, to]) => from <= now && now < to);

function workingMs(from, to) {
  return frames.reduce((sum, [open, close]) => sum + Math.max(0, Math.min(close, to) - Math.max(open, from)), 0);
}

function workingDaysLeft(now, dueAt) {
  const today = dayOf(now);
  const days = frames.filter(([from]) => from < dueAt && from > now).map(([from]) => dayOf(from));
  return new Set(days.filter((day) => day !== today)).size;
}
