// Giving a conversation to a colleague or a queue.

import { $ } from "./dom.js";
import { ApiError, conversation as path, get, post } from "./api.js";
import { showColleagues } from "./colleagues.js";
import { word } from "./words.js";

const dialog = $("#transfer");
const form = $("#transfer-form");
let id = null;
let done = () => {};

/** Ask where to; `onDone(detail)` gets the conversation as it stands afterwards. */
export async function askTransfer(conversationId, onDone) {
  id = conversationId;
  done = onDone;
  form.reset();
  problem(null);
  dialog.showModal();
  try {
    const { agents } = await get(`${path(id)}/colleagues`);
    showAgents(agents.filter((agent) => agent.presence !== "offline"));
  } catch (error) {
    problem(error instanceof ApiError ? error.message : word("floor.failed"));
  }
}

function showAgents(agents) {
  showColleagues($("#transfer-agents"), agents, {
    facts: (agent) => [word("floor.load", agent), ...agent.queue_titles],
    mayHave: (agent) => agent.is_free,
    nobody: word("floor.nobody"),
  });
  $("input:not(:disabled)", form)?.focus();
}

function problem(words) {
  $("#transfer-problem").hidden = !words;
  $("#transfer-problem").textContent = words ?? "";
}

$("#transfer-cancel").addEventListener("click", () => dialog.close());
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [kind, target] = (new FormData(form).get("to") ?? "").split(":");
  if (!target) return;
  const to = kind === "agent" ? { to_agent_id: target } : { to_queue: target };
  try {
    const detail = await post(`${path(id)}/transfer`, { ...to, note: $("#transfer-note").value });
    dialog.close();
    done(detail);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    problem(error.message);
  }
});
