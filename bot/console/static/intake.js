// Sending a ticket on to another centre. The downloads beside it are plain forms.

import { $ } from "./dom.js";
import { save } from "./saving.js";

const form = $("#forward");

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const body = { centre: $("#forward-centre").value, answer: $("#forward-answer")?.value ?? "", version: Number($("#main").dataset.version) };
  save("forward", body, $("#forward-problem"));
});
