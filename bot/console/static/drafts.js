// What is typed and not sent yet is kept on the server: it survives a reload, a crash and a log-out.

import { get, post, postLast } from "./api.js";

const PAUSE_MS = 800;

export class Drafts {
  #subject;
  #waiting = new Map();

  /** `subject`: ticket or conversation. */
  constructor(subject) {
    this.#subject = subject;
    addEventListener("pagehide", () => this.#sendAll(postLast));
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.#sendAll(postLast); });
  }

  #path = (id) => `/drafts/${this.#subject}/${encodeURIComponent(id)}`;

  /** What was kept: {reply, note}, each only if there is one. Without a connection: nothing. */
  load(id) {
    return get(this.#path(id)).catch(() => ({}));
  }

  /** Keep the words a moment after the last key; no words forget the draft. */
  keep(id, mode, text) {
    const key = `${id} ${mode}`;
    clearTimeout(this.#waiting.get(key)?.timer);
    const timer = setTimeout(() => this.#send(key, post), PAUSE_MS);
    this.#waiting.set(key, { id, mode, text, timer });
  }

  /** Forget what waits to be kept: the words were sent, and the server forgot the draft with that. */
  sent(id, mode) {
    const key = `${id} ${mode}`;
    clearTimeout(this.#waiting.get(key)?.timer);
    this.#waiting.delete(key);
  }

  #sendAll(how) {
    for (const key of [...this.#waiting.keys()]) this.#send(key, how);
  }

  #send(key, how) {
    const draft = this.#waiting.get(key);
    if (!draft) return;
    clearTimeout(draft.timer);
    this.#waiting.delete(key);
    // A draft that could not be kept is still in the box; the next key tries again.
    how(this.#path(draft.id), { mode: draft.mode, text: draft.text })?.catch?.(() => {});
  }
}
