// One socket for what changes. The server says *that* something changed and sends messages from
// the store after the last seq we have, so a reconnect misses nothing and repeats nothing.

import { meta } from "./dom.js";
import { get, signIn } from "./api.js";
import { word } from "./words.js";

const SILENCE_MS = 55_000;
// The server speaks every 20 s. A device that slept longer has a socket that only looks open.
const STALE_MS = 35_000;
const FIRST_RETRY_MS = 600;
const LAST_RETRY_MS = 15_000;
const SIGN_IN_AGAIN = 4401;

let shared = null;

/** The page's line: there is one a page, so whoever makes another gets the same. */
export class Live extends EventTarget {
  #socket = null;
  #retry = FIRST_RETRY_MS;
  #watching = null;
  #looking = null;
  #silence = null;
  #heardAt = 0;
  #again = null;
  #wasOpen = false;
  #isStarted = false;

  constructor() {
    super();
    if (shared) return shared;
    shared = this;
  }

  start() {
    if (this.#isStarted) return;
    this.#isStarted = true;
    addEventListener("online", () => this.#open());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#open(); });
    addEventListener("pageshow", () => this.#open());
    this.#open();
  }

  /** Follow one conversation; `lastSeq` is asked again at each reconnect. */
  watch(id, lastSeq) {
    this.#watching = { id, lastSeq };
    this.#sendWatch();
  }

  unwatch() {
    this.#watching = null;
    this.#send({ type: "unwatch" });
  }

  /** Be among those who look at a ticket or conversation, and hear of the others; null for nothing. */
  look(subject, id) {
    this.#looking = id ? { subject, id } : null;
    this.#sendLook();
  }

  #open() {
    const isStale = Date.now() - this.#heardAt > STALE_MS;
    if (this.#socket && this.#socket.readyState <= WebSocket.OPEN && !isStale) return;
    clearTimeout(this.#again);
    this.#socket?.close();
    this.#heardAt = Date.now();
    const url = new URL(`${meta("staff-api")}/ws`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = ({ data }) => { if (socket === this.#socket) { this.#heard(); this.#receive(JSON.parse(data)); } };
    socket.onclose = ({ code }) => { if (socket === this.#socket) this.#closed(code); };
  }

  #opened() {
    this.#wasOpen = true;
    this.#retry = FIRST_RETRY_MS;
    this.#heard();
    show("open");
    this.#sendWatch();
    this.#sendLook();
    this.dispatchEvent(new Event("queues"));
    this.dispatchEvent(new Event("reconnected"));
  }

  #closed(code) {
    this.#socket = null;
    clearTimeout(this.#silence);
    if (code === SIGN_IN_AGAIN) return signIn();
    show("retry");
    // A refused handshake does not say why; an ordinary call does, and leads to the login.
    if (!this.#wasOpen) get("/me").catch(() => {});
    this.#wasOpen = false;
    this.#again = setTimeout(() => this.#open(), this.#retry * (0.75 + Math.random() / 2));
    this.#retry = Math.min(this.#retry * 2, LAST_RETRY_MS);
  }

  #heard() {
    this.#heardAt = Date.now();
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      const dead = this.#socket;
      dead?.close();
      if (dead) { dead.onclose = null; this.#closed(0); }
    }, SILENCE_MS);
  }

  #receive(event) {
    this.dispatchEvent(new CustomEvent(event.type, { detail: event }));
    // Also for what every page has, as the bell, without a socket of its own.
    dispatchEvent(new CustomEvent(`live:${event.type}`, { detail: event }));
  }

  #sendWatch() {
    if (this.#watching) this.#send({ type: "watch", conversation: this.#watching.id, after: this.#watching.lastSeq() });
  }

  #sendLook() {
    this.#send(this.#looking ? { type: "look", ...this.#looking } : { type: "unlook" });
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

function show(state) {
  const sign = document.getElementById("live");
  if (!sign || sign.dataset.state === state) return;
  sign.dataset.state = state;
  sign.textContent = word(`live.${state}`);
}
