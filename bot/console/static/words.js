// The words of this page, handed over by the template: none are written in scripts.

const table = JSON.parse(document.getElementById("words").textContent);

/** Return the words under a dotted key, with `{name}` replaced. An unknown key shows itself. */
export function word(key, values = {}) {
  const found = key.split(".").reduce((node, part) => node?.[part], table);
  if (typeof found !== "string") return key;
  return found.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

const ZONE = { timeZone: "Asia/Shanghai", hourCycle: "h23" };
const DAY = new Intl.DateTimeFormat("zh-CN", { ...ZONE, year: "numeric", month: "long", day: "numeric", weekday: "short" });
const PARTS = new Intl.DateTimeFormat("zh-CN", {
  ...ZONE, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
});

function parts(iso) {
  return Object.fromEntries(PARTS.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));
}

/** The day of an instant in China, as `2026-11-20`. */
export function dayOf(iso) {
  const { year, month, day } = parts(iso);
  return `${year}-${month}-${day}`;
}

export const longDay = (iso) => DAY.format(new Date(iso));

/** The instant as it is said in China: time only if today, with the year only if another one. */
export function clockTime(iso, now = new Date()) {
  const { year, month, day, hour, minute } = parts(iso);
  const today = parts(now);
  if (dayOf(iso) === dayOf(now)) return `${hour}:${minute}`;
  return `${year === today.year ? "" : `${year}-`}${month}-${day} ${hour}:${minute}`;
}

/** Whole minutes in words: 3 天 4 小时, 2 小时 5 分, 8 分. */
export function lengthOf(minutes) {
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor((minutes % 1440) / 60);
  const rest = Math.floor(minutes % 60);
  if (days) return word(hours ? "length.days_hours" : "length.days", { days, hours });
  if (hours) return word(rest ? "length.hours_minutes" : "length.hours", { hours, minutes: rest });
  return rest ? word("length.minutes", { minutes: rest }) : word("length.moment");
}
