// Choosing a colleague: who is there, who has room, what they lack. Another region's cannot be chosen.

import { $, el } from "./dom.js";
import { word } from "./words.js";

/**
 * Show the colleagues as radio buttons, and what speaks against the one that is chosen.
 *
 * `facts(agent)` says what counts beside the presence, `mayHave(agent)` who can be chosen at all.
 */
export function showColleagues(place, agents, { facts, mayHave, nobody }) {
  const lines = agents.map((agent) => lineOf(agent, facts(agent), agent.may_see && mayHave(agent)));
  if (!agents.some((agent) => agent.may_see && mayHave(agent))) lines.push(el("p", { class: "muted", text: nobody }));
  place.replaceChildren(...lines);
  const warning = $(".choice-warning", place.closest("form"));
  warning.hidden = true;
  place.closest("form").onchange = ({ target }) => warn(warning, agents.find((agent) => target.value === `agent:${agent.id}`));
}

function lineOf(agent, facts, isOffered) {
  const against = agent.may_see ? agent.missing_titles : [word("floor.elsewhere")];
  return el(
    "label", {},
    el("input", { type: "radio", name: "to", value: `agent:${agent.id}`, disabled: !isOffered }),
    el("span", { text: agent.name }),
    el("span", { class: "muted nums", text: [agent.presence_title, ...facts].join(" · ") }),
    against.length > 0 && el("span", { class: "against small", text: against.join(word("daily.and")) }),
  );
}

function warn(place, agent) {
  const missing = agent?.missing_titles ?? [];
  place.hidden = !missing.length;
  place.textContent = missing.length ? word("floor.missing", { name: agent.name, missing: missing.join(word("daily.and")) }) : "";
}
