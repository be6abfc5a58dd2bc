// Evidence upload: one file at a time, with progress, ending in a receipt.

import { sendFile } from "./api.js";
import { el } from "./dom.js";
import { config, say } from "./words.js";

/** Upload the files one after the other; progress is shown in `place`. */
export async function uploadAll(files, { place, session, onStored }) {
  for (const file of files) await uploadOne(file, { place, session, onStored });
}

async function uploadOne(file, { place, session, onStored }) {
  if (file.size > config.evidence_max_mb * 1048576) {
    tell(place, file.name, say("upload_too_large", { limit: config.evidence_max_mb }));
    return;
  }
  const label = el("p", { class: "small", role: "status" });
  const bar = el("progress", { class: "bar", max: "1", value: "0", "aria-label": file.name });
  const card = el("div", { class: "slip", "data-entry": "upload" }, label, bar);
  place(card);
  const onProgress = (share) => {
    bar.value = share;
    label.textContent = share < 1
      ? say("upload_running", { name: file.name, percent: Math.round(share * 100) })
      : say("upload_finishing", { name: file.name });
  };
  onProgress(0);
  try {
    onStored(await sendFile("/api/v1/evidence", file, { session: await session(), onProgress }));
    card.remove();
  } catch (error) {
    card.remove();
    tell(place, file.name, error.message);
  }
}

function tell(place, name, reason) {
  place(el("p", { class: "alert", role: "alert", "data-entry": "upload", text: say("upload_failed", { name, reason }) }));
}
