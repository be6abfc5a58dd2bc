// One step on many tickets: choosing, asking for a reason, and telling what became of each.

import { $, $$, el } from "./dom.js";
import { ApiError, post } from "./api.js";
import { word } from "./words.js";

const boxOf = (row) => $(".pick input", row);

export class Bulk {
  #rows;
  #waiting = null;
  #isBusy = false;

  constructor(rows) {
    this.#rows = rows;
    for (const row of rows) boxOf(row).addEventListener("change", () => this.#show());
    $("#pick-all")?.addEventListener("change", ({ target }) => this.#all(target.checked));
    $('[data-bulk="mine"]').addEventListener("click", () => this.assignToMe());
    $('[data-bulk="none"]').addEventListener("click", () => this.#all(false));
    this.#wireSelect("#bulk-assignee", (to) => this.#send({ step: { do: "assign", to } }));
    this.#wireSelect("#bulk-status", (to, title) => this.#ask({ step: { do: "status", to } }, title));
    this.#wireSelect("#bulk-priority", (to, title) => this.#ask({ step: { do: "priority", to } }, word("daily.priority", { title })));
    this.#wireSelect("#bulk-queue", (to, title) => this.#ask({ step: { do: "queue", to } }, word("daily.queue", { title })));
    this.#wireSelect("#bulk-macro", (macro, title, { text, steps }) => this.#ask({ macro }, title, [text && word("daily.sends", { text }), steps]));
    $("#bulk-cancel").addEventListener("click", () => $("#bulk-dialog").close());
    $("#bulk-form").addEventListener("submit", () => this.#confirmed());
    $("#outcome-close").addEventListener("click", () => $("#bulk-outcome").close());
    $("#bulk-outcome").addEventListener("close", () => location.reload());
    this.#show();
  }

  toggle(row) {
    boxOf(row).checked = !boxOf(row).checked;
    this.#show();
  }

  assignToMe() {
    if (this.#chosen().length) this.#send({ step: { do: "assign", to: "me" } });
  }

  /** Opens the choice, so that arrow keys move in it before one is taken. */
  choose(selector) {
    if (!this.#chosen().length) return;
    $(selector).focus();
    $(selector).showPicker?.();
  }

  #chosen() {
    return this.#rows.filter((row) => boxOf(row).checked);
  }

  #all(isChosen) {
    for (const row of this.#rows) boxOf(row).checked = isChosen;
    this.#show();
  }

  #show() {
    const count = this.#chosen().length;
    $("#bulk").hidden = !count;
    $("#bulk-count").textContent = word("daily.chosen", { count });
    if ($("#pick-all")) $("#pick-all").checked = count > 0 && count === this.#rows.length;
    for (const row of this.#rows) row.classList.toggle("chosen", boxOf(row).checked);
  }

  #wireSelect(selector, work) {
    $(selector)?.addEventListener("change", ({ target }) => {
      const { value, textContent, dataset } = target.selectedOptions[0];
      target.value = "";
      if (value) work(value, textContent, dataset);
    });
  }

  /** A macro brings its reasons with it and says what it does; a step asks for one, and says who will read it. */
  #ask(what, title, does = []) {
    this.#waiting = what;
    $("#bulk-does").textContent = does.filter(Boolean).join("\n");
    $("#bulk-does").hidden = !$("#bulk-does").textContent;
    $("#bulk-title").textContent = word("daily.bulk_title", { title, count: this.#chosen().length });
    $("#bulk-reason-field").hidden = !what.step;
    for (const hint of $$("#bulk-hint [data-step]")) hint.hidden = hint.dataset.step !== what.step?.do;
    $("#bulk-reason").required = what.step?.do === "queue";
    $("#bulk-reason").value = "";
    $("#bulk-dialog").showModal();
  }

  #confirmed() {
    const what = this.#waiting;
    if (what.step) what.step.reason = $("#bulk-reason").value;
    this.#send(what);
  }

  async #send(what) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const tickets = this.#chosen().map(({ dataset }) => ({ id: dataset.id, version: Number(dataset.version) }));
    try {
      this.#tell(await post("/tickets/bulk", { tickets, ...what }));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#tell({ done: 0, outcomes: [{ id: "", ok: false, message: error.message }] });
    } finally {
      this.#isBusy = false;
    }
  }

  /** All went well: the list is simply shown anew. Otherwise what failed, and who was not told of a note, stands with its ticket. */
  #tell({ done, outcomes }) {
    const remarks = outcomes.map(remarkOn).filter(({ text }) => text);
    if (!remarks.length) return location.reload();
    const numbers = new Map(this.#rows.map(({ dataset }) => [dataset.id, dataset.number]));
    const failed = outcomes.length - done;
    $("#outcome-title").textContent = word(failed ? "daily.outcome" : "daily.outcome_done", { done, failed });
    $("#outcome-list").replaceChildren(...remarks.map(({ id, text }) => el(
      "li", {}, el("span", { class: "mono", text: numbers.get(id) ?? "" }), ` ${text}`,
    )));
    $("#bulk-outcome").showModal();
  }
}

/** What to say of a ticket: why nothing was done, or who was named in a note and not told. */
function remarkOn({ id, ok, message, not_told: names }) {
  if (!ok) return { id, text: message };
  return { id, text: names.length && word("ticket.not_told", { names: names.join(word("daily.comma")) }) };
}
