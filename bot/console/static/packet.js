// The packet: suggested answers within two keystrokes, and how the citizen came here.

import { $, calmly, el } from "./dom.js";
import { conversation as path, get } from "./api.js";
import { ticketPage } from "./message.js";
import { clockTime, word } from "./words.js";

export class Packet {
  #id = null;
  #suggestions = [];
  #canReply = false;
  #onUse;
  #soon = calmly(250, () => this.#load());

  /** `onUse(suggestion)` puts one into the composer. */
  constructor(onUse) {
    this.#onUse = onUse;
  }

  open(id) {
    this.#id = id;
    this.#suggestions = [];
    $("#suggestions").replaceChildren();
    this.#load();
  }

  shut() {
    this.#id = null;
    this.#suggestions = [];
    $("#packet").hidden = true;
  }

  /** Suggestions can be used by who has the conversation; others may read them. */
  allow(canReply) {
    if (this.#canReply === canReply) return;
    this.#canReply = canReply;
    this.#show();
  }

  /** The citizen said something new. */
  stale() {
    if (this.#id) this.#soon();
  }

  /** Put the suggestion with this number, from 1, into the composer; false if there is none. */
  use(number) {
    const found = this.#suggestions[number - 1];
    if (!found || !this.#canReply) return false;
    this.#onUse(found);
    return true;
  }

  async #load() {
    const id = this.#id;
    if (!id) return;
    let packet;
    try {
      packet = await get(`${path(id)}/packet`);
    } catch {
      if (this.#id === id) $("#suggestions").replaceChildren(el("p", { class: "muted", text: word("packet.failed") }));
      return;
    }
    if (this.#id !== id) return;
    this.#suggestions = packet.suggestions;
    $("#packet").hidden = false;
    this.#show();
    fill("asked", packet.asked.map(askedLine));
    fill("forms", packet.forms.map(formLines));
    fill("tickets", packet.tickets.map(ticketLine));
    fill("episodes", packet.episodes.map(episodeLine));
  }

  #show() {
    $("#packet-keys").hidden = !this.#canReply || !this.#suggestions.length;
    const lines = this.#suggestions.map((found, index) => this.#suggestion(found, index + 1));
    $("#suggestions").replaceChildren(...(lines.length ? lines : [el("p", { class: "muted", text: word("packet.none") })]));
  }

  #suggestion(found, number) {
    const use = el("button", {
      class: "btn", type: "button", hidden: !this.#canReply, title: word("packet.use", { number }),
      on: { click: () => this.use(number) },
    }, word("packet.take"), el("kbd", { text: `Alt+${number}` }));
    return el(
      "article", { class: "suggestion", dataset: { article: found.article_id } },
      el("div", { class: "head" }, el("b", { text: found.title }), use),
      el("p", { class: "short", text: found.short }),
      found.rests_on ? el("p", { class: "cited", text: found.rests_on }) : null,
      found.notice ? el("p", { class: "cited", text: `${word("packet.notice")} ${found.notice}` }) : null,
    );
  }
}

const cited = (citations) => citations.map(({ law, article }) => `《${law}》${article}`).join(" ");

function fill(part, nodes) {
  const section = $(`#packet-${part}`);
  section.hidden = !nodes.length;
  $("div", section).replaceChildren(...nodes);
}

function askedLine(asked) {
  const understood = [asked.outcome_title, asked.topic_title, asked.right_title].filter(Boolean);
  if (asked.confidence !== null) understood.push(word("packet.confidence", { percent: Math.round(asked.confidence * 100) }));
  return el(
    "div", { class: "asked" },
    el("p", { text: asked.text }),
    understood.length ? el("p", { class: "small muted", text: understood.join(" · ") }) : null,
    ...asked.answers.map((answer) => el(
      "p", { class: "answer" },
      `${word("packet.bot_said")} ${answer.title ?? answer.text}`,
      answer.citations.length ? el("span", { class: "cited", text: ` ${cited(answer.citations)}` }) : null,
      answer.was_sent ? null : el("span", { class: "chip warn", text: word("packet.unsent") }),
    )),
  );
}

function formLines(form) {
  return el("div", {}, el("b", { text: form.title }), el("dl", {}, ...form.lines.flatMap((line) => [
    el("dt", { text: line.label }), el("dd", { text: line.shown }),
  ])));
}

function ticketLine(ticket) {
  return el("p", {}, el("a", { class: "mono", href: ticketPage(ticket.number), text: ticket.number }), ` ${ticket.kind_title} · ${ticket.status_title} · ${ticket.subject}`);
}

function episodeLine(episode) {
  const parts = [clockTime(episode.requested_at), episode.reason_title, episode.outcome_title];
  if (episode.agent_name) parts.push(word("packet.by", { name: episode.agent_name }));
  return el("p", { text: parts.filter(Boolean).join(" · ") });
}
