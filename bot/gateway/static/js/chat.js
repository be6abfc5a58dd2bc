// The chat page: puts the pieces together.

import { call } from "./api.js";
import { Live } from "./live.js";
import { Log } from "./log.js";
import { memory, onSessionElsewhere } from "./memory.js";
import { Outbox } from "./outbox.js";
import { uploadAll } from "./uploads.js";
import { config, openingTime, say, words } from "./words.js";

const TYPING_LIMIT_MS = 30000;
const title = document.title;
const $ = (id) => document.getElementById(id);

const state = { handledBy: "bot", starting: null, typingTimer: 0 };
const log = new Log($("log"), $("to-end"), { onChoose: choose, isOffered, greeting: config.greeting });
const live = new Live({ message: showMessage, status: showStatus, connected: showConnection, lost: startAfresh }, () => log.lastSeq);
const outbox = new Outbox({ log, session, isLive: () => live.isOpen, onSent: confirmed, onLost: startAfresh });

/** Return the session token; the conversation starts with the first thing the citizen does. */
async function session() {
  if (memory.session) return memory.session;
  state.starting ??= call("/api/v1/chat/sessions", { method: "POST", body: {} });
  try {
    const answer = await state.starting;
    if (!memory.session) {
      memory.session = answer.session;
      answer.messages.forEach((message) => showMessage(message));
      showStatus(answer.status);
      live.start(answer.session);
    }
    return memory.session;
  } finally {
    state.starting = null;
  }
}

async function restore() {
  const token = memory.session;
  if (!token) { outbox.restore(); return; }
  log.node.setAttribute("aria-live", "off");
  try {
    let answer;
    do {
      answer = await call(`/api/v1/chat/messages?after=${log.lastSeq}`, { session: token });
      if (token !== memory.session) return;
      answer.messages.forEach((message) => log.add(message, { quiet: true }));
    } while (answer.more);
    showStatus(answer.status);
    live.start(token);
  } catch (error) {
    if (token !== memory.session) return;
    if (error.status === 401) memory.session = null;
    else { showConnection(false); live.start(token); }
  }
  log.node.setAttribute("aria-live", "polite");
  outbox.restore();
}

function showMessage(message, { inOrder = true } = {}) {
  if (!log.add(message, { inOrder })) return;
  if (document.hidden) document.title = words.title_new + title;
  if (log.endsWithCitizen) expectReply();
  else clearTimeout(state.typingTimer);
}

function confirmed(item, answer) {
  log.confirm(item.id, answer.seq);
  showStatus(answer.status);
  answer.messages.forEach((message) => showMessage(message, { inOrder: false }));
  // The reply may have come live before this answer did.
  if (log.endsWithCitizen) expectReply();
  // The server answers again: no need to wait out the pause before the next try.
  if (live.isPausing) live.hurry();
  if (!live.isOpen) refresh();
}

function expectReply() {
  if (state.handledBy !== "bot") return;
  log.typing(true);
  clearTimeout(state.typingTimer);
  state.typingTimer = setTimeout(() => log.typing(false), TYPING_LIMIT_MS);
}

// The server no longer knows the session (expired, or its key was changed).
async function startAfresh() {
  live.stop();
  memory.session = null;
  log.clear();
  outbox.queue.forEach((item) => log.addPending(item.id, item.text));
  showStatus({ handled_by: "bot" });
  announce(words.session_lost);
}

function showStatus(status) {
  if (!status) return;
  const isOther = state.handledBy !== status.handled_by;
  state.handledBy = status.handled_by;
  if (isOther) log.showChoices();
  $("strip").dataset.handled = status.handled_by;
  const [text, hint] = describe(status);
  $("state-text").textContent = text;
  $("state-hint").textContent = hint;
  const isBots = status.handled_by === "bot";
  $("back-to-bot").hidden = isBots;
  $("back-to-bot").textContent = status.handled_by === "human" ? words.end_human : config.back_to_bot_title;
  // A person has the conversation, or soon will: the forms of the assistant would not open.
  document.querySelectorAll("[data-service]").forEach((button) => { button.disabled = !isBots; });
  if (status.handled_by !== "bot") log.typing(false);
}

function describe(status) {
  if (status.handled_by === "human") return [say("state_human", { name: status.agent_name ?? "" }), words.state_human_hint];
  if (status.handled_by === "bot") return [words.state_bot, words.state_bot_hint];
  if (status.opens_at) return [words.state_closed, say("state_opens", { when: openingTime(status.opens_at) })];
  const hint = status.expected_minutes ? say("state_wait", { minutes: status.expected_minutes }) : words.state_queued_hint;
  if (!status.place) return [words.state_queued, hint];
  return [status.transferring ? say("state_transferring", { place: status.place }) : say("state_place", { place: status.place }), hint];
}

function showConnection(isUp) {
  const bar = $("offline");
  const isGone = !isUp && Boolean(memory.session || !navigator.onLine);
  clearTimeout(state.barTimer);
  if (!isGone) { bar.hidden = true; return; }
  $("offline-text").textContent = navigator.onLine ? words.reconnecting : words.offline;
  // A short break is not worth a word.
  state.barTimer = setTimeout(() => { bar.hidden = false; }, navigator.onLine ? 1500 : 0);
}

function announce(text) { $("announce").textContent = text; }

// The ways out of the queue are no ways out of anything else.
function isOffered(button) {
  return state.handledBy === "queued" || ![config.back_to_bot, config.leave_ticket].includes(button.payload);
}

function choose(button, event) {
  if (button.payload === config.back_to_bot && state.handledBy !== "bot") backToBot();
  else outbox.add(button.title, button.payload ?? null);
  // The pressed button is gone: a keyboard user goes on in the input; a tap opens no keyboard.
  if (event?.detail === 0) $("text").focus();
}

function sendTyped(event) {
  event.preventDefault();
  const box = $("text");
  const text = box.value.trim();
  if (!text || text.length > config.message_max_chars) return;
  box.value = "";
  measure();
  outbox.add(text);
  box.focus();
}

function measure() {
  const box = $("text");
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 148)}px`;
  const left = config.message_max_chars - box.value.trim().length;
  $("count").hidden = left > 200;
  $("count").className = left < 0 ? "left-count over" : "left-count";
  $("count").textContent = left < 0 ? say("too_long", { over: -left }) : say("left", { left });
  $("send").disabled = !box.value.trim() || left < 0;
}

async function uploadChosen(event) {
  const files = [...event.target.files];
  event.target.value = "";
  const place = (node) => { log.node.insertBefore(node, log.tail); log.node.classList.add("has-talk"); log.scrollToEnd(); };
  const onStored = () => live.isOpen || refresh();
  await uploadAll(files, { place, session, onStored });
}

async function refresh() {
  const token = memory.session;
  try {
    showAnswer(token, await call(`/api/v1/chat/messages?after=${log.lastSeq}`, { session: token }));
  } catch { live.hurry(); }
}

// An answer that comes when another conversation has begun has no place in it.
function showAnswer(token, answer) {
  if (token !== memory.session) return;
  answer.messages.forEach((message) => showMessage(message));
  showStatus(answer.status);
}

async function backToBot() {
  const token = memory.session;
  $("back-to-bot").disabled = true;
  try {
    showAnswer(token, await call("/api/v1/chat/return", { method: "POST", session: token, body: { after: log.lastSeq } }));
  } catch (error) {
    announce(error.message);
  }
  $("back-to-bot").disabled = false;
}

function newConversation() {
  if ((memory.session || outbox.queue.length) && !confirm(words.new_confirm)) return;
  live.stop();
  outbox.clear();
  memory.session = null;
  log.clear();
  showStatus({ handled_by: "bot" });
  showConnection(true);
  $("text").focus();
}

function ask(text) {
  document.querySelectorAll("dialog.sheet").forEach((sheet) => sheet.close());
  outbox.add(text);
}

// A sheet opens with [data-open="its id"] and closes with its cross, Escape, or a press beside it.
function wireSheets() {
  document.querySelectorAll("[data-open]").forEach((button) => button.addEventListener("click", () => $(button.dataset.open).showModal()));
  document.querySelectorAll("dialog.sheet").forEach((sheet) => {
    sheet.addEventListener("click", (event) => (event.target === sheet || event.target.closest("[data-close]")) && sheet.close());
  });
}

function wire() {
  $("composer").addEventListener("submit", sendTyped);
  $("text").addEventListener("input", measure);
  $("text").addEventListener("keydown", (event) => {
    // Enter while an input method is composing picks a character.
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) sendTyped(event);
  });
  $("attach").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", uploadChosen);
  $("back-to-bot").addEventListener("click", backToBot);
  $("new-conversation").addEventListener("click", newConversation);
  wireSheets();
  document.querySelectorAll("[data-ask]").forEach((button) => button.addEventListener("click", () => ask(button.dataset.ask)));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) document.title = title; });
  addEventListener("offline", () => showConnection(false));
  addEventListener("online", () => showConnection(true));
}

// The page of an unfinished form leads here; what stands behind "#" is never sent to a server.
function takeUpDraft() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const [number, code] = [wanted.get("n"), wanted.get("c")];
  if (!number || !code) return;
  history.replaceState(null, "", location.pathname);
  ask(say("take_up_draft", { number, code }));
}

onSessionElsewhere(restore);
wire();
measure();
restore().then(takeUpDraft);
