// Saving a change of the ticket on the page: one at a time, then the page is loaded anew.

import { $, el } from "./dom.js";
import { ApiError, post } from "./api.js";
import { clockTime, word } from "./words.js";

const { ticket } = $("#main").dataset;
// Told on the page that is loaded after a note was saved.
const UNTOLD = `not_told:${ticket}`;
// Proposed there after a correction.
const PROPOSED = `proposed_queue:${ticket}`;
let isBusy = false;

export const isSaving = () => isBusy;

export async function save(rest, body, place) {
  if (isBusy) return false;
  isBusy = true;
  place.hidden = true;
  try {
    const { not_told: names, proposed_queue: queue } = await post(`/tickets/${encodeURIComponent(ticket)}/${rest}`, body);
    if (names?.length) sessionStorage.setItem(UNTOLD, names.join(word("daily.comma")));
    if (queue) sessionStorage.setItem(PROPOSED, queue);
    location.reload();
    return true;
  } catch (error) {
    isBusy = false;
    fail(error, place);
    return false;
  }
}

function fail(error, place) {
  if (!(error instanceof ApiError)) throw error;
  const changes = error.details.changes ?? [];
  place.replaceChildren(el("p", { text: error.message }));
  if (changes.length) {
    place.append(el("ul", {}, ...changes.map((change) => el("li", { text: `${clockTime(change.at)} ${change.actor} ${change.title} ${change.change}` }))));
  }
  if (error.code === "ticket_changed_meanwhile") place.append(el("p", {}, el("a", { class: "btn", href: location.href, text: word("ticket.reload") })));
  place.hidden = false;
}

export function tellWhoWasNotTold() {
  const names = sessionStorage.getItem(UNTOLD);
  if (!names) return;
  sessionStorage.removeItem(UNTOLD);
  $("#not-told").textContent = word("ticket.not_told", { names });
  $("#not-told").hidden = false;
}

export function takeProposedQueue() {
  const queue = sessionStorage.getItem(PROPOSED);
  sessionStorage.removeItem(PROPOSED);
  return queue;
}
