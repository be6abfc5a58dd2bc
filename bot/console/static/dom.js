// Building pages without ever parsing text as HTML: text goes in as text.

/** Make an element. `attrs`: class, text, dataset, on (listeners), anything else is an attribute. */
export function el(tag, attrs = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attrs)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "dataset") Object.assign(node.dataset, value);
    else if (name === "on") for (const [type, handler] of Object.entries(value)) node.addEventListener(type, handler);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export const meta = (name) => $(`meta[name="${name}"]`)?.content ?? "";

/** Call at most once per `milliseconds`, and once more at the end if it was asked for in between. */
export function calmly(milliseconds, work) {
  let timer = null;
  return () => {
    if (timer !== null) return;
    timer = setTimeout(() => { timer = null; work(); }, milliseconds);
  };
}

/** True while the reader is writing, so that single-letter keys stay letters. */
export function isWriting(event) {
  return event.isComposing || event.ctrlKey || event.metaKey || event.altKey
    || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable
    || document.querySelector("dialog[open]") !== null;
}
