// An application in a browser: files are hashed where they are, and their names and digests put into
// the draft; those who upload them hear of it. Holds no sentence and decides nothing. Salts are made here and stay here until they are
// saved as a file; the node never gets them.
"use strict";
(() => {
  const FILES_MAX = 10000;
  const SENT_AT_ONCE = 500;
  const SENT_AFTER_MS = 2000;
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const draft = form.dataset.draft;
  const $ = (name) => form.querySelector(`[data-part="${name}"]`);
  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const save = (name, text) => {
    const link = element("a", { download: name, href: URL.createObjectURL(new Blob([text], { type: "application/json" })) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  // --- salts: by the commitment that each is of, in this browser alone, until they are saved ---
  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const salts = async (mode) => {
    const opening = indexedDB.open("salts", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("salts", { keyPath: "commitment" }).createIndex("draft", "draft");
    return (await asked(opening)).transaction("salts", mode).objectStore("salts");
  };
  // Written before the node hears of the file: a salt that is lost proves nothing.
  const keep = async (some) => {
    const store = await salts("readwrite");
    for (const one of some) store.put({ ...one, draft, at: Date.now() });
    return new Promise((resolve, reject) => {
      store.transaction.oncomplete = resolve;
      store.transaction.onerror = () => reject(store.transaction.error);
      store.transaction.onabort = () => reject(store.transaction.error);
    });
  };
  // Those that were saved go after a week; nothing stays on a shared computer for ever.
  const tidy = async () => {
    const store = await salts("readwrite");
    for (const one of await asked(store.getAll())) {
      if (one.saved && Date.now() - one.saved > 7 * 86400000) store.delete(one.commitment);
    }
  };
  // The salts of the draft's files, by their names there; and how many are missing here.
  const held = async () => {
    const answer = await fetch(`/protect/${draft}/list`, { redirect: "error" });
    if (!answer.ok) return { found: {}, missing: 0 };
    const { files } = await answer.json();
    const store = await salts("readonly");
    const known = new Map((await asked(store.index("draft").getAll(draft))).map((one) => [one.commitment, one.salt]));
    const found = files.filter(([, commitment]) => known.has(commitment));
    return { found: Object.fromEntries(found.map(([path, commitment]) => [path, known.get(commitment)])), missing: files.length - found.length };
  };
  const saveSalts = async () => {
    const { found } = await held();
    save(`${draft}.salts.json`, JSON.stringify(found));
    const store = await salts("readwrite");
    for (const one of await asked(store.index("draft").getAll(draft))) store.put({ ...one, saved: Date.now() });
  };
  const showSalts = async () => {
    const box = $("salts");
    // An application that begins has no files yet, and is not stored.
    if (!box || (form.id === "what" && have === 0)) return;
    const { found, missing } = await held();
    const isSalted = box.hasAttribute("data-salted") || Object.keys(found).length > 0;
    box.hidden = !isSalted;
    $("save-salts").hidden = Object.keys(found).length === 0 || missing > 0;
    const notice = $("salts-missing");
    notice.hidden = !isSalted || missing === 0;
    notice.textContent = notice.dataset.text.split("[count]").join(missing);
  };
  const saltsButton = $("save-salts");
  if (saltsButton) saltsButton.addEventListener("click", saveSalts);
  if (form.id === "confirm") showSalts().catch(console.error);

  // A second press must not send it twice; the node would take it as one.
  let sending = false;
  form.addEventListener("submit", (event) => {
    if (sending) return event.preventDefault();
    sending = true;
    setTimeout(() => { sending = false; }, 3000);
  });
  window.addEventListener("pageshow", () => { sending = false; });
  if (form.id !== "what") return;

  const words = {};
  for (const one of $("words").content.querySelectorAll("[data-word]")) words[one.dataset.word] = one.textContent;
  const word = (name, values = {}) => {
    let text = words[name] || name;
    for (const [key, value] of Object.entries(values)) text = text.split(`[${key}]`).join(value);
    return text;
  };
  const size = (bytes) => {
    if (bytes < 1000) return `${bytes}\u00a0B`;
    const units = ["kB", "MB", "GB", "TB"];
    let value = bytes / 1000;
    let unit = 0;
    while (value >= 999.995 && unit < 3) {
      value /= 1000;
      unit += 1;
    }
    return `${value.toFixed(2)}\u00a0${units[unit]}`;
  };

  let verifier = null;
  let workers = [];
  let round = 0;
  let busy = false;
  let turn = Promise.resolve();
  let have = Number(form.dataset.files);
  const mode = () => new FormData(form).get("mode");
  const fail = (text) => {
    const box = $("fault");
    box.textContent = text;
    box.hidden = !text;
  };
  const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  const hire = () => new Promise((resolve, reject) => {
    const worker = new Worker(form.dataset.hasher);
    worker.onerror = () => reject(new Error("worker"));
    worker.onmessage = ({ data }) => (data.ready ? resolve(worker) : reject(new Error(data.fault)));
    worker.postMessage({ verifier });
  });
  const stop = () => {
    workers.forEach((worker) => worker.terminate());
    workers = [];
    busy = false;
  };

  // What stays of a file while it is read: one that changed meanwhile is refused, never guessed.
  const same = (file, before) => file.size === before.size && file.lastModified === before.lastModified;

  const post = async (body) => {
    for (let tried = 0; ; tried += 1) {
      try {
        const answer = await fetch(`/protect/${draft}/added`, {
          method: "POST", redirect: "manual", body,
          headers: { "Content-Type": "application/json", "X-Form-Token": form.elements.form_token.value },
        });
        // What arrived twice is there once.
        if (answer.status < 500 || tried === 4) return answer;
      } catch (error) {
        if (tried === 4) throw new Error(word("failed"));
      }
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** tried));
    }
  };
  const send = async (files, chosen) => {
    const answer = await post(JSON.stringify({ mode: chosen, files }));
    if (answer.type === "opaqueredirect" || answer.status === 401) throw new Error(word("signed-out"));
    const said = await answer.json().catch(() => null);
    if (!answer.ok) throw new Error(said && said.detail ? said.detail : word("failed"));
    form.elements.version.value = said.version;
    have = said.added.count;
    $("tally").textContent = word("have", { count: have, size: size(said.added.bytes) });
    $("have").hidden = have === 0;
    for (const radio of form.querySelectorAll('input[name="mode"]')) radio.disabled = have > 0 && !radio.checked;
    if (location.pathname !== `/protect/${draft}`) history.replaceState(null, "", `/protect/${draft}`);
    return said.added;
  };

  const hash = async (entries) => {
    const chosen = mode();
    if (!chosen) {
      fail(word("mode"));
      return form.querySelector('input[name="mode"]').focus();
    }
    if (entries.length === 0) return;
    if (entries.length > FILES_MAX) return fail(word("many", { count: FILES_MAX }));
    fail("");
    const mine = ++round;
    stop();
    busy = true;
    if (!verifier) {
      const answer = await fetch(form.dataset.verifier);
      if (!answer.ok) throw new Error(word("failed"));
      verifier = new Uint8Array(await answer.arrayBuffer());
    }
    const total = entries.reduce((sum, [, file]) => sum + file.size, 0);
    const begun = performance.now();
    const done = new Array(entries.length).fill(0);
    let finished = 0;
    let ready = [];
    let faults = [];
    let sent = performance.now();
    let waiting = Promise.resolve();
    let broken = null;
    let stopped = false;
    let ended = () => undefined;
    const stopping = new Promise((resolve) => { ended = resolve; });
    const bar = element("progress", { max: "1000" });
    const text = element("span", {});
    const button = element("button", { type: "button", class: "button small" }, word("stop"));
    const show = () => {
      const bytes = done.reduce((a, b) => a + b, 0);
      const share = total > 0 ? bytes / total : finished / entries.length;
      bar.value = Math.floor(share * 1000);
      text.textContent = word("working", {
        done: finished, all: entries.length, bytes: size(bytes), total: size(total), percent: Math.floor(share * 100),
      });
    };
    const state = $("state");
    state.replaceChildren(element("div", { class: "progress" }, text, button, bar));
    state.hidden = false;
    const flush = () => {
      const batch = ready.splice(0, ready.length);
      sent = performance.now();
      if (batch.length === 0) return;
      waiting = waiting.then(async () => {
        if (broken) return;
        for (let at = 0; at < batch.length; at += SENT_AT_ONCE) {
          const some = batch.slice(at, at + SENT_AT_ONCE);
          if (chosen === "salted") {
            await keep(some.map((one) => ({ commitment: one.file.digest, path: one.file.path, salt: one.salt })));
          }
          const added = await send(some.map((one) => one.file), chosen);
          const listed = some.map((one) => ({ file: one.source, path: one.file.path, digest: one.file.digest }));
          form.dispatchEvent(new CustomEvent("listed", { detail: listed }));
          if (added.renamed.length > 0) {
            faults.push(word("renamed", { names: added.renamed.map(([old, now]) => `${old} → ${now}`).slice(0, 5).join("; ") }));
          }
        }
      }).catch((error) => {
        // What could not be sent ends it: the rest would be hashed for nothing.
        broken = error;
        round += 1;
        stop();
        ended();
      });
    };
    button.addEventListener("click", () => {
      stopped = true;
      round += 1;
      stop();
      ended();
    });
    show();
    let next = 0;
    let painted = 0;
    const work = async () => {
      const worker = await hire();
      if (mine !== round) return worker.terminate();
      workers.push(worker);
      while (next < entries.length && mine === round) {
        const at = next;
        next += 1;
        const [path, file] = entries[at];
        const before = { size: file.size, lastModified: file.lastModified };
        const salt = chosen === "salted" ? hex(crypto.getRandomValues(new Uint8Array(32))) : null;
        await new Promise((resolve, reject) => {
          worker.onerror = () => reject(new Error(word("failed")));
          worker.onmessage = ({ data }) => {
            if (mine !== round) return resolve();
            if (data.done !== undefined) {
              done[at] = data.done;
              if (performance.now() - painted > 100) {
                painted = performance.now();
                show();
              }
              return;
            }
            done[at] = file.size;
            finished += 1;
            if (data.digests === undefined) faults.push(word("unread", { name: path, cause: data.fault }));
            else if (!same(file, before)) faults.push(word("changed", { name: path }));
            else {
              const found = Object.fromEntries(data.digests.split("\n").map((line) => line.split(":")));
              const own = { path, size: file.size, digest: found["SHA-256"] };
              if (found.SM3) own.sm3 = found.SM3;
              ready.push({ file: own, salt, source: file });
            }
            if (ready.length >= SENT_AT_ONCE || performance.now() - sent > SENT_AFTER_MS) flush();
            resolve();
          };
          worker.postMessage({ job: at, file, salt, algorithms: salt ? ["SHA-256"] : ["SHA-256", "SM3"] });
        });
      }
    };
    const hands = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 2, entries.length));
    // A worker that is ended answers nothing more.
    await Promise.race([Promise.all(Array.from({ length: hands }, work)), stopping]);
    if (!broken) flush();
    await waiting;
    stop();
    state.replaceChildren();
    state.hidden = true;
    if (broken) throw broken;
    if (stopped) {
      state.replaceChildren(element("p", { class: "notice" }, word("stopped", { count: have })));
      state.hidden = false;
    } else {
      form.dataset.hashedMs = performance.now() - begun;
      form.dataset.hashedBytes = total;
    }
    form.dataset.state = stopped ? "stopped" : "done";
    await showSalts();
    fail(faults.slice(0, 5).join(" ") + (faults.length > 5 ? ` + ${faults.length - 5}` : ""));
  };

  const guarded = (work) => async (...given) => {
    form.dataset.state = "working";
    try {
      await work(...given);
      if (form.dataset.state === "working") form.dataset.state = "ready";
    } catch (error) {
      console.error(error);
      round += 1;
      stop();
      $("state").replaceChildren();
      fail(String(error.message || word("failed")));
      form.dataset.state = "failed";
    }
  };

  // A folder that is dropped: its files with their paths.
  const walk = async (entry, path, found) => {
    if (found.length > FILES_MAX) return;
    if (entry.isFile) {
      found.push([path + entry.name, await new Promise((resolve, reject) => entry.file(resolve, reject))]);
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (some.length === 0) return;
      for (const one of some) await walk(one, `${path}${entry.name}/`, found);
    }
  };

  // One selection after the other: what is chosen meanwhile waits its turn.
  const enqueue = (entries) => {
    if (busy) fail(word("busy"));
    turn = turn.then(() => guarded(hash)(entries)).then(() => form.dispatchEvent(new Event("hashed")));
    return turn;
  };

  for (const radio of form.querySelectorAll('input[name="kind"]')) {
    radio.addEventListener("change", () => {
      for (const one of form.querySelectorAll("[data-caution]")) one.hidden = one.dataset.caution !== radio.dataset.says;
    });
  }

  const chosen = (event) => {
    const entries = [...event.target.files].map((file) => [file.webkitRelativePath || file.name, file]);
    // So that the same file can be chosen again.
    event.target.value = "";
    return enqueue(entries);
  };
  for (const input of form.querySelectorAll('[data-part="pick"]')) input.addEventListener("change", chosen);
  const area = $("drop");
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", guarded(async (event) => {
    event.preventDefault();
    area.classList.remove("over");
    const items = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    const found = [];
    for (const item of items) await walk(item, "", found);
    await enqueue(found.length ? found : [...event.dataTransfer.files].map((file) => [file.name, file]));
  }));

  // A text that is typed becomes a file, which its author keeps: UTF-8, lines end in one character.
  $("take-text").addEventListener("click", async () => {
    const typed = $("text").value.replace(/\r\n?/g, "\n");
    if (!typed.trim()) return $("text").focus();
    const stamp = new Date().toISOString().replace(/[:.]/g, "-").slice(0, 23);
    const file = new File([typed], `${word("text-name")}-${stamp}.txt`, { type: "text/plain" });
    await enqueue([[file.name, file]]);
    if (form.dataset.state !== "done") return;
    // It stays there to be saved for as long as the page is open.
    const link = element("a", { download: file.name, href: URL.createObjectURL(file) }, word("text-link"));
    $("texts").append(element("p", {}, `${word("text-keep")} `, link, ` ${file.name}`));
    $("texts").hidden = false;
    link.click();
  });
  window.addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });
  area.hidden = false;
  $("text-row").hidden = false;
  $("by-hand").hidden = !$("by-hand").open;
  showSalts().then(tidy).catch(console.error);
  form.dataset.state = "ready";
})();
