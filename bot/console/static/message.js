// One message of the transcript as an element.

import { $, el, meta } from "./dom.js";
import { clockTime, word } from "./words.js";

/** `message`: as the API gives it, or a draft of our own with `state` sending or failed. */
export function messageOf(message, { retry } = {}) {
  const kind = message.state === "suppressed" ? "bot suppressed" : message.author;
  return el(
    "article",
    { class: `msg ${kind}`, dataset: { id: message.id, seq: message.seq ?? "" } },
    byline(message, retry),
    el("div", { class: "body" }, ...contents(message)),
  );
}

function byline(message, retry) {
  const name = message.author_name || word(`authors.${message.author}`);
  const title = message.author === "note" ? `${word("authors.note")} · ${name}` : name;
  const line = el("div", { class: "by" }, el("b", { text: title }), el("time", {
    class: "nums", datetime: message.created_at, text: clockTime(message.created_at),
  }));
  if (message.state === "suppressed") line.append(el("span", { class: "chip warn", text: word("message.suppressed") }));
  if (message.state === "pending" || message.state === "sending") line.append(el("span", { class: "chip", text: word("message.pending") }));
  if (message.state === "failed") {
    line.append(
      el("span", { class: "chip bad", text: word("message.failed") }),
      el("button", { class: "btn quiet small", type: "button", text: word("message.retry"), on: { click: retry } }),
    );
  }
  return line;
}

function contents(message) {
  const parts = [];
  if (message.title) parts.push(el("p", { class: "head", text: message.title }));
  if (message.text) parts.push(el("p", { class: "text", text: message.text }));
  if (message.notice) parts.push(el("p", { class: "notice warn", text: message.notice }));
  if (message.details) parts.push(details(message.details));
  if (message.citations?.length) parts.push(citations(message.citations));
  if (message.ticket) parts.push(ticketCard(message.ticket));
  if (message.evidence) parts.push(evidenceLine(message.evidence));
  if (message.buttons?.length) parts.push(offers(message.buttons));
  return parts;
}

function details(text) {
  // Markdown as it was written, without its marks for bold: readable, and never parsed as HTML.
  return el("details", {}, el("summary", { text: word("message.details") }), el("div", { class: "more", text: text.replaceAll("**", "") }));
}

function citations(list) {
  const rows = list.map((cited) => el(
    "div", {},
    el("span", { text: `《${cited.law}》${cited.article}` }),
    el("span", { class: "muted", text: `（${word("message.effective", { date: cited.effective })}）` }),
    cited.quote ? el("q", { text: cited.quote }) : null,
  ));
  return el("div", { class: "cites" }, el("b", { text: word("message.cites") }), ...rows);
}

/** Address of a ticket's page by its number. */
export const ticketPage = (number) => `${meta("ticket-page")}/number/${encodeURIComponent(number)}`;

function ticketCard(ticket) {
  return el(
    "a", { class: "ticket-card", href: ticketPage(ticket.number) },
    el("span", { class: "chip info", text: word("facts.tickets") }), el("span", { class: "mono", text: ticket.number }),
  );
}

function evidenceLine(evidence) {
  const name = evidence.filename ?? evidence.receipt;
  const href = `${meta("staff-api")}/evidence/${encodeURIComponent(evidence.id ?? "")}`;
  const mayDownload = "mayDownload" in $("#main").dataset;
  return el(
    "p", { class: "small" }, `${word("message.evidence")} `,
    mayDownload ? el("a", { href, download: "", text: name }) : el("b", { text: name }),
  );
}

function offers(buttons) {
  return el("div", { class: "offers", "aria-label": word("message.offers") }, ...buttons.map((button) => el("span", { class: "chip", text: button.title })));
}
