// The page's words and settings come with the page, as data.

const page = JSON.parse(document.getElementById("page-data").textContent);

export const words = page.words;
export const config = page.config;

/** Return a sentence with its {placeholders} filled in. */
export function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

const twoDigits = (n) => String(n).padStart(2, "0");

/** Return "14:05", "昨天 14:05" or "11月20日 14:05", in the reader's own time zone. */
export function clockTime(iso, today = new Date()) {
  const at = new Date(iso);
  const time = `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;
  const days = Math.round((startOf(today) - startOf(at)) / 86400000);
  if (days === 0) return time;
  if (days === 1) return `${words.yesterday} ${time}`;
  const day = new Intl.DateTimeFormat("zh-CN", { month: "long", day: "numeric" }).format(at);
  return `${day} ${time}`;
}

/** Return "11月23日 周一 09:00". */
export function openingTime(iso) {
  const at = new Date(iso);
  const day = new Intl.DateTimeFormat("zh-CN", { month: "long", day: "numeric", weekday: "short", timeZone: config.zone });
  const time = new Intl.DateTimeFormat("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone: config.zone });
  return `${day.format(at)} ${time.format(at)}`;
}

/** Return "2021年6月1日" from an ISO date, without going through a time zone. */
export function plainDate(isoDate) {
  const parts = new Intl.DateTimeFormat("zh-CN", { year: "numeric", month: "long", day: "numeric", timeZone: "UTC" });
  return parts.format(new Date(`${isoDate}T00:00:00Z`));
}

/** Return "1.2 MB". */
export function fileSize(bytes) {
  const units = words.file_units;
  if (bytes < 1024) return `${bytes} ${units.b}`;
  if (bytes < 1048576) return `${(bytes / 1024).toFixed(1)} ${units.kb}`;
  return `${(bytes / 1048576).toFixed(1)} ${units.mb}`;
}

function startOf(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate());
}
