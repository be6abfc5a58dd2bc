// Sensitive facts: masked on the page, fetched one by one when somebody needs them; each look is recorded.

import { $, $$ } from "./dom.js";
import { ApiError, post } from "./api.js";

const ticket = $("#main").dataset.ticket;

async function reveal(button) {
  const place = button.previousElementSibling;
  button.disabled = true;
  try {
    const { value } = await post(`/tickets/${encodeURIComponent(ticket)}/reveal`, { field: button.dataset.reveal });
    place.textContent = value;
    button.remove();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    button.disabled = false;
    place.textContent = error.message;
  }
}

for (const button of $$("[data-reveal]")) button.addEventListener("click", () => reveal(button));
