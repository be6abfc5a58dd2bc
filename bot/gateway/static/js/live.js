// Live delivery: a WebSocket that comes back with after=<last seq>, and polling where
// WebSockets are not let through.

import { call } from "./api.js";

const SILENCE_MS = 70000;
// The server speaks at least every 25 s. A device that slept longer has a socket that only looks open.
const STALE_MS = 35000;
const LONGEST_WAIT_MS = 20000;
const POLL_MS = 4000;

/** Keeps one conversation up to date. Handlers: message(m), status(s), connected(bool), lost(). */
export class Live {
  constructor(handlers, lastSeq) {
    this.handlers = handlers;
    this.lastSeq = lastSeq;
    this.failures = 0;
    this.heardAt = 0;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.handlers.connected(false));
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
  }

  get isOpen() { return this.socket?.readyState === WebSocket.OPEN && this.ready && !this.isStale; }

  get isStale() { return Date.now() - this.heardAt > STALE_MS; }

  /** Whether the connection was lost and the next try is still to come, or nobody has noticed yet that it was. */
  get isPausing() { return Boolean(this.session) && (!this.socket || this.isStale); }

  start(session) {
    this.stop();
    this.session = session;
    this.connect();
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.session = null;
    this.ready = false;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  hurry() {
    if (!this.session || this.isOpen) return;
    clearTimeout(this.timer);
    this.connect();
  }

  connect() {
    const previous = this.socket;
    this.socket = null;
    previous?.close();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/chat/ws`);
    this.socket = socket;
    this.ready = false;
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", session: this.session, after: this.lastSeq() }));
    socket.onmessage = (event) => this.socket === socket && this.receive(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.closed(event.code);
    this.listenForSilence();
  }

  receive(frame) {
    this.listenForSilence();
    if (frame.type === "ready") {
      this.failures = 0;
      this.ready = true;
      this.handlers.connected(true);
    }
    if (frame.type === "message") this.handlers.message(frame.message);
    if (frame.status) this.handlers.status(frame.status);
  }

  // A half-open connection says nothing for ever; the server speaks at least every 25 s.
  listenForSilence() {
    this.heardAt = Date.now();
    clearTimeout(this.silence);
    this.silence = setTimeout(() => { this.socket?.close(); this.closed(0); }, SILENCE_MS);
  }

  closed(code) {
    clearTimeout(this.silence);
    this.socket = null;
    this.ready = false;
    if (!this.session) return;
    if (code === 4401) { this.handlers.lost(); return; }
    this.failures += 1;
    this.handlers.connected(false);
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.failures) * (0.7 + 0.6 * Math.random());
    this.timer = setTimeout(() => this.connect(), wait);
    if (this.failures >= 2) this.poll();
  }

  async poll() {
    if (this.polling) return;
    this.polling = true;
    const session = this.session;
    while (session === this.session && !this.isOpen) {
      try {
        const answer = await call(`/api/v1/chat/messages?after=${this.lastSeq()}`, { session });
        if (session !== this.session) break;
        answer.messages.forEach((message) => this.handlers.message(message));
        this.handlers.status(answer.status);
        this.handlers.connected(true);
      } catch (error) {
        if (error.status === 401 && session === this.session) this.handlers.lost();
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    this.polling = false;
  }
}
