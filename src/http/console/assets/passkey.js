// Passkeys, and codes that come in the fragment of a link. Without this script codes are typed and passwords used.
for (const form of document.querySelectorAll("form[data-code]")) {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) continue;
  // Out of the address bar, and of what the browser remembers.
  history.replaceState(null, "", location.pathname);
  form.elements.code.value = code;
  form.querySelector("[data-code-label]").hidden = true;
}

async function ask(form) {
  const fields = new URLSearchParams();
  for (const name of ["csrf", "code", "email"]) if (form.elements[name]) fields.set(name, form.elements[name].value);
  const answer = await fetch(form.dataset.options, { method: "POST", body: fields });
  const options = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(options.error ?? "The server did not answer.");
  return options;
}

async function passkeyFor(form) {
  const options = await ask(form);
  const publicKey =
    form.dataset.passkey === "create"
      ? PublicKeyCredential.parseCreationOptionsFromJSON(options)
      : PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
  return JSON.stringify(credential.toJSON());
}

function say(form, text) {
  let note = form.querySelector("[data-note]");
  if (!note) {
    note = document.createElement("p");
    note.setAttribute("role", "alert");
    note.className = "notice bad";
    note.dataset.note = "";
    form.prepend(note);
  }
  note.textContent = text;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-passkey-button]");
  if (!button || !globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const needed = form.elements.email;
    if (form.dataset.passkey === "create" && needed && !needed.reportValidity()) return;
    button.disabled = true;
    try {
      form.elements.passkey.value = await passkeyFor(form);
      form.submit();
    } catch (error) {
      say(form, error.name === "NotAllowedError" ? "No passkey was given." : error.message);
      button.disabled = false;
    }
  });
}
