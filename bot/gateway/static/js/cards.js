// The structured parts of a message: answer, ticket, evidence receipt.

import { call } from "./api.js";
import { copyFrom, el, icon } from "./dom.js";
import { markdown } from "./markdown.js";
import { clockTime, fileSize, plainDate, say, words } from "./words.js";

/** A legal answer: short answer first, details and provisions to unfold. */
export function answerCard(message) {
  const card = el("article", { class: "answer" },
    el("div", { class: "lead" },
      message.title ? el("h3", { text: message.title }) : null,
      el("p", { class: "short", text: message.text })));
  if (message.notice) {
    card.append(el("p", { class: "notice" }, icon("alert"),
      el("span", {}, el("strong", { text: `${words.notice}：` }), message.notice)));
  }
  // A tool's result is its details; an article's are for those who want to know more.
  const isTool = Boolean(message.tool && message.details);
  if (message.picture?.startsWith("/flow/")) card.append(figure(message));
  if (message.details) {
    card.append(fold(words.details, null, el("div", { class: "rich" }, markdown(message.details)), isTool));
  }
  if (message.citations?.length) {
    card.append(fold(words.sources, message.citations.length,
      el("ul", { class: "sources" }, message.citations.map((cited) => el("li", {}, citation(cited))))));
  }
  if (isTool) card.append(el("div", { class: "answer-actions" }, copyButton(plainText(message)), printButton(card)));
  return card;
}

function figure({ picture, title, text }) {
  const page = picture.replace(".svg", "");
  return el("figure", { class: "picture" },
    el("a", { href: page, target: "_blank", rel: "noopener" },
      el("img", { src: picture, alt: say("picture_alt", { title: title || text }) }),
      el("span", { class: "small", text: words.picture_open })));
}

/** The result as it can be pasted into a message or a document. */
function plainText({ title, text, details, citations }) {
  const sources = (citations ?? []).map(({ law, article }) => `《${law.replace(/^《|》$/g, "")}》${article}`);
  const body = details.replaceAll("**", "");
  return [title, text, body, sources.length ? `${words.sources}：${sources.join("；")}` : null].filter(Boolean).join("\n\n");
}

function printButton(card) {
  return el("button", { type: "button", class: "btn btn-ghost btn-small", onclick: () => printOnly(card) },
    icon("print"), el("span", { text: words.print }));
}

// Everything unfolded, nothing else on the paper.
function printOnly(card) {
  const folded = [...card.querySelectorAll("details:not([open])")];
  folded.forEach((details) => { details.open = true; });
  card.classList.add("to-print");
  document.body.classList.add("print-one");
  addEventListener("afterprint", () => {
    folded.forEach((details) => { details.open = false; });
    card.classList.remove("to-print");
    document.body.classList.remove("print-one");
  }, { once: true });
  print();
}

function fold(title, count, content, isOpen = false) {
  return el("details", { open: isOpen },
    el("summary", {}, title, count ? el("span", { class: "count", text: count }) : null, icon("chevron")),
    content);
}

function citation(cited) {
  const name = cited.law.startsWith("《") ? cited.law : `《${cited.law}》`;
  return el("details", {},
    el("summary", {},
      el("span", {}, `${name}${cited.article}`,
        cited.effective ? el("small", { text: say("effective", { date: plainDate(cited.effective) }) }) : null),
      icon("chevron")),
    el("blockquote", { text: cited.quote ? cited.quote.split("\n").join(`\n${words.omitted}\n`) : words.quote_missing }));
}

/** A ticket that was just opened; the code is shown here and nowhere else. */
export function ticketCard({ number, code, kind }) {
  const link = `/t?n=${encodeURIComponent(number)}${code ? `#c=${encodeURIComponent(code)}` : ""}`;
  return slip(words.ticket_title, [
    [words.ticket_kind, words.kinds[kind] ?? kind],
    [words.ticket_number, number, "mono"],
    code ? [words.ticket_code, code, "mono"] : null,
  ], [
    copyButton(say("copy_ticket", { number, code: code ?? "" })),
    code ? documentButton(number, code) : null,
    el("a", { class: "btn btn-small", href: link, text: words.ticket_open }),
  ], words.ticket_keep);
}

// Fetched rather than linked: a link would leave the code in the browser's history.
function documentButton(number, code) {
  const button = el("button", { type: "button", class: "btn btn-ghost btn-small", text: words.ticket_document,
    onclick: async () => {
      button.disabled = true;
      try {
        const address = `/api/v1/tickets/${encodeURIComponent(number)}/document?format=pdf&code=${encodeURIComponent(code)}`;
        const answer = await fetch(address);
        if (!answer.ok) throw new Error(String(answer.status));
        const url = URL.createObjectURL(await answer.blob());
        el("a", { href: url, download: `${number}.pdf` }).click();
        setTimeout(() => URL.revokeObjectURL(url), 60000);
      } catch {
        button.textContent = words.ticket_document_failed;
      }
      button.disabled = false;
    } });
  return button;
}

/** The receipt of an uploaded file, with a button that checks the stored bytes again. */
export function evidenceCard(evidence) {
  const outcome = el("p", { class: "small", role: "status" });
  const verify = el("button", { type: "button", class: "btn btn-ghost btn-small", text: words.evidence_verify,
    onclick: () => verifyReceipt(evidence.receipt, verify, outcome) });
  const card = slip(words.evidence_title, [
    [words.evidence_file, evidence.filename],
    [words.evidence_size, fileSize(evidence.size_bytes)],
    [words.evidence_receipt, evidence.receipt, "mono"],
    evidence.stored_at ? [words.evidence_at, clockTime(evidence.stored_at)] : null,
    [words.evidence_hash, evidence.sha256, "mono hash"],
  ], [copyButton(say("copy_receipt", evidence)), verify]);
  card.append(outcome);
  return card;
}

async function verifyReceipt(receipt, button, outcome) {
  button.disabled = true;
  try {
    const answer = await call(`/api/v1/evidence/${encodeURIComponent(receipt)}`);
    outcome.textContent = answer.intact ? words.evidence_intact : words.evidence_broken;
  } catch (error) {
    outcome.textContent = error.status === 429 ? error.message : words.evidence_verify_failed;
  }
  button.disabled = false;
}

function slip(title, rows, actions, hint = null) {
  const list = el("dl", {});
  for (const [label, value, kind] of rows.filter(Boolean)) {
    list.append(el("dt", { text: label }), el("dd", { class: kind, text: value }));
  }
  return el("section", { class: "slip" },
    el("h3", {}, icon("check"), title), list,
    hint ? el("p", { class: "small muted", text: hint }) : null,
    el("div", { class: "slip-actions" }, actions));
}

function copyButton(text) {
  const button = el("button", { type: "button", class: "btn btn-ghost btn-small",
    onclick: () => copyFrom(button, text, words) },
    icon("copy"), el("span", { text: words.copy }));
  return button;
}
