// The small part of Markdown that articles use: paragraphs, "-" and "1." lists, **bold**.
// Built node by node; anything else stays text.

import { el } from "./dom.js";

const BULLET = /^\s*[-*]\s+/;
const NUMBER = /^\s*\d+[.、]\s*/;

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
  const items = lines.map((line) => el("li", {}, inline(line.replace(marker, ""))));
  return el(kind, { start: start > 1 ? start : null }, items);
}

function inline(text) {
  return text.split(/(\*\*[^*]+\*\*)/).filter(Boolean).map((part) =>
    part.startsWith("**") && part.endsWith("**") && part.length > 4
      ? el("strong", { text: part.slice(2, -2) })
      : document.createTextNode(part));
}
