// The conversation as it is shown. Knows where a message belongs and never shows one twice.

import { answerCard, evidenceCard, ticketCard } from "./cards.js";
import { el, icon } from "./dom.js";
import { clockTime, words } from "./words.js";

const GAP_MS = 10 * 60 * 1000;
const NEAR_END_PX = 48;

export class Log {
  /**
   * `onChoose(button)` is called with {title, payload} when a quick reply is pressed; `isOffered(button)` tells
   * whether it still makes sense.
   */
  constructor(node, toEnd, { onChoose, isOffered, greeting }) {
    this.node = node;
    this.toEnd = toEnd;
    this.onChoose = onChoose;
    this.isOffered = isOffered;
    this.greeting = greeting;
    this.seen = new Set();
    this.lastSeq = 0;
    this.pending = new Map();
    this.tail = el("div", { class: "body", hidden: true });
    node.append(this.tail);
    toEnd.addEventListener("click", () => this.scrollToEnd());
    this.isFollowing = true;
    this.lastTop = 0;
    node.addEventListener("scroll", () => this.noticeScroll(), { passive: true });
  }

  get isAtEnd() { return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < NEAR_END_PX; }

  /** Whether the last stored word is the citizen's, so that an answer is due. */
  get endsWithCitizen() {
    const last = [...this.node.querySelectorAll('[data-entry="message"]')].pop();
    return Boolean(last?.classList.contains("row-citizen"));
  }

  /** Forget everything but the greeting. */
  clear() {
    this.node.querySelectorAll("[data-entry]").forEach((entry) => entry.remove());
    this.node.classList.remove("has-talk");
    this.seen.clear();
    this.pending.clear();
    this.lastSeq = 0;
    this.typing(false);
  }

  /**
   * Show a stored message; returns false if it was shown before. What comes `inOrder` (live, or
   * asked for by `after`) leaves nothing out before it; the answer to our own request may, so it does
   * not count for what we ask for next.
   */
  add(message, { quiet = false, inOrder = true } = {}) {
    if (inOrder) this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (this.seen.has(message.seq)) return false;
    this.seen.add(message.seq);
    if (message.seq === 1 && message.author === "bot" && message.text === this.greeting) return true;
    if (message.author === "citizen") {
      this.adopt(message) || this.insert(citizenRow(message.text), message);
    } else {
      this.insert(rowOf(message), message);
      this.typing(false);
    }
    this.showChoices();
    if (quiet) this.scrollToEnd(true);
    else if (this.isFollowing && message.evidence) this.scrollToEnd();
    else if (this.isFollowing) this.scrollToQuestion();
    else this.toEnd.hidden = false;
    return true;
  }

  /** Show what the citizen just wrote, before the server has it. */
  addPending(id, text) {
    const row = citizenRow(text);
    const fate = el("p", { class: "fate" });
    row.append(fate);
    row.classList.add("is-sending");
    row.dataset.entry = "pending";
    this.pending.set(id, { row, fate, text });
    this.node.insertBefore(row, this.tail);
    this.node.classList.add("has-talk");
    this.clearChoices();
    this.scrollToEnd();
  }

  /** Say what became of it: text, and buttons [{title, act}]. */
  setFate(id, text, { bad = false, actions = [] } = {}) {
    const entry = this.pending.get(id);
    if (!entry) return;
    entry.row.classList.toggle("is-sending", !bad);
    entry.fate.className = bad ? "fate fate-bad" : "fate";
    entry.fate.replaceChildren(text, ...actions.map(({ title, act }) =>
      el("button", { type: "button", text: title, onclick: act })));
    if (this.isFollowing) this.scrollToEnd();
  }

  /** The server has it, as message `seq`. */
  confirm(id, seq) {
    const entry = this.pending.get(id);
    if (!entry) return;
    this.pending.delete(id);
    if (this.seen.has(seq)) { entry.row.remove(); return; }
    this.seen.add(seq);
    this.settle(entry, seq, new Date().toISOString());
  }

  discard(id) {
    this.pending.get(id)?.row.remove();
    this.pending.delete(id);
  }

  typing(isOn) {
    if (isOn && !this.dots) {
      this.dots = el("div", { class: "row", "data-entry": "typing" }, avatar("bot"),
        el("div", { class: "body" }, el("div", { class: "bubble typing", role: "status", "aria-label": words.typing },
          el("i"), el("i"), el("i"))));
      this.node.insertBefore(this.dots, this.tail);
      this.scrollToEnd();
    } else if (!isOn && this.dots) {
      this.dots.remove();
      this.dots = null;
    }
  }

  scrollToEnd(atOnce = false) {
    this.toEnd.hidden = true;
    this.isFollowing = true;
    this.node.scrollTo({ top: this.node.scrollHeight, behavior: atOnce ? "instant" : "auto" });
  }

  // We scroll downwards only: going up is the reader's wish, and new messages must not pull them back.
  noticeScroll() {
    const top = this.node.scrollTop;
    if (this.isAtEnd) { this.isFollowing = true; this.toEnd.hidden = true; }
    else if (top < this.lastTop - 4) this.isFollowing = false;
    this.lastTop = top;
  }

  // To the end, but never so far that the citizen's question leaves the top: a long answer is
  // read from its beginning.
  scrollToQuestion() {
    const question = [...this.node.querySelectorAll(".row-citizen")].pop();
    const end = this.node.scrollHeight - this.node.clientHeight;
    const top = question ? Math.min(end, question.offsetTop - this.node.offsetTop - 12) : end;
    this.node.scrollTo({ top, behavior: "auto" });
    this.toEnd.hidden = end - top < NEAR_END_PX;
  }

  // Live delivery may be faster than the answer to our own request: the first unconfirmed
  // bubble with the same words is then that message.
  adopt(message) {
    for (const [id, entry] of this.pending) {
      if (entry.text !== message.text) continue;
      this.pending.delete(id);
      this.settle(entry, message.seq, message.created_at);
      return true;
    }
    return false;
  }

  settle(entry, seq, createdAt) {
    entry.fate.remove();
    entry.row.classList.remove("is-sending");
    this.insert(entry.row, { seq, author: "citizen", created_at: createdAt });
  }

  insert(row, message) {
    row.dataset.entry = "message";
    row.dataset.seq = message.seq;
    row.dataset.author = message.author;
    row.dataset.at = message.created_at;
    row.choices = message.buttons ?? [];
    const next = this.placeFor(message.seq);
    if (row.nextElementSibling !== next || row.parentNode !== this.node) this.node.insertBefore(row, next);
    this.node.classList.add("has-talk");
    this.group(row);
    if (row.nextElementSibling?.dataset.seq) this.group(row.nextElementSibling);
  }

  // Before the first later message; else before what is unconfirmed, typing or last.
  placeFor(seq) {
    const entries = [...this.node.querySelectorAll('[data-entry="message"]')];
    const later = entries.find((entry) => Number(entry.dataset.seq) > seq);
    return later ?? this.node.querySelector('[data-entry="pending"], [data-entry="typing"]') ?? this.tail;
  }

  // One avatar for a run of messages by the same author, a time line after a pause.
  group(row) {
    let before = row.previousElementSibling;
    if (before?.classList.contains("when")) { before.remove(); before = row.previousElementSibling; }
    while (before?.dataset.entry && !before.dataset.seq) before = before.previousElementSibling;
    const known = before?.dataset.seq ? before : null;
    const pause = !known || new Date(row.dataset.at) - new Date(known.dataset.at) > GAP_MS;
    row.classList.toggle("follows", !pause && known.dataset.author === row.dataset.author);
    if (pause) row.before(el("p", { class: "when", "data-entry": "when", text: clockTime(row.dataset.at) }));
  }

  clearChoices() { this.tail.hidden = true; this.tail.replaceChildren(); }

  // Only the last message offers choices; older ones would answer another question.
  showChoices() {
    this.clearChoices();
    if (this.pending.size) return;
    const entries = [...this.node.querySelectorAll('[data-entry="message"]')];
    const last = entries.filter((entry) => entry.dataset.author !== "system" || entry.choices.length).pop();
    const choices = last?.choices?.filter(this.isOffered) ?? [];
    if (!choices.length) return;
    this.tail.append(el("div", { class: "chips", role: "group", "aria-label": words.choices }, choices.map((button) =>
      el("button", { type: "button", class: "chip", text: button.title, onclick: (event) => this.onChoose(button, event) }))));
    this.tail.hidden = false;
  }
}

function avatar(author, name = "") {
  return el("div", { class: "avatar", "aria-hidden": "true" }, author === "agent" ? (name.slice(0, 1) || icon("person")) : icon("shield"));
}

function citizenRow(text) {
  return el("div", { class: "row-citizen" },
    el("div", { class: "bubble" }, el("span", { class: "visually-hidden", text: `${words.you}：` }), text));
}

function rowOf(message) {
  const cards = [message.ticket && ticketCard(message.ticket), message.evidence && evidenceCard(message.evidence)].filter(Boolean);
  if (message.author === "system" && !cards.length) return el("p", { class: "row-system" }, message.text, ratingLink(message.rating));
  const isAgent = message.author === "agent";
  const name = message.author_name ? `${words.agent} ${message.author_name}` : isAgent ? words.agent : words.bot;
  const isAnswer = message.citations?.length || message.details || message.title;
  return el("div", { class: isAgent ? "row row-agent" : "row" }, avatar(message.author, message.author_name ?? ""),
    el("div", { class: "body" },
      el("p", { class: "who", text: name }),
      isAnswer ? answerCard(message) : message.text ? el("div", { class: "bubble", text: message.text }) : null,
      cards));
}

/** The way to the form; only to our own page, whatever the message says. */
function ratingLink(rating) {
  if (!rating?.path.startsWith("/rate/")) return null;
  return el("a", { class: "btn btn-ghost btn-small", href: rating.path, target: "_blank", rel: "noopener", text: rating.title });
}
