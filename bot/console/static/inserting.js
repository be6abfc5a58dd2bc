// Putting words into a text box: canned replies with "/", colleagues with "@".

import { get } from "./api.js";
import { pick } from "./picker.js";
import { word } from "./words.js";

/** Insert words where the caret is, or at `place`, as if they had been typed. */
export function insert(box, text, [start, end] = caretOf(box)) {
  box.setRangeText(text, start, end, "end");
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  box.focus();
}

// Asked for before a picker opens: when the box is focused again, the caret of what an input method wrote is lost.
const caretOf = (box) => [box.selectionStart, box.selectionEnd];

export async function mention(box) {
  const place = caretOf(box);
  const { items } = await get("/colleagues");
  const colleague = await pick(word("daily.mention"), items.map((item) => ({ ...item, label: item.name })));
  insert(box, colleague ? `@${colleague.name} ` : "@", place);
}

/** Let somebody choose a macro; `onSteps` gets those that change the ticket, words go into the box. */
export async function chooseMacro(box, path, onSteps) {
  const place = caretOf(box);
  const { items } = await get(path);
  const chosen = await pick(word("daily.macros"), items.map((item) => ({
    ...item, label: item.title, detail: item.text || item.problem || "", note: item.steps.join(word("daily.and")),
  })));
  if (!chosen) return box.focus();
  if (chosen.steps.length) return onSteps(chosen);
  if (chosen.text) insert(box, chosen.text, place);
  else box.focus();
}

/** Open the pickers by key: "/" in an empty box, "@" in a note. */
export function watchKeys(box, { isNote, onMacro }) {
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/" && !box.value) {
      event.preventDefault();
      onMacro();
    } else if (event.key === "@" && isNote() && /(^|\s)$/.test(box.value.slice(0, box.selectionStart))) {
      event.preventDefault();
      mention(box);
    }
  });
}
