/** Sends what is typed into the page for trying out GraphQL, and shows the answer. */

import { csrfToken } from "../lib/csrf.js";

const form = document.querySelector("[data-graphql]");
const answer = document.querySelector("[data-answer]");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  answer.textContent = await send(form.elements.query.value, form.elements.variables.value).catch(String);
});

async function send(query, variables) {
  const body = JSON.stringify({ query, variables: JSON.parse(variables || "{}") });
  const response = await fetch("/api/graphql", { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() }, body });
  return JSON.stringify(await response.json(), null, 2);
}
