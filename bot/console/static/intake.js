// Sending a ticket on to another centre. The downloads beside it are plain forms.

import { $ } from "./dom.js";
import { ApiError, post } from "./api.js";

const form = $("#forward");
const page = $("#main");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const problem = $("#forward-problem");
  const button = form.querySelector("button");
  problem.hidden = true;
  button.disabled = true;
  try {
    const body = { centre: $("#forward-centre").value, version: Number(page.dataset.version) };
    await post(`/tickets/${encodeURIComponent(page.dataset.ticket)}/forward`, body);
    location.reload();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    button.disabled = false;
    problem.textContent = error.message;
    problem.hidden = false;
  }
});
