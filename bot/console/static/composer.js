// Writing: a reply to the citizen, or a note for colleagues. What was typed is kept per
// conversation and kind, so that changing the conversation loses nothing.

import { $, $$ } from "./dom.js";
import { word } from "./words.js";

export class Composer {
  #form = $("#compose");
  #box = $("#words-box");
  #drafts = new Map();
  #key = null;
  #mode = "reply";
  #rights = { canReply: false, hint: "" };
  #articles = new Map();

  /** `onSend(mode, text, articleId)` is called with what was written; the box is empty by then. */
  constructor(onSend) {
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.#submit(onSend); });
    this.#box.addEventListener("input", () => this.#keep());
    this.#box.addEventListener("keydown", (event) => {
      // While an input method is composing, Enter chooses a candidate.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit(onSend);
    });
    for (const tab of $$(".tab", this.#form)) tab.addEventListener("click", () => this.write(tab.dataset.mode));
  }

  /** Open for a conversation; without the right to reply only notes can be written. */
  open(conversationId, rights) {
    const isOther = this.#key !== conversationId;
    this.#key = conversationId;
    this.#rights = rights;
    this.#form.hidden = false;
    $('.tab[data-mode="reply"]', this.#form).hidden = !rights.canReply;
    if (isOther || !rights.canReply) this.#mode = rights.canReply ? "reply" : "note";
    this.#show();
  }

  hide() {
    this.#form.hidden = true;
    this.#key = null;
  }

  write(mode) {
    if (this.#form.hidden || (mode === "reply" && !this.#rights.canReply)) return;
    this.#mode = mode;
    this.#show();
    this.#box.focus();
  }

  /** Put a suggested answer into the reply, after what was typed already; it is sent as any other. */
  suggest(text, articleId) {
    if (this.#form.hidden || !this.#rights.canReply) return;
    const key = `${this.#key} reply`;
    const typed = (this.#drafts.get(key) ?? "").trim();
    // A suggestion that was not touched gives way to the next one.
    const isFresh = !typed || this.#articles.get(key)?.text === typed;
    this.#drafts.set(key, isFresh ? text : `${typed}\n${text}`);
    this.#articles.set(key, { id: articleId, text: text.trim() });
    this.write("reply");
    this.#box.setSelectionRange(this.#box.value.length, this.#box.value.length);
  }

  /** Give back words that could not be sent, unless something else was typed meanwhile. */
  restore(conversationId, mode, text) {
    const key = `${conversationId} ${mode}`;
    if (!this.#drafts.get(key)) this.#drafts.set(key, text);
    if (this.#key === conversationId) this.#show();
  }

  #show() {
    const isReply = this.#mode === "reply";
    this.#form.dataset.mode = this.#mode;
    for (const tab of $$(".tab", this.#form)) tab.setAttribute("aria-pressed", String(tab.dataset.mode === this.#mode));
    const draft = this.#drafts.get(`${this.#key} ${this.#mode}`) ?? "";
    // Setting the same value again would break off what an input method is composing.
    if (this.#box.value !== draft) this.#box.value = draft;
    $("#box-label").textContent = word(isReply ? "compose.reply_label" : "compose.note_label");
    $("#send").textContent = word(isReply ? "compose.send" : "compose.save");
    $("#compose-hint").textContent = isReply ? word("compose.reply_hint") : this.#rights.hint || word("compose.note_hint");
  }

  #keep() {
    const key = `${this.#key} ${this.#mode}`;
    this.#drafts.set(key, this.#box.value);
    // Emptied, the box holds nothing of the suggestion any more.
    if (!this.#box.value.trim()) this.#articles.delete(key);
  }

  #submit(onSend) {
    const text = this.#box.value.trim();
    if (!text) return;
    const key = `${this.#key} ${this.#mode}`;
    const article = this.#articles.get(key);
    this.#articles.delete(key);
    this.#box.value = "";
    this.#keep();
    onSend(this.#mode, text, article?.id ?? null);
  }
}
