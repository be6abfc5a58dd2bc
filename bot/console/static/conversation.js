// The right-hand pane: one conversation, its transcript, and what an agent can do in it.

import { $, el, meta } from "./dom.js";
import { ApiError, conversation as path, get, newKey, post } from "./api.js";
import { clockOf } from "./clock.js";
import { Composer } from "./composer.js";
import { refresh } from "./countdown.js";
import { ticketPage } from "./message.js";
import { Packet } from "./packet.js";
import { Transcript } from "./transcript.js";
import { askTransfer } from "./transfer.js";
import { word } from "./words.js";

export class Pane {
  #live;
  #onChange;
  #id = null;
  #status = null;
  #transcript = new Transcript();
  #composer = new Composer((mode, text, article) => this.#write(mode, text, article));
  #packet = new Packet(({ text, article_id }) => this.#composer.suggest(text, article_id));
  #mayTakeOver = "mayTakeOver" in $("#main").dataset;

  constructor({ live, onChange }) {
    this.#live = live;
    this.#onChange = onChange;
    live.addEventListener("messages", ({ detail }) => this.#arrived(detail));
    live.addEventListener("lookers", ({ detail }) => this.#showLookers(detail));
    live.addEventListener("status", ({ detail }) => { if (detail.conversation === this.#id) this.#showStatus(detail); });
    $("#claim").addEventListener("click", () => this.claim());
    $("#take-over").addEventListener("click", async () => { if (await this.#act("take-over")) this.#composer.write("reply"); });
    $("#give-on").addEventListener("click", () => this.#giveOn());
    $("#hand-back").addEventListener("click", () => this.#finish("hand_back", "hand-back"));
    $("#close").addEventListener("click", () => this.#finish("close", "close"));
  }

  async open(id) {
    if (this.#id === id) return;
    this.#id = id;
    this.#problem(null);
    this.#composer.hide();
    this.#showLookers({ id, others: [] });
    let detail;
    try {
      detail = await get(path(id));
    } catch (error) {
      if (this.#id === id) this.#showNothing(error);
      return;
    }
    if (this.#id !== id) return;
    this.#reveal();
    this.#showStatus(detail);
    this.#transcript.reset(detail.messages);
    this.#live.watch(id, () => this.#transcript.lastSeq);
    this.#live.look("conversation", id);
    this.#packet.open(id);
  }

  /** Put a suggested answer into the reply; false if there is none with this number. */
  suggest(number) {
    return this.#packet.use(number);
  }

  shut() {
    this.#id = null;
    this.#status = null;
    this.#live.unwatch();
    this.#live.look("conversation", null);
    this.#packet.shut();
    this.#composer.hide();
    $("#pane-inner").hidden = true;
    $("#pane-empty").hidden = false;
  }

  write(mode) {
    this.#composer.write(mode);
  }

  async claim() {
    if (!this.#id || this.#status?.handled_by !== "queued") return;
    if (await this.#act("claim")) this.#composer.write("reply");
  }

  #reveal() {
    $("#pane-empty").hidden = true;
    $("#pane-inner").hidden = false;
  }

  #showNothing(error) {
    this.#reveal();
    for (const id of ["#c-label", "#c-channel", "#c-status", "#c-clock"]) $(id).replaceChildren();
    for (const id of ["#c-facts", "#hand-back", "#close", "#give-on", "#take-over", "#claim-bar"]) $(id).hidden = true;
    this.#packet.shut();
    this.#transcript.reset([]);
    this.#status = null;
    this.#failed(error);
  }

  #arrived({ conversation, messages }) {
    if (conversation !== this.#id) return;
    for (const message of messages) this.#transcript.put(message);
    if (messages.some((message) => message.author === "citizen")) this.#packet.stale();
  }

  #showStatus(detail) {
    this.#status = detail.status;
    $("#c-label").textContent = detail.label;
    $("#c-channel").textContent = detail.channel_title;
    this.#showOwner(detail.status);
    $("#c-clock").replaceChildren(...(detail.clock ? [clockOf(detail.clock)] : []));
    const facts = factsOf(detail, this.#status);
    $("#c-facts").replaceChildren(...facts);
    $("#c-facts").hidden = !facts.length;
    refresh($("#c-facts"));
  }

  #showLookers({ id, others }) {
    if (id !== this.#id) return;
    $("#c-lookers").hidden = !others.length;
    $("#c-lookers").textContent = word("daily.lookers", { names: others.map((who) => who.name).join(word("daily.comma")) });
  }

  #showOwner(status) {
    const isMine = status.handled_by === "human" && status.agent_id === meta("agent-id");
    const isWaiting = status.handled_by === "queued";
    const chip = $("#c-status");
    chip.textContent = word(`status.${isMine ? "human_mine" : status.owner}`, { name: status.agent_name });
    chip.className = `chip ${isMine ? "info" : isWaiting ? "warn" : ""}`;
    $("#hand-back").hidden = $("#close").hidden = $("#give-on").hidden = !isMine;
    $("#take-over").hidden = !(this.#mayTakeOver && status.handled_by === "human" && !isMine);
    this.#packet.allow(isMine);
    $("#claim-bar").hidden = !isWaiting;
    this.#composer.open(this.#id, { canReply: isMine, hint: isMine ? "" : hintOf(status) });
  }

  #giveOn() {
    const id = this.#id;
    askTransfer(id, (detail) => {
      if (this.#id === id) this.#showStatus(detail);
      this.#onChange();
    });
  }

  async #act(step, body = {}) {
    const id = this.#id;
    this.#problem(null);
    try {
      const answer = await post(`${path(id)}/${step}`, body);
      if (this.#id === id) this.#showStatus(answer);
      this.#onChange();
      return true;
    } catch (error) {
      this.#failed(error);
      await this.#reload(id);
      this.#onChange();
      return false;
    }
  }

  async #reload(id) {
    try {
      const detail = await get(path(id));
      if (this.#id === id) this.#showStatus(detail);
    } catch {
      // The refusal is on the page already; a second one would say nothing new.
    }
  }

  async #finish(words, step) {
    const dialog = $("#confirm");
    $("#confirm-title").textContent = word(`confirm.${words}`);
    $("#confirm-text").textContent = word(`confirm.${words}_text`);
    $("#confirm-yes").textContent = word(`confirm.yes_${words}`);
    const settled = $("#confirm-words");
    $("#confirm-field").hidden = words !== "hand_back";
    settled.value = "";
    dialog.returnValue = "no";
    dialog.showModal();
    await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
    if (dialog.returnValue === "yes") await this.#act(step, words === "hand_back" ? { settled: settled.value } : {});
  }

  async #write(mode, text, article) {
    this.#problem(null);
    if (mode === "reply") return this.#reply(this.#id, text, newKey(), article);
    const id = this.#id;
    try {
      const { message, not_told: names } = await post(`${path(id)}/notes`, { text });
      if (this.#id !== id) return;
      this.#transcript.put(message);
      if (names.length) this.#problem(word("compose.not_told", { names: names.join("、") }));
    } catch (error) {
      this.#composer.restore(id, mode, text);
      tell("unsent", { id, mode, text });
      this.#failed(error);
    }
  }

  async #reply(id, text, key, article) {
    const draft = { id: key, author: "agent", text, state: "sending", created_at: new Date().toISOString() };
    this.#transcript.put(draft);
    try {
      const { message } = await post(`${path(id)}/replies`, { text, client_id: key, article_id: article ?? "" });
      this.#transcript.remove(key);
      if (this.#id === id) this.#transcript.put(message);
      tell("sent", { id, mode: "reply", text });
    } catch (error) {
      tell("unsent", { id, mode: "reply", text });
      this.#failed(error);
      if (this.#id !== id) return this.#composer.restore(id, "reply", text);
      this.#transcript.put({ ...draft, state: "failed" }, { retry: () => this.#reply(id, text, key, article) });
    }
  }

  #failed(error) {
    if (!(error instanceof ApiError)) throw error;
    this.#problem(error.message);
  }

  #problem(words) {
    $("#pane-problem").hidden = !words;
    $("#pane-problem").textContent = words ?? "";
  }
}

/** Let whoever keeps drafts know what became of words that were sent. */
function tell(type, detail) {
  $("#compose").dispatchEvent(new CustomEvent(type, { detail }));
}

function hintOf(status) {
  if (status.handled_by === "human") return word("compose.others", { name: status.agent_name });
  return { bot: word("compose.bot"), wrap_up: word("compose.over") }[status.owner] ?? "";
}

function factsOf({ handoff, tickets }, status) {
  const facts = [];
  if (status.handled_by === "human" && status.agent_id !== meta("agent-id")) facts.push(el("b", { text: word("queue.listening") }));
  if (handoff?.place) facts.push(el("b", { text: word("queue.place", handoff) }));
  if (handoff?.place && handoff.expected_minutes) facts.push(el("span", { text: word("queue.expected", { minutes: handoff.expected_minutes }) }));
  if (handoff?.nudged_at) facts.push(el("b", { class: "chip bad", text: word("queue.nudged") }));
  if (handoff?.reason_title) facts.push(fact("facts.reason", el("b", { text: handoff.reason_title })));
  if (handoff?.queue_title) facts.push(fact("facts.queue", el("b", { text: handoff.queue_title })));
  if (handoff?.waiting_since) facts.push(fact("facts.waiting", el("b", { class: "nums", dataset: { since: handoff.waiting_since } })));
  for (const { number } of tickets ?? []) facts.push(fact("facts.tickets", el("a", { class: "mono", href: ticketPage(number), text: number })));
  return facts;
}

function fact(key, node) {
  return el("span", { text: `${word(key)} ` }, node);
}
