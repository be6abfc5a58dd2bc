// The menu of a narrow screen: a button that opens the links of the top bar. Wide screens show them all and have no button.

import { $ } from "./dom.js";

const button = $("#menu-button");
const nav = $("#main-nav");

function show(isOpen) {
  button.setAttribute("aria-expanded", String(isOpen));
  nav.classList.toggle("open", isOpen);
}

const isOpen = () => nav.classList.contains("open");

button.addEventListener("click", () => show(!isOpen()));

addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !isOpen()) return;
  show(false);
  button.focus();
});

// Whoever goes elsewhere, with finger or keyboard, is done with it.
for (const type of ["pointerdown", "focusin"]) {
  addEventListener(type, ({ target }) => {
    if (isOpen() && !nav.contains(target) && !button.contains(target)) show(false);
  });
}
