/**
 * Applies the chosen theme before the first paint and says that scripts run.
 * A small classic script in the head, on purpose: a module would come too late and flash.
 * Attributes on <html>: `data-theme` = light | dark (absent: the system decides), `data-js`.
 * A `[data-theme-toggle]` button (`[data-theme-next]` in a menu) goes on from system to light to dark; `data-theme-choice` on <html>
 * says what was chosen.
 */
(() => {
  const KEY = "helix.theme";
  const CHOICES = ["system", "light", "dark"];
  const root = document.documentElement;

  const stored = () => {
    try {
      return CHOICES.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "system";
    } catch {
      return "system";
    }
  };

  const apply = (choice) => {
    if (choice === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", choice);
    root.setAttribute("data-theme-choice", choice);
    for (const button of document.querySelectorAll("[data-theme-toggle], [data-theme-next]")) {
      const name = button.getAttribute(`data-name-${choice}`);
      if (name) {
        button.setAttribute("aria-label", name);
        button.setAttribute("title", name);
      }
    }
  };

  const next = () => {
    const choice = CHOICES[(CHOICES.indexOf(stored()) + 1) % CHOICES.length];
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      /* Private windows may refuse storage: the choice then lasts as long as the page. */
    }
    apply(choice);
  };

  root.setAttribute("data-js", "");
  apply(stored());
  document.addEventListener("DOMContentLoaded", () => apply(stored()));
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest("[data-theme-toggle], [data-theme-next]")) next();
  });
  addEventListener("storage", (event) => {
    if (event.key === KEY) apply(stored());
  });
})();
