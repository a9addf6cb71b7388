// The desk in a browser: files are put down, hashed by workers, and judged by the verifier.
// It holds no sentence of its own and decides nothing; both come from the verifier. It asks the
// network for the verifier alone, and, when a reader wants a report stamped, for one timestamp.
"use strict";
(() => {
  const desk = document.getElementById("desk");
  if (!desk) return;
  const LOOKED_INTO_BYTES = 4 << 20;
  const MANIFEST_BYTES = 64 << 20;
  const PDF_BYTES = 16 << 20;
  const ARCHIVE_BYTES = 32 << 20;
  const ARCHIVE_PIECE_BYTES = 16 << 10;
  const ITEMS_MAX = 200000;
  const ROWS_MAX = 200;
  const offline = desk.hasAttribute("data-offline");
  const $ = (name) => desk.querySelector(`[data-part="${name}"]`);
  const code = () => (document.documentElement.lang.startsWith("en") ? 1 : 0);

  let wall = null;
  let verifier = null;
  let words = {};
  let files = [];
  let result = null;
  let round = 0;
  let era = 0;
  let adding = Promise.resolve();
  let workers = [];

  // --- the wall ---
  const put = (bytes) => {
    const at = wall.input(bytes.length);
    new Uint8Array(wall.memory.buffer, at, bytes.length).set(bytes);
  };
  const say = (text) => put(new TextEncoder().encode(text));
  const raw = () => new Uint8Array(wall.memory.buffer, wall.output(), wall.output_length()).slice();
  const heard = () => new TextDecoder().decode(raw());

  const word = (name, values = {}) => {
    let text = words[name] || name;
    for (const [place, value] of Object.entries(values)) text = text.split(`{${place}}`).join(value);
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
  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  // --- starting ---
  const fromBase64 = (text) => Uint8Array.from(atob(text.trim()), (c) => c.charCodeAt(0));
  const unpacked = async (bytes) =>
    new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());

  const start = async () => {
    $("desk").hidden = false;
    if (offline) {
      verifier = await unpacked(fromBase64(document.getElementById("verifier").textContent));
    } else {
      const answer = await fetch(desk.dataset.verifier);
      if (!answer.ok) throw new Error(`verifier: ${answer.status}`);
      verifier = new Uint8Array(await answer.arrayBuffer());
      // Fetched now, so that it is at hand when the network is cut before the first file is put down.
      const script = await fetch(desk.dataset.hasher);
      if (!script.ok) throw new Error(`hasher: ${script.status}`);
      await script.text();
    }
    wall = (await WebAssembly.instantiate(verifier, {})).instance.exports;
    speak();
    $("drop").hidden = false;
    listen();
    desk.dataset.state = "ready";
    const quiet = () => {
      for (const still of document.querySelectorAll(".no-script")) still.hidden = true;
    };
    if (!desk.dataset.given) return quiet();
    // What the node found stays in sight until it was found again here.
    await guarded(async () => {
      await lay();
      quiet();
    })();
  };

  // What the page is about lies on the desk from the beginning: the reader only puts files beside it.
  const lay = async () => {
    const entries = [];
    for (const address of desk.dataset.given.split(" ")) {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(`given: ${answer.status}`);
      const name = address.split("/").pop();
      entries.push([name, new File([await answer.blob()], name)]);
    }
    await offer(entries);
  };

  const speak = () => {
    wall.words(code());
    words = JSON.parse(heard());
    for (const place of document.querySelectorAll("[data-word]")) place.textContent = word(place.dataset.word);
  };

  const trusted = () => {
    const block = document.getElementById("trusted");
    const given = block ? JSON.parse(block.textContent) : { certificates: [], lists: [] };
    for (const pem of given.certificates) {
      say(pem);
      wall.anchor();
    }
    for (const list of given.lists) {
      put(fromBase64(list));
      wall.list();
    }
  };

  const failed = (title, note) => {
    const fault = element("div", { class: "fault", role: "alert" }, element("h3", {}, word(title, { count: ITEMS_MAX })), element("p", {}, word(note)));
    $("result").replaceChildren(fault);
    $("held").hidden = false;
    desk.dataset.state = "failed";
  };

  // --- putting down ---
  // Begins anew, also after the verifier broke off.
  const clear = async () => {
    const mine = ++round;
    era += 1;
    stop();
    files = [];
    result = null;
    for (const name of ["list", "result", "certificates", "progress"]) $(name).replaceChildren();
    $("held").hidden = true;
    for (const input of desk.querySelectorAll('input[type="file"]')) input.value = "";
    // What is put down meanwhile waits for the empty desk.
    adding = WebAssembly.instantiate(verifier, {}).then(({ instance }) => {
      wall = instance.exports;
      trusted();
    });
    await adding;
    if (mine === round) desk.dataset.state = "ready";
    if (mine === round && desk.dataset.given) await lay();
  };

  // What is put down later stops the hashing under way and waits for its turn on the desk.
  const offer = async (entries) => {
    const mine = ++round;
    const since = era;
    stop();
    desk.dataset.state = "working";
    adding = adding.then(() => add(entries, since));
    await adding;
    if (mine !== round) return;
    list();
    await check(mine);
  };

  const add = async (entries, since) => {
    for (const [name, file] of entries) {
      // A part of a folder must not pass for the whole.
      if (files.length >= ITEMS_MAX) throw new Error("too-many");
      const isManifest = /\.(manifest|salts|files|openings)\.json$|(^|\/)(package|files|openings)\.json$/i.test(name);
      const isArchive = /\.zip$/i.test(name);
      const isPdf = /\.pdf$/i.test(name);
      const looks = file.size <= (isManifest ? MANIFEST_BYTES : isPdf ? PDF_BYTES : LOOKED_INTO_BYTES);
      let bytes = null;
      let fault = null;
      if (looks && !isArchive) {
        try {
          bytes = new Uint8Array(await file.arrayBuffer());
        } catch (error) {
          fault = String(error.message || error);
        }
      }
      if (since !== era) return;
      const called = new TextEncoder().encode(name);
      const both = new Uint8Array(called.length + (bytes ? bytes.length : 0));
      both.set(called);
      if (bytes) both.set(bytes, called.length);
      put(both);
      if (!wall.offer(called.length, file.size, bytes ? 1 : 0)) throw new Error("too-many");
      files.push({ name, file, kind: heard() });
      if (fault) {
        say(fault);
        wall.unreadable(files.length - 1);
      }
      if (isArchive && !(await open(files.length - 1, file, since))) return;
      if (files[files.length - 1].kind === "certificate-pdf") inside(files.length - 1);
    }
  };

  // An archive stays where it is: the verifier asks for its bytes as it needs them, and its parts are
  // hashed where they lie in it.
  const open = async (item, file, since) => {
    const begin = (bytes) => {
      wall.archive_begin(file.size);
      if (bytes) {
        put(bytes);
        wall.archive_piece(0);
      }
    };
    try {
      begin(file.size <= ARCHIVE_BYTES ? new Uint8Array(await file.arrayBuffer()) : null);
      for (;;) {
        if (since !== era) return false;
        wall.archive_open(item);
        const said = JSON.parse(heard());
        if (said.parts) {
          laid(said.parts, file);
          return true;
        }
        const [offset, length] = said.missing;
        const piece = await file.slice(offset, offset + Math.max(length, ARCHIVE_PIECE_BYTES)).arrayBuffer();
        if (since !== era) return false;
        if (piece.byteLength < length) throw new Error("the archive became shorter while it was read");
        put(new Uint8Array(piece));
        wall.archive_piece(offset);
      }
    } catch (error) {
      say(String(error.message || error));
      wall.unreadable(item);
      return true;
    }
  };

  const laid = (parts, file) => {
    for (const part of parts) {
      const where = part.attached ? { size: part.size } : file.slice(part.offset, part.offset + part.packed);
      files.push({ name: part.name, kind: part.kind, file: where, part });
    }
  };

  // What rides in a certificate is at hand and was hashed by the verifier.
  const inside = (item) => {
    wall.archive_begin(0);
    wall.archive_open(item);
    laid(JSON.parse(heard()).parts, null);
  };

  const list = () => {
    $("held").hidden = files.length === 0;
    const rows = files.slice(0, ROWS_MAX).map(({ name, file, part, kind }) =>
      element("tr", {}, element("td", { class: "name" }, name), element("td", { class: "wide" }, word(`kind-${kind}`)),
        element("td", { class: "num" }, size(part ? part.size : file.size))));
    if (files.length > ROWS_MAX) {
      rows.push(element("tr", {}, element("td", { colspan: "3" }, `+ ${files.length - ROWS_MAX}`)));
    }
    $("list").replaceChildren(...rows);
    wall.certificates();
    const offered = JSON.parse(heard());
    $("certificates").replaceChildren(...(offered.length ? [certificates(offered)] : []));
  };

  const certificates = (offered) => {
    const box = element("div", {}, element("h3", {}, word("trust-title")), element("p", { class: "note" }, word("trust-note")));
    for (const one of offered) {
      const tick = element("input", { type: "checkbox" });
      tick.checked = one.trusted;
      tick.addEventListener("change", () => {
        say(one.fingerprint);
        wall.trust(tick.checked ? 1 : 0);
        // While files are hashed, the verdict waits for them.
        if (desk.dataset.state === "done") judge();
      });
      const digest = element("code", { class: "digest" }, ...one.fingerprint.match(/.{8}/g).map((part) => element("span", {}, part)));
      const row = (name, value) => element("div", {}, element("dt", {}, name), element("dd", {}, value));
      box.append(element("dl", { class: "record" }, row(word("signer"), one.subject), row(word("fingerprint"), digest),
        row("", word("valid-until", { time: one.until }))),
        element("label", { class: "check" }, tick, element("span", {}, word("trust-this"))));
    }
    return box;
  };

  // --- hashing ---
  const hire = () => new Promise((resolve, reject) => {
    const address = offline
      ? URL.createObjectURL(new Blob([document.getElementById("hasher").textContent], { type: "text/javascript" }))
      : desk.dataset.hasher;
    const worker = new Worker(address);
    worker.onerror = () => reject(new Error("worker"));
    worker.onmessage = ({ data }) => (data.ready ? resolve(worker) : reject(new Error(data.fault)));
    worker.postMessage({ verifier });
  });

  const stop = () => {
    workers.forEach((worker) => worker.terminate());
    workers = [];
  };

  const check = async (mine) => {
    wall.plan();
    const jobs = JSON.parse(heard());
    const total = jobs.reduce((sum, job) => sum + files[job.item].file.size, 0);
    const done = new Map();
    const failedRound = (reject, cause) => (mine === round ? reject(new Error(cause)) : undefined);
    const begun = performance.now();
    const show = () => {
      if (mine === round) progress([...done.values()].reduce((a, b) => a + b, 0), total, begun);
    };
    if (jobs.length > 0) {
      const bar = element("progress", { max: "100", "aria-label": word("check") });
      const stopButton = element("button", { type: "button", class: "button small" }, word("cancel"));
      stopButton.addEventListener("click", () => {
        round += 1;
        stop();
        $("progress").replaceChildren(element("p", { class: "notice" }, word("cancelled")));
        desk.dataset.state = "stopped";
      });
      $("progress").replaceChildren(element("div", { class: "progress" }, element("span", { "aria-live": "polite" }), stopButton, bar),
        element("p", { class: "note" }, word("hashing-note")));
      $("result").replaceChildren();
      show();
      const hands = Math.max(1, Math.min(4, navigator.hardwareConcurrency || 2, jobs.length));
      let next = 0;
      const work = async () => {
        let worker;
        try {
          worker = await hire();
        } catch (error) {
          return failedRound((cause) => { throw cause; }, error.message);
        }
        if (mine !== round) return worker.terminate();
        workers.push(worker);
        while (next < jobs.length && mine === round) {
          const job = jobs[next];
          next += 1;
          await new Promise((resolve, reject) => {
            worker.onerror = () => failedRound(reject, "worker");
            worker.onmessage = ({ data }) => {
              if (mine !== round) return resolve();
              if (data.done !== undefined) {
                done.set(job, data.done);
                return show();
              }
              if (data.digests !== undefined) {
                say(data.digests);
                if (!wall.hashed(job.item, job.salt ? 1 : 0)) return reject(new Error("digest"));
              } else {
                say(data.fault);
                wall.unreadable(job.item);
              }
              resolve();
            };
            const { file, part } = files[job.item];
            worker.postMessage({ job: job.item, file, part, salt: job.salt, algorithms: job.algorithms });
          });
        }
      };
      await Promise.all(Array.from({ length: hands }, work));
      stop();
      if (mine !== round) return;
      desk.dataset.hashedBytes = total;
      desk.dataset.hashedMs = performance.now() - begun;
    }
    $("progress").replaceChildren();
    judge();
    // A page about something shows its head first, until the reader puts a file down.
    if (!desk.dataset.given || files.length > desk.dataset.given.split(" ").length) $("result").scrollIntoView({ block: "start" });
  };

  const progress = (done, total, begun) => {
    const bar = $("progress").querySelector("progress");
    const text = $("progress").querySelector("span");
    if (!bar || !text) return;
    const share = total > 0 ? done / total : 1;
    bar.value = Math.floor(share * 100);
    const seconds = (performance.now() - begun) / 1000;
    const values = { done: size(done), total: size(total), percent: Math.floor(share * 100) };
    if (seconds < 2 || share < 0.02) {
      text.textContent = word("hashing-start", values);
      return;
    }
    const left = (seconds / share) * (1 - share);
    const rest = left < 90 ? word("seconds", { count: Math.ceil(left) }) : word("minutes", { count: Math.ceil(left / 60) });
    text.textContent = word("hashing", { ...values, rest });
  };

  // --- judging ---
  const judge = () => {
    if (files.length === 0) return;
    if (!wall.judge(Math.floor(Date.now() / 1000), code(), offline ? 1 : 0)) throw new Error("judge");
    result = JSON.parse(heard());
    // Every value in it was escaped by the verifier, which wrote it.
    $("result").innerHTML = result.html;
    desk.dataset.verdict = result.verdict;
    desk.dataset.state = "done";
  };

  const save = (name, bytes, type) => {
    const link = element("a", { download: name, href: URL.createObjectURL(new Blob([bytes], { type })) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };

  const stamped = async (text) => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    say(hex);
    if (!wall.request()) throw new Error("request");
    const answer = await fetch(desk.dataset.tsa, {
      method: "POST", headers: { "Content-Type": "application/timestamp-query" }, body: raw(),
    });
    if (!answer.ok) throw new Error(`timestamp: ${answer.status}`);
    const token = new Uint8Array(await answer.arrayBuffer());
    // A refusal is an answer too, and holds no token.
    put(token);
    if (!wall.imprint() || heard() !== `SHA-256:${hex}`) throw new Error("timestamp: not over this report");
    return token;
  };

  const refused = (button, ...lines) => {
    button.closest(".answer").querySelector(".notice")?.remove();
    const said = lines.map((line) => element("p", {}, line));
    const notice = element("div", { class: "notice", role: "alert" });
    notice.append(...said);
    button.closest(".answer").append(notice);
  };

  // The node checks the same again, from what is public and from digests, and signs what it found.
  const paper = async (button) => {
    if (!wall.docket(Number(button.dataset.subject))) return refused(button, word("paper-failed"), word("paper-many"));
    const [text, body] = [button.textContent, heard()];
    button.disabled = true;
    button.textContent = word("paper-waits");
    try {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(desk.dataset.report, { method: "POST", headers, body });
      const name = JSON.parse(body).number || "token";
      if (answer.ok) return save(`${name}.verification.pdf`, await answer.arrayBuffer(), "application/pdf");
      const { title, remedy } = await answer.json();
      refused(button, word("paper-failed"), title, remedy);
    } catch (error) {
      refused(button, word("paper-failed"));
    } finally {
      button.disabled = false;
      button.textContent = text;
    }
  };

  const act = async (name, button) => {
    if (name === "print") return window.print();
    if (name === "paper") return paper(button);
    const text = `${JSON.stringify(result.data, null, 2)}\n`;
    save("verification.json", text, "application/json");
    if (name !== "stamp") return;
    try {
      save("verification.json.tsr", await stamped(text), "application/timestamp-reply");
    } catch (error) {
      refused(button, word("stamp-failed"));
    }
  };

  // --- listening ---
  const guarded = (work) => async (...given) => {
    try {
      await work(...given);
    } catch (error) {
      console.error(error);
      round += 1;
      stop();
      $("progress").replaceChildren();
      if (error.message === "too-many") failed("too-many", "broke-off-note");
      else failed("broke-off", "broke-off-note");
    }
  };

  // A folder that is dropped: its files with their paths.
  const walk = async (entry, path, found) => {
    if (found.length > ITEMS_MAX) return;
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

  const listen = () => {
    trusted();
    const chosen = guarded(async (event) => {
      const entries = [...event.target.files].map((file) => [file.webkitRelativePath || file.name, file]);
      // So that the same file can be chosen again.
      event.target.value = "";
      await offer(entries);
    });
    for (const input of desk.querySelectorAll('input[type="file"]')) input.addEventListener("change", chosen);
    const area = $("drop");
    area.addEventListener("dragover", (event) => {
      event.preventDefault();
      area.classList.add("over");
    });
    area.addEventListener("dragleave", () => area.classList.remove("over"));
    area.addEventListener("drop", guarded(async (event) => {
      event.preventDefault();
      area.classList.remove("over");
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
      const found = [];
      for (const entry of entries) await walk(entry, "", found);
      await offer(found.length ? found : [...event.dataTransfer.files].map((file) => [file.name, file]));
    }));
    $("clear").addEventListener("click", guarded(clear));
    $("result").addEventListener("click", guarded(async (event) => {
      const button = event.target.closest("[data-act]");
      if (button && result) await act(button.dataset.act, button);
    }));
    for (const button of document.querySelectorAll("[data-lang]")) {
      button.addEventListener("click", guarded(() => {
        document.documentElement.lang = button.dataset.lang;
        speak();
        list();
        if (desk.dataset.state === "done") judge();
      }));
    }
  };

  start().catch((error) => {
    console.error(error);
    const notice = desk.querySelector("[data-part='cannot']");
    if (notice) notice.hidden = false;
    desk.dataset.state = "failed";
  });
})();
