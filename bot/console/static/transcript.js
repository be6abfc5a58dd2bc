// The transcript: keeps messages apart by id, so that whatever comes twice is shown once.

import { $, el } from "./dom.js";
import { messageOf } from "./message.js";
import { dayOf, longDay } from "./words.js";

const NEAR_END_PX = 90;

export class Transcript {
  #log = $("#log");
  #jump = $("#jump");
  #shown = new Map();
  #lastDay = null;
  #lastSeq = 0;

  #follows = true;
  #height = 0;

  constructor() {
    this.#jump.addEventListener("click", () => this.#toEnd());
    this.#log.addEventListener("scroll", () => {
      // When the room changed as well, it was not the reader who scrolled.
      if (this.#log.clientHeight !== this.#height) return;
      this.#follows = this.#isNearEnd();
      if (this.#follows) this.#jump.hidden = true;
    });
    // The box below grows and shrinks; who reads the end keeps seeing it.
    new ResizeObserver(() => {
      this.#height = this.#log.clientHeight;
      if (this.#follows) this.#toEnd();
    }).observe(this.#log);
  }

  get lastSeq() {
    return this.#lastSeq;
  }

  /** Show a whole conversation from its beginning, without announcing every line of it. */
  reset(messages) {
    this.#log.setAttribute("aria-busy", "true");
    this.#log.replaceChildren();
    this.#shown.clear();
    this.#lastDay = null;
    this.#lastSeq = 0;
    for (const message of messages) this.put(message, { fresh: false });
    this.#log.setAttribute("aria-busy", "false");
    this.#toEnd();
  }

  /** Add a message, or bring the one with this id up to date. */
  put(message, { fresh = true, retry } = {}) {
    const known = this.#shown.get(message.id);
    // The answer to our own sending may come after the message itself came live.
    if (known?.dataset.seq && !message.seq) return;
    const follow = this.#isNearEnd();
    const node = messageOf(message, { retry });
    if (known) known.replaceWith(node);
    else this.#append(node, message);
    if (fresh && !known) node.classList.add("fresh");
    this.#shown.set(message.id, node);
    this.#lastSeq = Math.max(this.#lastSeq, message.seq ?? 0);
    if (!fresh) return;
    if (follow || message.state === "sending") this.#toEnd();
    else if (!known) this.#jump.hidden = false;
  }

  /** Take away what was shown while it was being sent. */
  remove(id) {
    this.#shown.get(id)?.remove();
    this.#shown.delete(id);
  }

  #append(node, message) {
    const day = dayOf(message.created_at);
    if (day !== this.#lastDay) this.#log.append(el("p", { class: "day", text: longDay(message.created_at) }));
    this.#lastDay = day;
    this.#log.append(node);
  }

  #isNearEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  #toEnd() {
    this.#follows = true;
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#jump.hidden = true;
  }
}
