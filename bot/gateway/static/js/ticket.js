// The tracking page works without scripts; this adds comfort. The link on a ticket card carries
// the code behind "#", which browsers never send: it does not reach logs or other sites.

import { sendFile } from "./api.js";
import { config, say } from "./words.js";

const lookUp = document.getElementById("look-up");
const code = new URLSearchParams(location.hash.slice(1)).get("c");

if (lookUp && code) {
  lookUp.elements.code.value = code;
  history.replaceState(null, "", location.pathname + location.search);
  if (lookUp.elements.number.value) lookUp.requestSubmit();
}

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A page that comes back from the browser's memory may be sent again.
addEventListener("pageshow", () => document.querySelectorAll("form[data-once]").forEach((form) => { delete form.dataset.sent; }));

const uploader = document.getElementById("upload");
if (uploader) wireUpload(uploader);

function wireUpload(form) {
  const [bar, status, picker] = [form.querySelector("progress"), document.getElementById("upload-status"), form.elements.file];
  form.hidden = false;
  document.getElementById("attach").addEventListener("click", () => picker.click());
  picker.addEventListener("change", async () => {
    const file = picker.files[0];
    if (!file) return;
    const reason = file.size > config.evidence_max_mb * 1048576 ? say("upload_too_large", { limit: config.evidence_max_mb }) : await send(file);
    if (reason) status.textContent = say("upload_failed", { name: file.name, reason });
    picker.value = "";
    bar.hidden = true;
  });

  // Returns why it failed; when it did not, the page is asked for again, with the receipt.
  async function send(file) {
    bar.hidden = false;
    const fields = { number: form.elements.number.value, code: form.elements.code.value };
    try {
      await sendFile(form.action, file, { fields, onProgress: (share) => {
        bar.value = share;
        status.textContent = say("upload_running", { name: file.name, percent: Math.round(share * 100) });
      } });
      document.getElementById("again").requestSubmit();
      return null;
    } catch (error) {
      return error.message;
    }
  }
}
