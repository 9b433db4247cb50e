/**
 * Forms that a passkey answers: `[data-passkey]` is `create` (a new one), `get` (the person's own) or `login` (any).
 * What is asked stands in `#passkey-options`, or for a login is fetched from the form's own address.
 */

const FIELDS = { create: "creation_options", get: "request_options", login: "request_options" };

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(form).then(() => form.submit(), () => say(form));
  });
}

/** @param {HTMLFormElement} form */
async function answer(form) {
  const kind = form.dataset.passkey;
  const told = kind === "login" ? await asked(form.action) : JSON.parse(form.querySelector("#passkey-options").textContent);
  const { publicKey } = told[FIELDS[kind]];
  const credential = kind === "create"
    ? await navigator.credentials.create({ publicKey: creation(publicKey, form.elements.passwordless?.checked) })
    : await navigator.credentials.get({ publicKey: request(publicKey) });
  form.elements.credential.value = JSON.stringify(written(credential));
}

async function asked(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

function creation(options, isPasswordless) {
  return {
    ...options,
    challenge: bytes(options.challenge),
    user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: (options.excludeCredentials ?? []).map(named),
    authenticatorSelection: {
      ...options.authenticatorSelection,
      residentKey: isPasswordless ? "required" : "discouraged",
      requireResidentKey: Boolean(isPasswordless),
      ...(isPasswordless && { userVerification: "required" }),
    },
  };
}

function request(options) {
  return { ...options, challenge: bytes(options.challenge), allowCredentials: (options.allowCredentials ?? []).map(named) };
}

const named = (credential) => ({ ...credential, id: bytes(credential.id) });

/** A credential as JSON, with its bytes as base64url. */
function written(credential) {
  const { response } = credential;
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const filled = parts.filter((part) => response[part]).map((part) => [part, text(response[part])]);
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: { ...Object.fromEntries(filled), ...(response.getTransports && { transports: response.getTransports() }) },
  };
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
}

function text(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function say(form) {
  const note = form.querySelector("[role=alert]") ?? form.appendChild(document.createElement("p"));
  note.setAttribute("role", "alert");
  note.className = "form-error";
  note.textContent = form.dataset.failed;
}
