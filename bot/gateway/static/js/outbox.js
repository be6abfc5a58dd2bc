// Messages of the citizen on their way: kept until the server confirms them, sent in order,
// always under the same message_id, so that a repeat is the same message and not a second one.

import { Refused, call } from "./api.js";
import { memory, newId } from "./memory.js";
import { say, words } from "./words.js";

const RETRY_MS = [2000, 5000, 10000, 20000];

export class Outbox {
  /** `session()` gives a token, starting a conversation if there is none; `onSent(item, answer)`. */
  constructor({ log, session, isLive, onSent, onLost }) {
    Object.assign(this, { log, session, isLive, onSent, onLost });
    this.queue = [];
    this.tries = 0;
    addEventListener("online", () => this.pump());
  }

  /** Show again what was not confirmed before the page was left. */
  restore() {
    const kept = memory.outbox.filter((item) => !this.queue.some((ours) => ours.id === item.id));
    kept.forEach((item) => this.log.addPending(item.id, item.text));
    this.queue.push(...kept);
    this.pump();
  }

  add(text, payload = null) {
    const item = { id: newId(), text, payload };
    this.queue.push(item);
    memory.keep(item);
    this.log.addPending(item.id, text);
    this.pump();
  }

  clear() {
    clearTimeout(this.timer);
    this.queue.forEach((item) => memory.drop(item.id));
    this.queue = [];
  }

  async pump() {
    clearTimeout(this.timer);
    if (this.busy) return;
    this.busy = true;
    while (this.queue.length && !this.queue[0].failed && await this.send(this.queue[0])) { /* next */ }
    this.busy = false;
  }

  // True when the next message may go.
  async send(item) {
    this.log.setFate(item.id, words.sending);
    let session = null;
    try {
      session = await this.session();
      const body = { message_id: item.id, text: item.text, payload: item.payload, wait: this.isLive() ? 0 : 20 };
      const answer = await call("/api/v1/chat/messages", { method: "POST", session, body });
      this.remove(item);
      this.tries = 0;
      // Another conversation may have begun meanwhile: what belongs to the old one has no place in it.
      if (session === memory.session) this.onSent(item, answer);
      return true;
    } catch (error) {
      if (!this.queue.includes(item)) return true;
      return this.failed(item, error);
    }
  }

  async failed(item, error) {
    if (error instanceof Refused && error.status === 401 && !item.isSecondTry) {
      item.isSecondTry = true;
      await this.onLost();
      return this.queue.includes(item);
    }
    if (error instanceof Refused && !error.passing) {
      this.giveUp(item, error.message);
      return false;
    }
    const wait = error.retryAfterSeconds ? error.retryAfterSeconds * 1000 : RETRY_MS[this.tries];
    this.tries += 1;
    if (wait === undefined && navigator.onLine) { this.giveUp(item, error.message); return false; }
    this.log.setFate(item.id, error.retryAfterSeconds
      ? say("waiting_limit", { seconds: error.retryAfterSeconds }) : words.waiting_network);
    this.timer = setTimeout(() => this.pump(), wait ?? 30000);
    return false;
  }

  giveUp(item, reason) {
    item.failed = true;
    this.log.setFate(item.id, `${words.not_sent}：${reason}`, { bad: true, actions: [
      { title: words.retry, act: () => this.retry(item) },
      { title: words.discard, act: () => { this.remove(item); this.log.discard(item.id); this.pump(); } },
    ] });
  }

  retry(item) {
    item.failed = false;
    item.isSecondTry = false;
    this.tries = 0;
    this.pump();
  }

  remove(item) {
    this.queue = this.queue.filter((other) => other !== item);
    memory.drop(item.id);
  }
}
