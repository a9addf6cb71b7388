// The originals of an application that deposits, on their way to the node (tus 1.0.0). Holds no sentence.
// How far an upload came is told by the node: after a reload, on another day or on another device the same
// file is put down again, its digest finds the upload, and it goes on from there.
"use strict";
(() => {
  const AT_ONCE = 2;
  const PIECE = 16 * 1024 * 1024;
  const WAIT_MS_MAX = 30000;
  const NAMED = 5;
  const form = document.querySelector("form#what[data-draft]");
  const box = form && form.querySelector('[data-part="uploads"]');
  if (!box) return;
  const draft = form.dataset.draft;
  const words = {};
  for (const one of form.querySelector('[data-part="upload-words"]').content.querySelectorAll("[data-word]")) words[one.dataset.word] = one.textContent;
  const word = (name, values = {}) => {
    let text = words[name] || name;
    for (const [key, value] of Object.entries(values)) text = text.split(`[${key}]`).join(value);
    return text;
  };
  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
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
  const percent = (part, whole) => (whole > 0 ? Math.floor((part / whole) * 100) : 100);
  const isDeposit = () => new FormData(form).get("mode") === "deposit";

  // By digest: what the node lacks, and what is being sent of it.
  let missing = new Map();
  const queue = new Map();
  const running = new Set();
  let organisation = null;
  let paused = false;
  let wanted = false;
  let leaving = false;
  let hands = 0;

  const isOpen = (item) => item.state === "waiting" || item.state === "sending";
  const open = () => [...queue.values()].filter(isOpen);
  const isHashing = () => form.dataset.state === "working";

  const refresh = async () => {
    const answer = await fetch(`/protect/${draft}/originals`, { redirect: "error" });
    if (answer.status === 404) return;
    if (!answer.ok) throw new Error(word("failed"));
    const told = await answer.json();
    organisation = told.organisation;
    missing = new Map(told.missing.map((one) => [one.digest, one]));
  };

  // --- what is shown ---
  const bar = element("progress", { max: "1000" });
  const line = element("span", {});
  const button = element("button", { type: "button", class: "button small" });
  const progress = element("div", { class: "progress" }, line, button, bar);
  const list = (texts) => element("ul", { class: "plain" }, ...texts.map((text) => element("li", {}, text)));
  let shown = "";
  const show = () => {
    const items = [...queue.values()];
    const all = items.filter((item) => item.state !== "refused");
    const refused = items.filter((item) => item.state === "refused");
    const left = [...missing.values()].filter((one) => !queue.has(one.digest));
    const total = all.reduce((sum, item) => sum + item.size, 0);
    const bytes = all.reduce((sum, item) => sum + Math.min(item.size, item.received + item.sent), 0);
    const isCut = all.some((item) => item.state === "sending" && item.isCut);
    const busy = open().length > 0;
    const values = { done: all.filter((item) => item.state === "done").length, all: all.length, bytes: size(bytes), total: size(total), percent: percent(bytes, total) };
    line.textContent = word(paused ? "paused" : isCut ? "cut" : "sending", values);
    button.textContent = word(paused ? "go-on" : "pause");
    bar.value = total > 0 ? Math.floor((bytes / total) * 1000) : 1000;
    form.dataset.uploads = busy ? (paused ? "paused" : "sending") : refused.length > 0 ? "refused" : left.length > 0 ? "missing" : "done";
    form.dataset.uploaded = bytes;
    // What is read aloud changes only where its kind does.
    const parts = JSON.stringify([busy, wanted, refused.map((item) => item.cause), left.map((one) => [one.path, one.received])]);
    box.hidden = !isDeposit() || (!busy && refused.length === 0 && left.length === 0 && all.length === 0);
    if (parts === shown) return;
    shown = parts;
    const made = [];
    if (busy) made.push(progress);
    if (busy && wanted) made.push(element("p", { class: "note" }, word("waits")));
    if (refused.length > 0) {
      const again = element("button", { type: "button", class: "button small" }, word("again"));
      again.addEventListener("click", () => {
        for (const item of refused) item.state = "waiting";
        start();
      });
      const texts = refused.slice(0, NAMED).map((item) => word("refused", { name: item.path, cause: item.cause }));
      made.push(element("div", { class: "notice" }, list(texts), element("p", { class: "acts" }, again)));
    }
    if (left.length > 0) {
      const texts = left.slice(0, NAMED).map((one) => word("part", { name: one.path, percent: percent(one.received, one.size) }));
      made.push(element("div", { class: "notice", "data-part": "missing" }, element("p", {}, word("missing", { count: left.length })), list(texts)));
    }
    if (!busy && refused.length === 0 && left.length === 0 && all.length > 0) made.push(element("p", { class: "note" }, word("done")));
    box.replaceChildren(...made);
  };

  // --- one upload ---
  const ask = (method, address, headers, body, told) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, address);
    request.setRequestHeader("Tus-Resumable", "1.0.0");
    request.setRequestHeader("X-Form-Token", form.elements.form_token.value);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (told) request.upload.onprogress = (event) => told(event.loaded);
    const end = (settle) => () => {
      running.delete(request);
      settle(request);
    };
    request.onload = end(resolve);
    request.onerror = end(reject);
    request.onabort = end(reject);
    running.add(request);
    request.send(body || null);
  });
  const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
  const metadata = (item) => {
    const pairs = { filename: item.path, sha256: item.digest, draft };
    if (organisation) pairs.organisation = organisation;
    return Object.entries(pairs).map(([key, value]) => `${key} ${base64(value)}`).join(",");
  };
  // Passes by itself: a cut, another writer, a node that begins anew.
  const passes = (status) => [0, 408, 409, 423, 425, 429, 500, 502, 503, 504].includes(status);
  const cause = (request) => {
    try {
      const { error } = JSON.parse(request.responseText);
      return `${error.message} ${error.remedy}`;
    } catch (error) {
      return word("failed");
    }
  };
  const take = (item, request) => {
    item.received = Number(request.getResponseHeader("Upload-Offset"));
    item.sent = 0;
    item.isCut = false;
    if (request.getResponseHeader("Upload-Holding")) item.state = "done";
  };
  // A step of it; the answer that did not help, or null.
  const step = async (item) => {
    if (!item.upload) {
      const request = await ask("POST", "/uploads", { "Upload-Length": String(item.size), "Upload-Metadata": metadata(item) });
      if (request.status !== 201) return request;
      item.upload = request.getResponseHeader("Location");
      take(item, request);
      return null;
    }
    if (item.isUnsure) {
      const request = await ask("HEAD", item.upload, {});
      if (request.status === 404 || request.status === 410) {
        Object.assign(item, { upload: null, received: 0, isUnsure: false });
        return null;
      }
      // The answer to HEAD has no body; what is wrong is said by what follows.
      if (request.status !== 200 && passes(request.status)) return request;
      item.isUnsure = false;
      if (request.status === 200) take(item, request);
      return null;
    }
    const end = Math.min(item.size, item.received + PIECE);
    const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(item.received) };
    const request = await ask("PATCH", item.upload, headers, item.file.slice(item.received, end), (loaded) => {
      item.sent = loaded;
      paint();
    });
    if (request.status === 204) {
      take(item, request);
      return null;
    }
    if (request.status === 404 || request.status === 410) {
      Object.assign(item, { upload: null, received: 0 });
      return null;
    }
    return request;
  };
  const isReadable = async (file) => {
    try {
      await file.slice(0, 1).arrayBuffer();
      return true;
    } catch (error) {
      return false;
    }
  };
  // Until the time is over, or the connection is back.
  const wait = (ms) => new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    window.addEventListener("online", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
  const refuse = (item, text) => Object.assign(item, { state: "refused", cause: text, upload: null, received: 0, sent: 0, isCut: false });
  const send = async (item) => {
    item.state = "sending";
    let tried = 0;
    while (item.state === "sending" && !paused) {
      const before = item.received;
      let request;
      try {
        request = await step(item);
      } catch (failed) {
        request = failed;
      }
      item.sent = 0;
      if (request === null) {
        if (item.received > before) tried = 0;
        show();
        continue;
      }
      if (paused) break;
      if (request instanceof Error) throw request;
      if (!passes(request.status)) {
        refuse(item, cause(request));
        break;
      }
      // A file that was changed or moved is not read any more, and looks like a cut.
      if (request.status === 0 && !(await isReadable(item.file))) {
        refuse(item, word("changed", { name: item.path }));
        break;
      }
      item.isUnsure = item.upload !== null;
      item.isCut = true;
      show();
      tried += 1;
      await wait(Math.min(WAIT_MS_MAX, 500 * 2 ** Math.min(tried, 6)));
    }
    if (item.state === "sending") Object.assign(item, { state: "waiting", isUnsure: item.upload !== null });
    show();
  };
  let painting = false;
  const paint = () => {
    if (painting) return;
    painting = true;
    setTimeout(() => {
      painting = false;
      show();
    }, 100);
  };

  // --- all of them ---
  const settle = async () => {
    if (open().length > 0 || isHashing()) return;
    if (queue.size > 0) await refresh();
    show();
    if (!wanted || form.dataset.uploads !== "done") {
      wanted = false;
      return show();
    }
    wanted = false;
    form.requestSubmit(form.querySelector('button[name="go"][value="next"]'));
  };
  const work = async () => {
    for (;;) {
      const item = [...queue.values()].find((one) => one.state === "waiting");
      if (!item || paused) return;
      try {
        await send(item);
      } catch (error) {
        console.error(error);
        refuse(item, word("failed"));
      }
    }
  };
  const start = () => {
    show();
    while (hands < AT_ONCE && !paused) {
      hands += 1;
      work().finally(() => {
        hands -= 1;
        if (hands === 0) settle().catch(console.error);
      });
      if (![...queue.values()].some((one) => one.state === "waiting")) break;
    }
  };
  button.addEventListener("click", () => {
    paused = !paused;
    if (paused) for (const request of [...running]) request.abort();
    show();
    if (!paused) start();
  });

  // Files that were hashed and stand in the draft now: what the owner has already is not sent.
  let turn = Promise.resolve();
  form.addEventListener("listed", (event) => {
    if (!isDeposit()) return;
    turn = turn.then(async () => {
      await refresh();
      for (const { file, path, digest } of event.detail) {
        const lacks = missing.get(digest);
        const known = queue.get(digest);
        if (!lacks || (known && isOpen(known))) continue;
        queue.set(digest, {
          file, path, digest, size: file.size, state: "waiting", cause: "", sent: 0,
          upload: lacks.upload, received: lacks.received, isUnsure: lacks.upload !== null, isCut: false,
        });
      }
      start();
    }).catch((error) => {
      console.error(error);
      box.hidden = false;
      box.replaceChildren(element("p", { class: "notice" }, word("failed")));
    });
  });
  form.addEventListener("hashed", () => {
    turn = turn.then(settle).catch(console.error);
  });

  // "Next" waits for what is on its way; what is missing then is said by the node.
  form.addEventListener("submit", (event) => {
    const isNext = event.submitter && event.submitter.value === "next";
    if (isNext && isDeposit() && (open().length > 0 || isHashing())) {
      event.preventDefault();
      event.stopImmediatePropagation();
      wanted = true;
      paused = false;
      return start();
    }
    leaving = true;
  }, true);
  window.addEventListener("beforeunload", (event) => {
    if (open().length > 0 && !leaving) event.preventDefault();
  });
  window.addEventListener("pageshow", () => { leaving = false; });

  const chosen = () => {
    for (const one of form.querySelectorAll("[data-mode-says]")) one.hidden = (one.dataset.modeSays === "deposit") !== isDeposit();
    show();
  };
  for (const radio of form.querySelectorAll('input[name="mode"]')) radio.addEventListener("change", chosen);
  chosen();
  if (isDeposit() && Number(form.dataset.files) > 0) refresh().then(show).catch(console.error);
})();
