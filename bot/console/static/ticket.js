// A ticket's pages: steps of the state table, assigning, writing, checking originals.

import { $, $$ } from "./dom.js";
import { get } from "./api.js";
import { startCountdowns } from "./countdown.js";
import { Live } from "./live.js";
import { isSaving, save, tellWhoWasNotTold } from "./saving.js";
import { word } from "./words.js";

const page = $("#main");
const ticket = page.dataset.ticket;
const version = Number(page.dataset.version);
const seen = Number(page.dataset.seen);

function wireSteps() {
  const dialog = $("#step");
  const reason = $("#step-reason");
  let chosen = null;
  for (const button of $$("[data-to]:not([data-dialog])")) {
    button.addEventListener("click", () => {
      chosen = button.dataset;
      $("#step-title").textContent = chosen.title;
      $("#step-hint").textContent = word(chosen.needsReason === "true" ? "ticket.reason_needed" : "ticket.reason_optional");
      reason.required = chosen.needsReason === "true";
      reason.value = "";
      offerCodes(chosen.to);
      $("#step-problem").hidden = true;
      dialog.showModal();
      reason.focus();
    });
  }
  $("#step-cancel").addEventListener("click", () => dialog.close());
  $("#step-form").addEventListener("submit", (event) => {
    event.preventDefault();
    save("transitions", { to: chosen.to, reason: reason.value, reason_code: $("#step-code").value, version, seen }, $("#step-problem"));
  });
  $("#step-code").addEventListener("change", () => { reason.required = chosen.needsReason === "true" && !$("#step-code").value; });
}

// Only the reasons of the chosen step are offered; a step without any has no field.
function offerCodes(step) {
  const codes = $$("#step-code option[data-step]");
  for (const option of codes) option.hidden = option.disabled = option.dataset.step !== step;
  $("#step-code").value = "";
  $("#step-code-field").hidden = !codes.some((option) => !option.hidden);
}

function wireWriting() {
  const form = $("#write");
  const box = $("#words-box");
  const show = (mode) => {
    form.dataset.mode = mode;
    for (const tab of $$(".tab", form)) tab.setAttribute("aria-pressed", String(tab.dataset.mode === mode));
    for (const part of $$("[data-for]", form)) part.hidden = part.dataset.for !== mode;
  };
  for (const tab of $$(".tab", form)) tab.addEventListener("click", () => { show(tab.dataset.mode); box.focus(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const isSaved = await save(form.dataset.mode === "note" ? "notes" : "replies", { text: box.value }, $("#problem"));
    if (!isSaved) form.dispatchEvent(new Event("unsent"));
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

function wireChecks() {
  for (const button of $$("[data-receipt]")) {
    const answer = button.nextElementSibling;
    button.addEventListener("click", async () => {
      answer.className = "small muted";
      answer.textContent = word("ticket.checking");
      try {
        const { intact } = await get(`/evidence/receipts/${encodeURIComponent(button.dataset.receipt)}`);
        answer.className = `chip ${intact ? "ok" : "bad"}`;
        answer.textContent = word(intact ? "ticket.intact" : "ticket.damaged");
      } catch (error) {
        answer.className = "chip bad";
        answer.textContent = error.message;
      }
    });
  }
}

function wireLive() {
  const live = new Live();
  live.addEventListener("ticket", ({ detail }) => {
    if (detail.id === ticket && !isSaving() && $("#stale")) $("#stale").hidden = false;
  });
  live.start();
}

if ($("#step")) {
  wireSteps();
  if ($("#write")) wireWriting();
  tellWhoWasNotTold();
  wireChecks();
  $("#assign")?.addEventListener("click", () => save("assignment", { version, seen }, $("#problem")));
}
wireLive();
startCountdowns();
