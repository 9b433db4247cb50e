/**
 * The page's one dialog and its small menus.
 *
 * `#dialog` opens when htmx has put something into it and closes by `[data-dialog-close]`, its backdrop, Esc, or the event
 * `dialog-close` (header HX-Trigger). `details[data-drop]` closes when something else is used. `[data-toast]` goes after its
 * seconds, later while it is hovered or holds the focus.
 */

const dialog = document.getElementById("dialog");
const SECONDS = 6;

function open() {
  if (dialog.childElementCount && !dialog.open) dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

function close() {
  dialog.close();
  dialog.replaceChildren();
}

function closeDrops(except) {
  for (const drop of document.querySelectorAll("details[data-drop][open]")) if (drop !== except) drop.open = false;
}

/** Let a toast go after its time. @param {HTMLElement} toast */
export function expire(toast) {
  const seconds = Number(toast.dataset.toastSeconds ?? SECONDS);
  const timer = setInterval(() => {
    if (toast.matches(":hover, :focus-within")) return;
    clearInterval(timer);
    toast.remove();
  }, seconds * 1000);
}

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail?.ctx?.target ?? event.target;
  if (target === dialog) open();
  if (target instanceof Element && target.matches("[data-toasts]") && target.lastElementChild) expire(target.lastElementChild);
});

// Not before its answer is here: events that the answer names rise from the button.
document.addEventListener("htmx:finally:request", ({ target }) => {
  if (target instanceof Element && target.matches("[data-toast-done]")) setTimeout(() => target.closest("[data-toast]")?.remove());
});

document.addEventListener("dialog-close", close);
dialog.addEventListener("close", () => dialog.replaceChildren());

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  closeDrops(event.target.closest("summary") ? event.target.closest("details") : null);
  if (event.target.closest("[data-dialog-close]") || event.target === dialog) close();
  if (event.target.closest("[data-toast-close]")) event.target.closest("[data-toast]").remove();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const drop = document.querySelector("details[data-drop][open]");
  if (!drop) return;
  closeDrops(null);
  drop.querySelector("summary").focus();
});
