// The small part of Markdown that articles and tools use: paragraphs, "-" and "1." lists, "-" lists
// inside them, **bold**.
// Built node by node; anything else stays text.

import { el } from "./dom.js";

const BULLET = /^\s*[-*]\s+/;
const NUMBER = /^\s*\d+[.、]\s*/;
const INNER = /^\s{2,}[-*]\s+/;

/** Return a fragment for the text. */
export function markdown(text) {
  const fragment = document.createDocumentFragment();
  for (const block of blocks(text)) fragment.append(render(block));
  return fragment;
}

function kindOf(line) {
  if (BULLET.test(line)) return "ul";
  if (NUMBER.test(line)) return "ol";
  return "p";
}

function blocks(text) {
  const found = [];
  let open = null;
  for (const line of text.split(/\r?\n/)) {
    if (!line.trim()) { open = open?.kind === "p" ? null : open; continue; }
    if (open && open.kind !== "p" && INNER.test(line)) { open.lines.push(line); continue; }
    const kind = kindOf(line);
    const continues = open && (open.kind === kind || (kind === "p" && /^\s+/.test(line)));
    if (!continues) found.push(open = { kind, lines: [] });
    if (kind === "p" && open.kind !== "p") open.lines.push(`${open.lines.pop()}${line.trim()}`);
    else open.lines.push(line);
  }
  return found;
}

function render({ kind, lines }) {
  if (kind === "p") return el("p", {}, inline(lines.map((line) => line.trim()).join("")));
  const marker = kind === "ul" ? BULLET : NUMBER;
  const start = kind === "ol" ? Number.parseInt(lines[0], 10) : 1;
  return el(kind, { start: start > 1 ? start : null }, items(lines, marker));
}

function items(lines, marker) {
  const found = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (!last || !INNER.test(line)) { found.push(el("li", {}, inline(line.replace(marker, "")))); continue; }
    if (last.lastElementChild?.tagName !== "UL") last.append(el("ul"));
    last.lastElementChild.append(el("li", {}, inline(line.replace(INNER, ""))));
  }
  return found;
}

function inline(text) {
  return text.split(/(\*\*[^*]+\*\*)/).filter(Boolean).map((part) =>
    part.startsWith("**") && part.endsWith("**") && part.length > 4
      ? el("strong", { text: part.slice(2, -2) })
      : document.createTextNode(part));
}
