// Requests to the gateway. Errors are of two sorts: the server said no, or it was not reached.

import { say } from "./words.js";

/** The server's answer, when it is not the one hoped for. */
export class Refused extends Error {
  constructor(status, code, message, retryAfterSeconds) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** Whether the same request may succeed later. */
  get passing() { return this.status === 429 || this.status >= 500; }
}

/** The server was not reached, or the answer was lost on the way. */
export class Unreachable extends Error {}

/** Send a request, return the JSON of the answer. */
export async function call(path, { method = "GET", session = null, body = null, timeoutMs = 30000 } = {}) {
  const headers = { Accept: "application/json" };
  if (session) headers.Authorization = `Bearer ${session}`;
  if (body !== null) headers["Content-Type"] = "application/json";
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), timeoutMs);
  let response;
  try {
    response = await fetch(path, {
      method, headers, cache: "no-store",
      body: body === null ? undefined : JSON.stringify(body),
      signal: patience.signal,
    });
  } catch {
    throw new Unreachable(say("network_error"));
  } finally {
    clearTimeout(timer);
  }
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  throw refusal(response.status, answer, response.headers.get("Retry-After"));
}

/** Upload a file with progress; `onProgress` gets 0…1. `fields` are sent before the file. */
export function sendFile(path, file, { session = null, fields = {}, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("Accept", "application/json");
    if (session) request.setRequestHeader("Authorization", `Bearer ${session}`);
    request.responseType = "json";
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onerror = () => reject(new Unreachable(say("network_error")));
    request.onload = () => {
      if (request.status < 300 && request.response) resolve(request.response);
      else reject(refusal(request.status, request.response, request.getResponseHeader("Retry-After")));
    };
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", file, file.name);
    request.send(form);
  });
}

function refusal(status, answer, retryAfter) {
  const error = answer?.error;
  return new Refused(status, error?.code ?? "server_error", error?.message ?? say("server_error"), Number(retryAfter) || 0);
}
