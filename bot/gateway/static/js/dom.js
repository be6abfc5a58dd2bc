// Building DOM without ever parsing text as HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. `props`: class, text, on{event}, data-…, or any attribute; false/null are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** Make an icon from the sprite of the page. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Copy text and say so on the button; where the browser refuses, say how to do it by hand. */
export async function copyFrom(button, text, words) {
  const label = button.querySelector("span");
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(text);
    label.textContent = words.copied;
  } catch {
    label.textContent = copyByCommand(text) ? words.copied : words.copy_failed;
  }
  setTimeout(() => { label.textContent = before; }, 2500);
}

// navigator.clipboard exists on https and localhost only.
function copyByCommand(text) {
  const area = el("textarea", { class: "visually-hidden", readonly: true });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
