// Speaks with the person's authenticator. Holds no sentence and decides nothing: what the browser
// gives is put into the form, and the node checks it. Without it a password does.
"use strict";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function question(form) {
  const answer = await fetch(form.action + "/begin", {
    method: "POST", body: new URLSearchParams({ form_token: form.elements.form_token?.value ?? "" }), redirect: "error",
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function make(form) {
  const asked = await question(form);
  const made = await navigator.credentials.create({ publicKey: {
    rp: asked.rp,
    user: { ...asked.user, id: bytes(asked.user.id) },
    challenge: bytes(asked.challenge),
    pubKeyCredParams: asked.algorithms.map((alg) => ({ type: "public-key", alg })),
    excludeCredentials: asked.known.map((id) => ({ type: "public-key", id: bytes(id) })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    attestation: "none",
  } });
  return { id: made.id, client: text(made.response.clientDataJSON), attestation: text(made.response.attestationObject) };
}

async function use(form) {
  const asked = await question(form);
  const used = await navigator.credentials.get({ publicKey: {
    rpId: asked.rpId, challenge: bytes(asked.challenge), userVerification: "required",
  } });
  return {
    id: used.id,
    client: text(used.response.clientDataJSON),
    authenticator: text(used.response.authenticatorData),
    signature: text(used.response.signature),
  };
}

for (const form of document.querySelectorAll("form[data-script]")) {
  const act = { make, use }[form.dataset.script];
  if (!act || !window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    form.querySelector("[role=alert]").hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await act(form));
      form.submit();
    } catch {
      // The person chose not to, or the authenticator has none: nothing was sent, and the form stands.
      button.disabled = false;
      form.querySelector("[role=alert]").hidden = false;
    }
  });
}
