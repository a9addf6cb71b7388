"""Verification as a stranger does it: files put down in a real browser, and what becomes of them."""

import hashlib
import json
import os
import subprocess
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, ROOT, TWELVE, WIDE, put, ready, shiyin


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_file_and_its_token(node, visit, shots, lang, size):
    watched = visit(f"{node.url}/verify", lang, viewport=WIDE if size == "wide" else PHONE)
    page = watched.page
    ready(page)
    before = len(watched.requests)
    assert put(page, [node.folder / "moon-harbour.txt", node.folder / "moon-harbour.txt.tsr"]) == "valid"
    parts = page.eval_on_selector_all(".findings > li", "all => all.map((e) => e.dataset.part)")
    assert parts == [f"part-{name}" for name in TWELVE]
    said = page.inner_text(".verdict")
    assert ("文件就是当时加盖的那一份" if lang == "zh" else "The file is the one that was stamped") in said
    assert "不能排除" in page.inner_text("#desk") if lang == "zh" else "back-dating" in page.inner_text("#desk")
    if shots:
        page.screenshot(path=shots / f"result-valid-{lang}-{size}.png", full_page=True)
    violations = Axe().run(page).response["violations"]
    assert [v["id"] for v in violations] == []
    asked = [request.url for request in watched.requests[before:]]
    assert all("/assets/hash." in url for url in asked), "nothing of the file may leave"
    assert all(request.post_data is None for request in watched.requests)


@pytest.mark.parametrize("lang,scheme", [("zh", "light"), ("en", "dark")])
def test_a_changed_file(node, visit, shots, lang, scheme):
    page = visit(f"{node.url}/verify", lang, scheme).page
    ready(page)
    assert put(page, [node.folder / "changed/moon-harbour.txt", node.folder / "moon-harbour.txt.tsr"]) == "invalid"
    assert page.locator("[data-part=part-file].fails .mark.failed").count() == 1
    assert page.locator("[data-part=part-token] .mark.sealed").count() >= 1, "the token is genuine nevertheless"
    if shots:
        page.screenshot(path=shots / f"result-changed-{lang}-{scheme}.png", full_page=True)


def test_with_the_keyboard_alone(node, visit):
    page = visit(f"{node.url}/verify").page
    # From now on the browser asks us and not its window; that takes a moment to hold.
    page.on("filechooser", lambda chooser: None)
    ready(page)
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('#desk input[multiple]')"):
            break
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files([str(node.folder / name) for name in ("moon-harbour.txt", "moon-harbour.txt.tsr")])
    page.wait_for_selector("#desk[data-state=done]")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.act === 'json'"):
            break
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert json.loads(Path(download.value.path()).read_text())["verdict"] == "valid"


def test_files_can_be_dropped(node, visit):
    page = visit(f"{node.url}/verify").page
    ready(page)
    contents = {name: list((node.folder / name).read_bytes()) for name in ("moon-harbour.txt", "moon-harbour.txt.tsr")}
    page.evaluate("""(contents) => {
        const data = new DataTransfer();
        for (const [name, bytes] of Object.entries(contents)) data.items.add(new File([new Uint8Array(bytes)], name));
        const area = document.querySelector('#desk [data-part=drop]');
        for (const type of ['dragover', 'drop']) area.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true }));
    }""", contents)
    page.wait_for_selector("#desk[data-state=done]")
    assert page.get_attribute("#desk", "data-verdict") == "valid"


def test_long_work_shows_its_share_and_can_be_stopped(node, visit, shots, tmp_path):
    large = tmp_path / "large.mov"
    with large.open("wb") as file:
        file.truncate(3 << 30)
    page = visit(f"{node.url}/verify", "zh").page
    ready(page)
    page.set_input_files("#desk input[multiple]", str(large))
    page.wait_for_selector("#desk progress")
    while page.evaluate("document.querySelector('#desk progress').value") < 2:
        pass
    said = page.inner_text("#desk .progress span")
    assert "/ 3.22" in said and "%" in said
    if shots:
        page.screenshot(path=shots / "progress-zh.png")
    page.click("#desk .progress button")
    page.wait_for_selector("#desk[data-state=stopped]")
    assert page.locator(".verdict").count() == 0, "nothing was decided"
    page.click("[data-part=clear]")
    assert put(page, [node.folder / "moon-harbour.txt", node.folder / "moon-harbour.txt.tsr"]) == "valid"


def test_a_renamed_file_is_the_same(node, visit, tmp_path):
    page = visit(f"{node.url}/verify").page
    ready(page)
    renamed = tmp_path / "other-name.bin"
    renamed.write_bytes((node.folder / "moon-harbour.txt").read_bytes())
    assert put(page, [renamed, node.folder / "moon-harbour.txt.tsr"]) == "valid"


def test_one_alone_is_not_enough(node, visit, shots):
    page = visit(f"{node.url}/verify").page
    ready(page)
    assert put(page, [node.folder / "moon-harbour.txt"]) == "incomplete"
    digest = hashlib.sha256((node.folder / "moon-harbour.txt").read_bytes()).hexdigest()
    assert digest in page.inner_text(".result").replace(" ", "").replace("\n", "")
    if shots:
        page.screenshot(path=shots / "result-file-only-en.png", full_page=True)
    assert put(page, [node.folder / "moon-harbour.txt.tsr"]) == "valid", "the token may come later"
    page.click("[data-part=clear]")
    assert put(page, [node.folder / "moon-harbour.txt.tsr"]) == "incomplete"


def test_a_salted_file(node, visit):
    page = visit(f"{node.url}/verify").page
    ready(page)
    names = ["formula.txt", "formula.txt.tsr", "formula.txt.salt"]
    assert put(page, [node.folder / name for name in names]) == "valid"
    page.click("[data-part=clear]")
    assert put(page, [node.folder / name for name in names[:2]]) == "invalid"
    assert "salt" in page.inner_text(".verdict")


def test_a_folder(node, visit, shots, tmp_path):
    page = visit(f"{node.url}/verify").page
    ready(page)
    page.set_input_files("#desk input[webkitdirectory]", str(node.folder / "album"))
    page.wait_for_selector("#desk[data-state=done]")
    assert put(page, [node.folder / "album.manifest.json", node.folder / "album.manifest.json.tsr"]) == "valid"
    assert "All 3 files" in page.inner_text(".verdict")
    page.click("[data-part=clear]")
    copy = tmp_path / "album"
    subprocess.run(["cp", "-r", str(node.folder / "album"), str(copy)], check=True)
    (copy / "a.txt").write_bytes(b"changed")
    (copy / "sub/b.txt").unlink()
    (copy / "new.txt").write_bytes(b"new")
    page.set_input_files("#desk input[webkitdirectory]", str(copy))
    page.wait_for_selector("#desk[data-state=done]")
    assert put(page, [node.folder / "album.manifest.json", node.folder / "album.manifest.json.tsr"]) == "invalid"
    states = page.eval_on_selector_all("[data-part=part-file] tbody tr", "all => all.map((e) => e.innerText)")
    for name, state in [("a.txt", "Differs"), ("sub/b.txt", "Not given"), ("sub/c.txt", "Same"), ("new.txt", "Not in")]:
        assert any(name in line and state in line for line in states), (name, states)
    if shots:
        page.screenshot(path=shots / "result-folder-en.png", full_page=True)


def test_another_authority_counts_only_once_it_is_trusted(node, visit, tmp_path):
    page = visit(f"{node.url}/verify").page
    ready(page)
    vectors = ROOT / "vectors"
    entry = next(e for e in index("tokens.txt") if e["verdict"] == ["valid"] and e.get("content") and e.get("anchor"))
    files = [vectors / "tokens" / f"{entry['name']}.tsr", vectors / entry["content"][0], vectors / entry["anchor"][0]]
    verdict = put(page, files)
    assert verdict != "valid", "a certificate among the files is not trusted by itself"
    assert page.locator("[data-part=certificates] .digest").count() >= 1
    for tick in page.locator("[data-part=certificates] input[type=checkbox]").all():
        tick.check()
    assert "leads to the pinned authority" in page.inner_text("[data-part=part-issuer]")


def test_an_independent_time_and_two_suites(production, node, visit, shots):
    production.write("work.txt", b"work")
    production.stamp("work.txt", "--also", "sm2")
    proven = None
    for _ in range(100):
        said = shiyin("log", "prove", "work.txt.tsr", "--server", production.url, "--data", "data", "--trust", node.root,
                      cwd=production.folder, code=None)
        proven = json.loads(shiyin("verify", "work.txt", "--data", "data", "--trust", node.root, "--json",
                                   cwd=production.folder, code=None))
        if proven["facts"]["independent"]:
            break
        time.sleep(0.3)
    assert proven["facts"]["independent"], said
    page = visit(f"{production.url}/verify").page
    ready(page)
    names = ["work.txt", "work.txt.tsr", "work.txt.sm2.tsr"]
    assert put(page, [production.folder / name for name in names]) == "valid"
    assert page.locator("ol.findings").count() == 1, "two tokens of one content are one subject"
    assert page.locator("[data-part=part-token] > .answer > p").count() == 2
    assert "Gap" in page.inner_text("[data-part=part-time]")
    assert page.locator("[data-part=part-witness] tbody tr").count() == 3, "two places in the log, one other authority"
    assert "back-date" not in page.inner_text("[data-part=part-not-shown]")
    if shots:
        page.screenshot(path=shots / "result-independent-en.png", full_page=True)


def test_hostile_names_and_contents_stay_text(node, visit, tmp_path):
    page = visit(f"{node.url}/verify").page
    ready(page)
    evil = tmp_path / "<img src=x onerror=alert(1)>.txt"
    evil.write_bytes(b"<script>alert(1)</script>")
    junk = tmp_path / "junk.tsr"
    junk.write_bytes(b"\x30\x84\xff\xff\xff\xff" + b"<script>alert(2)</script>" * 10)
    assert put(page, [evil, junk]) in ("invalid", "incomplete")
    assert page.locator("#desk img").count() == 0 and page.locator("#desk script").count() == 0


def test_a_report_with_its_timestamp(node, visit, tmp_path):
    watched = visit(f"{node.url}/verify")
    page = watched.page
    ready(page)
    put(page, [node.folder / "moon-harbour.txt", node.folder / "moon-harbour.txt.tsr"])
    saved = []
    page.on("download", lambda download: saved.append(download))
    page.click("[data-act=stamp]")
    while len(saved) < 2:
        page.wait_for_event("download", predicate=lambda _: True)
    for download in saved:
        download.save_as(tmp_path / download.suggested_filename)
    sent = [request for request in watched.requests if request.method == "POST"]
    assert [request.url for request in sent] == [f"{node.url}/tsa"]
    report = json.loads((tmp_path / "verification.json").read_text())
    assert report["verdict"] == "valid" and report["subjects"][0]["files"][0]["state"] == "same"
    shiyin("verify", tmp_path / "verification.json", "--data", node.folder / "data")


def test_without_scripts_the_token_goes_and_the_file_stays(node, visit, shots):
    watched = visit(f"{node.url}/verify", scripts=False)
    page = watched.page
    digest = hashlib.sha256((node.folder / "moon-harbour.txt").read_bytes()).hexdigest()
    page.set_input_files("#token", str(node.folder / "moon-harbour.txt.tsr"))
    page.fill("#digest", digest)
    page.click("#form button")
    assert page.get_attribute(".verdict", "data-verdict") == "valid"
    assert page.locator(".findings > li").count() == 12
    if shots:
        page.screenshot(path=shots / "result-no-script-en.png", full_page=True)
    page.set_input_files("#token", str(node.folder / "moon-harbour.txt.tsr"))
    page.fill("#digest", digest.replace(digest[0], "0" if digest[0] != "0" else "1", 1))
    page.click("#form button")
    assert page.get_attribute(".verdict", "data-verdict") == "invalid"
    page.set_input_files("#token", str(node.folder / "moon-harbour.txt.tsr"))
    page.fill("#digest", "not a digest")
    page.click("#form button")
    page.fill("#digest", "<not a digest>")
    page.set_input_files("#token", str(node.folder / "moon-harbour.txt.tsr"))
    page.click("#form button")
    assert page.input_value("#digest") == "<not a digest>"
    page.set_input_files("#token", str(node.folder / "moon-harbour.txt.tsr"))
    page.fill("#digest", "not a digest")
    page.click("#form button")
    assert "hexadecimal" in page.inner_text("#form-error")
    assert page.input_value("#digest") == "not a digest", "what was typed is kept"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_verifier_is_one_file_that_works_offline(node, browser, shots, tmp_path, lang):
    file = tmp_path / "verify.html"
    file.write_bytes(shiyin("verifier"))
    assert hashlib.sha256(file.read_bytes()).hexdigest() == shiyin("verifier", "--digest").decode().strip()
    context = browser.new_context(offline=True, viewport=WIDE)
    page, asked, complaints = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(file.as_uri())
    ready(page)
    page.click(f"[data-lang^={lang}]")
    files = [node.folder / "moon-harbour.txt", node.folder / "moon-harbour.txt.tsr"]
    assert put(page, files) == "unconfirmed", "the file trusts nobody by itself"
    assert put(page, [node.root]) == "unconfirmed"
    page.check("[data-part=certificates] input[type=checkbox]")
    assert page.get_attribute("#desk", "data-verdict") == "valid"
    if shots:
        page.screenshot(path=shots / f"offline-{lang}.png", full_page=True)
    assert [v["id"] for v in Axe().run(page).response["violations"]] == []
    assert complaints == []
    assert all(url.startswith(("file:", "blob:", "data:")) for url in asked), asked
    context.close()


def index(name):
    """The entries of an index of vectors."""
    entries = []
    for line in (ROOT / "vectors" / name).read_text().splitlines():
        if line.startswith("["):
            entries.append({"name": line[1:-1]})
        elif line and not line.startswith("#"):
            key, value = line.split(" = ", 1)
            entries[-1].setdefault(key, []).append(value)
    return entries


# The browser's door without its page: everything put down at once, and the data of the outcome.
DOOR = """async ({ wasm, now, lang, items, trust, lists }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  window.verifier = window.verifier || await (await fetch(wasm)).arrayBuffer();
  const wall = (await WebAssembly.instantiate(window.verifier, {})).instance.exports;
  const put = (bytes) => { const at = wall.input(bytes.length); new Uint8Array(wall.memory.buffer, at, bytes.length).set(bytes); };
  const heard = () => new TextDecoder().decode(new Uint8Array(wall.memory.buffer, wall.output(), wall.output_length()));
  for (const one of trust) { put(bytes(one)); wall.anchor(); }
  for (const one of lists) { put(bytes(one)); wall.list(); }
  const contents = items.map(([name, body]) => [new TextEncoder().encode(name), bytes(body)]);
  for (const [name, body] of contents) {
    const both = new Uint8Array(name.length + body.length);
    both.set(name); both.set(body, name.length);
    put(both); wall.offer(name.length, body.length, 1);
  }
  wall.plan();
  for (const job of JSON.parse(heard())) {
    put(new TextEncoder().encode(job.algorithms.join("\\n"))); wall.hash_begin();
    put(contents[job.item][1]); wall.hash_update(); wall.hash_finish();
    const said = heard(); put(new TextEncoder().encode(said)); wall.hashed(job.item, 0);
  }
  wall.judge(now, lang, 0);
  return JSON.parse(heard()).data;
}"""


def test_the_browser_the_server_and_the_command_line_say_the_same(node, visit):
    import base64
    import time
    page = visit(f"{node.url}/verify").page
    ready(page)
    wasm = page.get_attribute("#desk", "data-verifier")
    b64 = lambda path: base64.b64encode(path.read_bytes()).decode()
    vectors, compared, wrong = ROOT / "vectors", 0, []
    # Dates in sentences are those of the moment; all else must be equal.
    short = lambda report: (report["verdict"], [(f["code"], f["severity"], f["fault"]) for f in report["findings"]],
                            report["facts"])
    for name, folder in [("tokens.txt", "tokens"), ("public.txt", "public/tokens")]:
        for entry in index(name):
            token = vectors / folder / f"{entry['name']}.tsr"
            files = {key: [vectors / f for f in entry.get(key, [])] for key in ("content", "anchor", "certificate", "crl")}
            if entry.get("request") or len(files["content"]) > 1:
                continue
            arguments = [x for key, flag in [("anchor", "--trust"), ("certificate", "--certificate"), ("crl", "--crl")]
                         for path in files[key] for x in (flag, path)]
            content = files["content"][0] if files["content"] else None
            if content is None or not files["anchor"]:
                continue
            said = shiyin("verify", content, "--token", token, *arguments, "--json", code=None)
            if not said.startswith(b"{"):
                continue
            line = json.loads(said)
            items = [["content.bin", b64(content)], ["token.tsr", b64(token)]]
            items += [[f"{number}.pem", b64(path)] for number, path in enumerate(files["certificate"])]
            pems = lambda paths: [as_pem(path) for path in paths]
            trust = [base64.b64encode(text.encode()).decode() for text in pems(files["anchor"])]
            seen = page.evaluate(DOOR, {"wasm": wasm, "now": int(time.time()), "lang": 1, "items": items, "trust": trust,
                                        "lists": [b64(path) for path in files["crl"]]})
            seen = seen["subjects"][0]["tokens"][0]
            algorithm = {"SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512", "SHA3-256": "sha3_256",
                         "SHA3-512": "sha3_512", "SM3": "sm3"}
            named = (line["facts"] or {}).get("imprint_algorithm")
            if short(line) != short(seen):
                wrong.append((entry["name"], "browser", short(line)[:2], short(seen)[:2]))
            if named in algorithm:
                digest = hashlib.new(algorithm[named], content.read_bytes()).hexdigest()
                answer = page.request.post(f"{node.url}/api/v1/verify", data={
                    "token": b64(token), "digests": {named: digest}, "trust": pems(files["anchor"]),
                    "certificates": pems(files["certificate"]), "lists": [b64(path) for path in files["crl"]],
                    "language": "en"})
                if answer.status != 200 or short(answer.json()) != short(line):
                    wrong.append((entry["name"], "server", answer.text()[:300]))
            compared += 1
    assert wrong == []
    assert compared > 100, compared


def as_pem(path):
    import base64
    data = path.read_bytes()
    if data.startswith(b"-----"):
        return data.decode()
    return "-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(data).decode() + "-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pictures_of_the_guide(node, browser, tmp_path, lang):
    """The guide's pictures, taken of what users see; kept where GUIDE_PICTURES says."""
    folder = Path(os.environ.get("GUIDE_PICTURES") or tmp_path)
    context = browser.new_context(viewport={"width": 1040, "height": 700}, locale="zh-CN" if lang == "zh" else "en-GB",
                                  color_scheme="light")
    page = context.new_page()
    page.goto(f"{node.url}/verify")
    ready(page)
    page.screenshot(path=folder / f"verify-{lang}.png")
    put(page, [node.folder / "moon-harbour.txt", node.folder / "moon-harbour.txt.tsr"])
    page.evaluate("document.querySelector('.verdict').scrollIntoView()")
    page.screenshot(path=folder / f"result-{lang}.png")
    context.close()
    assert (folder / f"result-{lang}.png").stat().st_size > 20000
