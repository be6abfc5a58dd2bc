// Forms of a ticket's life: a button opens a dialog, the dialog's fields go to the API as JSON.

import { $, $$ } from "./dom.js";
import { save, takeProposedQueue } from "./saving.js";
import { word } from "./words.js";

const page = $("#main");
const version = Number(page.dataset.version);
const seen = Number(page.dataset.seen);

/** Read the fields of a form; `data-as` says what a field is in JSON. */
function bodyOf(form) {
  const body = { version, seen };
  for (const field of $$("[name]", form)) {
    const { name, value } = field;
    switch (field.dataset.as) {
      case "lines": body[name] = value.split("\n").map((line) => line.trim()).filter(Boolean); break;
      case "number": body[name] = Number(value); break;
      case "flag": body[name] = field.checked; break;
      case "list": body[name] ??= []; if (field.checked) body[name].push(value); break;
      default: body[name] = value;
    }
  }
  return body;
}

function open(button) {
  const dialog = $(`#d-${button.dataset.dialog}`);
  const form = $("form", dialog);
  form.reset();
  if (button.dataset.path) form.dataset.path = button.dataset.path;
  for (const field of $$("[name]", form)) {
    const given = button.getAttribute(`data-fill-${field.name}`);
    if (given !== null) field.value = given;
  }
  $("[data-problem]", dialog).hidden = true;
  showFate();
  dialog.showModal();
  // The first empty field is where the agent has something to write, or a choice to make.
  const fields = $$("textarea, input:not([type=checkbox]), select", form);
  (fields.find((field) => !field.value && (field.tagName !== "SELECT" || field.required)) ?? fields[0]).focus();
}

for (const button of $$("[data-dialog]")) button.addEventListener("click", () => open(button));
for (const button of $$("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
for (const form of $$("dialog form[method=dialog]")) {
  const problem = $("[data-problem]", form);
  if (!problem) continue;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(form.dataset.path, bodyOf(form), problem);
  });
}
for (const button of $$("[data-post]")) {
  button.addEventListener("click", () => save(button.dataset.post, { version, seen }, $("#problem")));
}
// A choice is saved by the button, not by moving through the options with the arrow keys.
$("#save-priority").addEventListener("click", () => {
  const priority = $("#priority");
  if (priority.value !== priority.dataset.was) save("priority", { priority: priority.value, reason: $("#priority-reason").value, version, seen }, $("#problem"));
});

/** What becomes of the assignee in the queue that is chosen. */
function showFate() {
  const keeps = $("#queue-to")?.selectedOptions[0]?.dataset.keeps;
  for (const fate of $$("#queue-fate [data-keeps]")) fate.hidden = fate.dataset.keeps !== keeps;
}
$("#queue-to")?.addEventListener("change", showFate);

const proposed = takeProposedQueue();
const option = proposed && $$("#queue-to option").find(({ value }) => value === proposed);
if (option) {
  const place = $("#proposed-queue");
  $("span", place).textContent = word("ticket.proposed_queue", { queue: option.dataset.title });
  $("button", place).dataset.fillQueue = proposed;
  place.hidden = false;
}
