// Giving a ticket to a colleague.

import { $ } from "./dom.js";
import { ApiError, get } from "./api.js";
import { showColleagues } from "./colleagues.js";
import { save } from "./saving.js";
import { word } from "./words.js";

const page = $("#main");
const dialog = $("#assign-dialog");
const form = $("#assign-form");
const problem = $("#assign-problem");

async function ask() {
  form.reset();
  problem.hidden = true;
  dialog.showModal();
  try {
    const { agents } = await get(`/tickets/${encodeURIComponent(page.dataset.ticket)}/colleagues`);
    showColleagues($("#assign-agents"), agents, {
      facts: (agent) => [word("floor.talks", agent), word("floor.tickets", agent)],
      mayHave: () => true,
      nobody: word("floor.nobody_for_ticket"),
    });
    $("input:not(:disabled)", form)?.focus();
  } catch (error) {
    problem.hidden = false;
    problem.textContent = error instanceof ApiError ? error.message : word("floor.failed");
  }
}

$("#assign-other").addEventListener("click", ask);
$("#assign-cancel").addEventListener("click", () => dialog.close());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [, to] = (new FormData(form).get("to") ?? "").split(":");
  if (!to) return;
  save("assignment", { to_agent_id: to, version: Number(page.dataset.version), seen: Number(page.dataset.seen) }, problem);
});
