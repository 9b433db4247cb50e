/** What a field's text is written in: "condition", "template", or nothing that this page can help with. */

const HELPED = ["condition", "template"];

/** @param {HTMLElement} field @returns {string|null} */
export function languageOf(field) {
  const { language, spokenBy } = field.dataset ?? {};
  if (!language) return null;
  const [name, languages] = spokenBy ? JSON.parse(spokenBy) : [null, {}];
  const said = name && field.closest("[data-inspector-form]")?.querySelector(`[name="settings.${CSS.escape(name)}"]`)?.value;
  const spoken = languages[said] ?? language;
  return HELPED.includes(spoken) ? spoken : null;
}
