// Calls to the staff API. Every refusal becomes an ApiError whose message can be shown as it is.

import { meta } from "./dom.js";
import { word } from "./words.js";

const BASE = meta("staff-api");

export class ApiError extends Error {
  constructor(status, body) {
    super(body?.message ?? word("errors.unknown"));
    this.status = status;
    this.code = body?.code ?? "unknown";
    this.details = body?.details ?? {};
  }
}

async function call(method, path, body, options = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF-Token"] = meta("csrf");
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(BASE + path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "same-origin", ...options,
    });
  } catch {
    throw new ApiError(0, { code: "offline", message: word("errors.offline") });
  }
  const answer = await response.json().catch(() => null);
  if (response.status === 401) signIn();
  if (!response.ok) throw new ApiError(response.status, answer);
  return answer;
}

/** Go to the login page and come back here afterwards. */
export function signIn() {
  const here = location.pathname + location.search;
  location.assign(`${meta("login-page")}?expired=1&next=${encodeURIComponent(here)}`);
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
/** Send although the page is going away; nobody waits for the answer. */
export const postLast = (path, body = {}) => call("POST", path, body, { keepalive: true }).catch(() => {});
export const conversation = (id) => `/conversations/${encodeURIComponent(id)}`;

/** A random key that makes sending the same words again harmless. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
