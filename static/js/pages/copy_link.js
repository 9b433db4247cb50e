/** Copies a flow's link from the dialog of its people, and says so on the button for a moment. Loaded when it is first used. */

const SAID_MS = 3_000;

/** @param {HTMLButtonElement} button `[data-copy-link]` beside `[data-link]`; `data-copied` is what it says then */
export async function copyLink(button) {
  const field = button.parentElement.querySelector("[data-link]");
  // Where the clipboard may not be written (plain http beyond this machine), the old way can.
  const isCopied = await (navigator.clipboard?.writeText(field.value).then(() => true, () => false) ?? false) || selected(field);
  if (!isCopied) return;
  const text = button.querySelector("span");
  const before = text.textContent;
  if (before === button.dataset.copied) return;
  text.textContent = button.dataset.copied;
  setTimeout(() => (text.textContent = before), SAID_MS);
}

/** Leave it selected in any case: then a person can copy it by key. */
function selected(field) {
  field.select();
  return document.execCommand("copy");
}
