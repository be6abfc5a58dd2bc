// What survives a reload: the session token and the messages that are not yet confirmed.

const SESSION = "rightsdesk.session";
const OUTBOX = "rightsdesk.outbox";

// Storage may be full or forbidden (private mode); the page then works without memory.
function read(key) {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
  } catch { /* see above */ }
}

let session = read(SESSION);

export const memory = {
  get session() { return session; },
  set session(token) { session = token; write(SESSION, token); },
  get outbox() { return read(OUTBOX) ?? []; },
  // Other tabs keep theirs in the same place, so only what is ours is changed.
  keep(item) { write(OUTBOX, [...memory.outbox, item]); },
  drop(id) {
    const rest = memory.outbox.filter((item) => item.id !== id);
    write(OUTBOX, rest.length ? rest : null);
  },
};

/** Take over the conversation that another tab starts, as long as this one has none. */
export function onSessionElsewhere(adopt) {
  addEventListener("storage", (event) => {
    if (event.key !== SESSION || !event.newValue || session) return;
    session = read(SESSION);
    adopt();
  });
}

/** Return a new random id. crypto.randomUUID exists on https and localhost only. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
