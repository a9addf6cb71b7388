"""Protecting a work in a real browser: files hashed where they are, a draft that survives, a record that openssl believes."""

import hashlib
import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, WIDE, Node, shiyin
from people import PASSWORD, Mailbox, register
from test_pages import overflow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("protect")
    (folder / "mail-password").write_text("mail password\n")
    mailbox = Mailbox(folder)
    node = Node(folder, settings=mailbox.config() + '[operator]\nrelation = "independent"\n')
    yield node, mailbox
    node.stop()
    mailbox.stop()


def choose(page, kind, published="no", mode="digest"):
    for name, value in [("kind", kind), ("published", published), ("mode", mode)]:
        page.check(f"input[name={name}][value={value}]", force=True)


def put_down(page, files):
    """Chooses files, or one folder; returns when they are hashed and in the draft."""
    page.wait_for_selector("form[data-state]")
    folder = isinstance(files, (str, Path)) and Path(files).is_dir()
    page.evaluate("document.querySelector('form[data-draft]').dataset.state = 'ready'")
    page.set_input_files("input[webkitdirectory]" if folder else "input[type=file]:not([webkitdirectory])", files)
    page.wait_for_selector("form[data-state=done], form[data-state=failed]", timeout=120_000)
    assert page.get_attribute("form[data-draft]", "data-state") == "done", page.inner_text("[data-part=fault]")


def go(page, value):
    page.click(f".ending button[name=go][value={value}]")


def until_hashing(page):
    end = time.monotonic() + 30
    while page.evaluate("() => document.querySelector('.progress progress')?.value ?? 0") <= 20:
        assert time.monotonic() < end
        time.sleep(0.02)


def tell(page, title, stage):
    page.fill("#title", title)
    page.select_option("#stage", stage)
    page.click("button[value=template-sole]")
    go(page, "next")


def confirm(page):
    page.check("input[name=sure]")
    page.click("#confirm button.primary")
    page.wait_for_url(re.compile(r"/records/SY-"))
    return page.inner_text(".ref")


def download(page, selector):
    with page.expect_download() as caught:
        page.click(selector)
    return Path(caught.value.path()).read_bytes(), caught.value.suggested_filename


def test_a_new_user_protects_a_folder_in_four_screens(place, visit, tmp_path):
    node, mailbox = place
    watched = visit(f"{node.url}/", "en")
    page = watched.page
    page.click(".who >> text=Sign in")
    page.click("text=Register")
    register(page, node, mailbox, "Lin")
    secret = os.urandom(3_000_000)
    files = {"cut/Moon harbour.mp4": secret, "log 剪辑.xml": b"<x/>", "empty.txt": b"", "a'\"&<b>.txt": b"1"}
    for name, content in files.items():
        (tmp_path / "film" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "film" / name).write_bytes(content)
    page.click("nav >> text=Protect a work")
    choose(page, "video")
    put_down(page, tmp_path / "film")
    assert page.inner_text("[data-part=tally]").startswith("Files: 4,")
    go(page, "next")
    # A reload, and a step back, lose nothing.
    page.fill("#title", "Moon harbour")
    page.select_option("#stage", "post")
    go(page, "back")
    page.wait_for_selector("form[data-state]")
    page.reload()
    assert page.is_checked("input[value=video]")
    go(page, "next")
    assert page.input_value("#title") == "Moon harbour" and page.input_value("#stage") == "post"
    go(page, "next")
    assert page.locator("#declaration-fault").is_visible(), "a statement is missing"
    page.click("button[value=template-sole]")
    go(page, "next")
    shown = page.inner_text(".leaf")
    for name, content in files.items():
        assert f"film/{name}" in shown
        assert hashlib.sha256(content).hexdigest() in re.sub(r"\s", "", shown), name
    number = confirm(page)
    assert page.inner_text("h1") == "Stamped"
    # No byte of a file went out: what was sent holds no piece of it.
    sent = [request.post_data_buffer or b"" for request in watched.requests if request.method == "POST"]
    assert sum(map(len, sent)) < 20_000
    assert all(secret[at:at + 16] not in body for body in sent for at in range(0, len(secret), 100_000))
    # What is taken away verifies with openssl alone, and leads from the token to the file.
    record, name = download(page, "a[href$='record.json']")
    token, _ = download(page, "a[href$='record.tsr']")
    listed, _ = download(page, "a[href$='files.json']")
    openings, _ = download(page, "a[href$='openings.json']")
    assert name == f"{number}.record.json"
    (tmp_path / "record.json").write_bytes(record)
    (tmp_path / "record.tsr").write_bytes(token)
    done = subprocess.run(["openssl", "ts", "-verify", "-data", tmp_path / "record.json", "-in", tmp_path / "record.tsr",
                           "-CAfile", node.root], capture_output=True, text=True)
    assert "Verification: OK" in done.stdout + done.stderr
    record, listed = json.loads(record), json.loads(listed)
    leaves = [hashlib.sha256(b"\0" + json.dumps(one, separators=(",", ":")).encode()).digest() for one in listed["files"]]
    assert record["files"]["root"] == root_of(leaves).hex()
    opened = {one["part"]: one for one in json.loads(openings)["openings"]}
    for at, one in enumerate(listed["files"]):
        name = opened[f"files/{at}/name"]
        assert hashlib.sha256(bytes.fromhex(name["salt"]) + name["text"].encode()).hexdigest() == one["name"]
        assert one["sha256"] == hashlib.sha256(files[name["text"].removeprefix("film/")]).hexdigest()
        assert len(one["sm3"]) == 64
    # One file shown alone says nothing of the others.
    place_of = next(at for at in range(4) if opened[f"files/{at}/name"]["text"] == "film/empty.txt")
    page.goto(f"{node.url}/records/{number}/files/{place_of}")
    alone, _ = download(page, "main form button")
    assert b"film/empty.txt" in alone and b"Moon" not in alone and hashlib.sha256(secret).hexdigest().encode() not in alone
    shown = json.loads(alone)
    node_hash = hashlib.sha256(b"\0" + json.dumps(shown["file"], separators=(",", ":")).encode()).digest()
    assert climbed(node_hash, shown["index"], 4, shown["path"]).hex() == shown["record"]["files"]["root"]
    # The list finds it by a part of its title, by its number and by a digest.
    for query in ["harbour", number[:30].lower(), hashlib.sha256(b"1").hexdigest()[:10]]:
        page.goto(f"{node.url}/records")
        page.fill("input[name=q]", query)
        page.click("text=Find >> nth=-1")
        assert page.locator("tbody tr").count() == 1, query
    # Nobody else sees it.
    stranger = visit(f"{node.url}/records/{number}").page
    assert "/signin" in stranger.url
    other = visit(f"{node.url}/register", "en").page
    register(other, node, mailbox, "Wei")
    other.goto(f"{node.url}/records/{number}")
    assert other.locator("text=not-found").count() > 0


def root_of(leaves):
    """RFC 9162 section 2.1.1, by its words."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root_of(leaves[:split]) + root_of(leaves[split:])).digest()


def climbed(node, index, size, path):
    """RFC 9162 section 2.1.3.2, by its words."""
    last = size - 1
    for sibling in map(bytes.fromhex, path):
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    assert last == 0
    return node


def test_salts_stay_with_their_owner(place, visit, tmp_path):
    node, mailbox = place
    watched = visit(f"{node.url}/register", "en")
    page = watched.page
    register(page, node, mailbox, "Glaze")
    page.goto(f"{node.url}/protect")
    assert page.locator("[data-caution=secret]").is_hidden()
    choose(page, "formula", mode="salted")
    assert page.locator("[data-caution=secret]").is_visible()
    (tmp_path / "glaze.txt").write_bytes(b"3:1")
    put_down(page, [tmp_path / "glaze.txt"])
    go(page, "next")
    tell(page, "Glaze eleven", "final")
    # The salts survive until they are saved, in this browser alone.
    salts, name = download(page, "[data-part=save-salts]")
    salts = json.loads(salts)
    assert name.endswith(".salts.json") and list(salts) == ["glaze.txt"]
    page.check("input[name=salts]")
    number = confirm(page)
    listed, _ = download(page, "a[href$='files.json']")
    commitment = json.loads(listed)["files"][0]["commitment"]
    assert commitment == hashlib.sha256(bytes.fromhex(salts["glaze.txt"]) + b"3:1").hexdigest()
    digest = hashlib.sha256(b"3:1").hexdigest().encode()
    sent = [request.post_data_buffer or b"" for request in watched.requests if request.method == "POST"]
    assert all(digest not in body and salts["glaze.txt"].encode() not in body for body in sent)
    assert "neither" in page.inner_text(".leaf")
    assert page.inner_text(".ref") == number


def test_a_text_is_typed_and_kept_by_its_author(place, visit):
    node, mailbox = place
    page = visit(f"{node.url}/register", "en").page
    register(page, node, mailbox, "Poet")
    page.goto(f"{node.url}/protect")
    choose(page, "text")
    page.fill("[data-part=text]", "月落\r\n港明\n")
    kept, name = download(page, "[data-part=take-text]")
    assert kept.decode() == "月落\n港明\n" and name.endswith(".txt")
    page.wait_for_selector("[data-part=have]:visible")
    go(page, "next")
    tell(page, "Harbour verse", "finished")
    assert hashlib.sha256(kept).hexdigest() in re.sub(r"\s", "", page.inner_text(".leaf"))
    confirm(page)


def test_many_files_show_real_progress_and_a_stop_keeps_what_is_done(place, visit, tmp_path):
    node, mailbox = place
    page = visit(f"{node.url}/register", "en").page
    register(page, node, mailbox, "Many")
    folder = tmp_path / "many"
    for at in range(3000):
        (folder / f"{at % 30:02}").mkdir(parents=True, exist_ok=True)
        (folder / f"{at % 30:02}/{at}.txt").write_bytes(f"{at}".encode())
    page.goto(f"{node.url}/protect")
    choose(page, "data")
    put_down(page, folder)
    assert page.inner_text("[data-part=tally]").startswith("Files: 3000,")
    # The same folder again: nothing is there twice.
    put_down(page, folder)
    assert page.inner_text("[data-part=tally]").startswith("Files: 3000,")
    large = tmp_path / "large.bin"
    with open(large, "wb") as out:
        out.truncate(1 << 30)
    page.set_input_files("input[type=file]:not([webkitdirectory])", large)
    until_hashing(page)
    words = page.inner_text(".progress span")
    assert re.search(r"Hashed 0 of 1, [\d.]+\sMB of 1\.07\sGB, \d+ %", words), words
    page.click(".progress button")
    assert page.inner_text("[data-part=tally]").startswith("Files: 3000,")
    go(page, "next")
    tell(page, "Measurements", "collected")
    assert "2960 more stand in the list" in page.inner_text(".leaf")
    began = time.monotonic()
    confirm(page)
    print(f"3000 files: {time.monotonic() - began:.2f} s from the confirmation to the record's page")
    page.click("text=All files")
    assert page.locator("tbody tr").count() == 200


def test_a_file_that_changes_meanwhile_is_not_taken(place, visit, tmp_path):
    node, mailbox = place
    page = visit(f"{node.url}/register", "en").page
    register(page, node, mailbox, "Change")
    page.goto(f"{node.url}/protect")
    choose(page, "photo")
    growing = tmp_path / "growing.raw"
    with open(growing, "wb") as out:
        out.truncate(600 << 20)
    page.wait_for_selector("form[data-state]")
    page.set_input_files("input[type=file]:not([webkitdirectory])", growing)
    until_hashing(page)
    with open(growing, "ab") as out:
        out.write(b"more")
    page.wait_for_selector("[data-part=fault]:visible", timeout=60_000)
    assert "growing.raw" in page.inner_text("[data-part=fault]")
    assert page.locator("[data-part=have]").is_hidden()


def test_without_scripts_digests_are_entered(place, visit):
    node, mailbox = place
    page = visit(f"{node.url}/register", "en", scripts=False).page
    register(page, node, mailbox, "Plain")
    page.goto(f"{node.url}/protect")
    choose(page, "software")
    page.click("summary")
    page.fill("#digests", f"{hashlib.sha256(b'x').hexdigest()} 1 ./src/main.rs\nnonsense")
    go(page, "next")
    assert "Line 2" in page.inner_text("#digests-fault")
    page.fill("#digests", f"{hashlib.sha256(b'x').hexdigest()} 1 ./src/main.rs")
    go(page, "next")
    tell(page, "Engine", "source")
    number = confirm(page)
    assert page.inner_text(".ref") == number


def test_what_was_confirmed_survives_kill_9(tmp_path_factory, visit):
    """The node is killed while it confirms, again and again; after each start every confirmed draft is one record."""
    folder = tmp_path_factory.mktemp("killed")
    (folder / "mail-password").write_text("mail password\n")
    mailbox = Mailbox(folder)
    node = Node(folder, settings=mailbox.config())
    try:
        page = visit(f"{node.url}/register", "en").page
        address = register(page, node, mailbox, "Kill")
        page.goto(f"{node.url}/account/keys")
        page.fill("[name=label]", "nightly")
        for scope in ["records:read", "records:write"]:
            page.check(f"input[value='{scope}']")
        page.click("main form button >> nth=0")
        key = page.inner_text("pre code")
        assert address and key.startswith("shiyin_")

        def ask(path, body=None, idem=None):
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            if idem:
                headers["Idempotency-Key"] = idem
            request = urllib.request.Request(node.url + path, json.dumps(body).encode() if body else None, headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)

        acknowledged = {}
        for turn in range(4):
            sending = [f"t{turn}-{at}" for at in range(40)]
            for at, idem in enumerate(sending):
                body = {"type": "photo", "published": False, "mode": "digest", "title": idem, "stage": "raw",
                        "declaration": "Mine.", "unrelated": True,
                        "files": [{"path": "a", "size": 1, "digest": hashlib.sha256(idem.encode()).hexdigest()}]}
                if at == 12 + 5 * turn:
                    subprocess.Popen(["sh", "-c", f"sleep 0.0{turn + 1}; kill -9 {node.server.pid}"])
                try:
                    acknowledged[idem] = ask("/api/v1/works", body, idem)["records"][0]["number"]
                except Exception:
                    break
            node.server.wait(timeout=10)
            assert node.server.returncode == -signal.SIGKILL
            node.start()
            for idem, number in acknowledged.items():
                kept = ask(f"/api/v1/records/{number}")
                assert kept["state"] == "kept" and kept["title"] == idem
            # Sent again, what was cut off is the one record that it was or becomes.
            cut = [idem for idem in sending if idem not in acknowledged][:1]
            for idem in cut:
                body = {"type": "photo", "published": False, "mode": "digest", "title": idem, "stage": "raw",
                        "declaration": "Mine.", "unrelated": True,
                        "files": [{"path": "a", "size": 1, "digest": hashlib.sha256(idem.encode()).hexdigest()}]}
                first = ask("/api/v1/works", body, idem)["records"][0]
                assert ask("/api/v1/works", body, idem)["records"][0]["number"] == first["number"]
                acknowledged[idem] = first["number"]
        titles, path = [], "/api/v1/records"
        while path:
            listed = ask(path)
            titles += [one["title"] for one in listed["records"]]
            path = listed["next"] and f"/api/v1/records?after={listed['next']}"
        assert len(titles) == len(set(titles)) and set(acknowledged) <= set(titles)
        assert len(acknowledged) > 40
    finally:
        node.stop()
        mailbox.stop()
    shiyin("fsck", "--data", folder / "data")


@pytest.fixture(scope="module")
def furnished(place, browser, tmp_path_factory):
    """A person with a work of three stages, and an open draft; the addresses of the pages."""
    node, mailbox = place
    folder = tmp_path_factory.mktemp("furnished")
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    page.goto(f"{node.url}/register?lang=en")
    register(page, node, mailbox, "Zhixia", "林知夏")
    work, number = None, None
    stages = [("idea", ["分镜脚本.txt", "拍摄计划.txt"]), ("shooting", ["A012_C003.mov"]), ("post", ["成片/月港_终版.mp4", "后期/剪辑记录.xml"])]
    for stage, names in stages:
        page.goto(f"{node.url}/protect" + (f"?work={work}" if work else ""))
        choose(page, "video")
        for name in names:
            (folder / stage / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / stage / name).write_bytes(name.encode() * 1000)
        put_down(page, folder / stage)
        go(page, "next")
        page.fill("#summary", "一部 24 分钟的短片，讲述渡口最后一班船。")
        page.check("input[name=tag][value=shot-abroad]")
        for field, value in zip(page.locator("input[name=tag_shot-abroad]").all(), ["葡萄牙", "阿威罗", "2026-09-14"]):
            field.fill(value)
        page.fill("input[name=person_name]", "林知夏")
        page.fill("input[name=person_part]", "导演、剪辑")
        tell(page, "月港", stage)
        number = confirm(page)
        page.click("text=See the chain of evidence")
        work = page.url.rsplit("/", 1)[1]
    for _ in range(40):
        page.reload()
        if "Record of the whole work" in page.inner_text("main"):
            break
        time.sleep(0.5)
    page.goto(f"{node.url}/?lang=zh")
    page.goto(f"{node.url}/protect")
    choose(page, "patent-design")
    (folder / "draft.txt").write_bytes(b"draft")
    put_down(page, [folder / "draft.txt"])
    go(page, "next")
    draft = page.url.split("/")[-2]
    tell(page, "海棠书店 招牌设计", "idea")
    state = context.storage_state()
    context.close()
    return state, [f"/protect/{draft}", f"/protect/{draft}/files", f"/protect/{draft}/about", f"/protect/{draft}/confirm",
                   "/protect", "/records", "/records?q=没有", f"/records/{number}", f"/records/{number}?said=kept",
                   f"/records/{number}/files", f"/records/{number}/files/0", "/works", f"/works/{work}"]


@pytest.mark.parametrize("lang,scheme,size", [("zh", "light", "wide"), ("en", "dark", "wide"), ("zh", "dark", "phone"),
                                              ("en", "light", "phone")])
def test_every_page_of_works_is_sound(place, furnished, browser, shots, lang, scheme, size):
    node, _ = place
    state, paths = furnished
    context = browser.new_context(storage_state=state, color_scheme=scheme, viewport=WIDE if size == "wide" else PHONE)
    page, wrong = context.new_page(), []
    page.goto(f"{node.url}/?lang={lang}")
    for at, path in enumerate(paths):
        page.goto(node.url + path)
        if path.startswith("/protect") and page.locator("form[data-verifier]").count():
            page.wait_for_selector("form[data-state]")
        if shots:
            page.screenshot(path=shots / f"works-{at:02}-{lang}-{scheme}-{size}.png", full_page=True)
        assert page.locator("h1").count() == 1, path
        assert overflow(page) <= 0, f"{path} {overflow(page)}"
        for violation in Axe().run(page).response["violations"]:
            wrong.append(f"{path}: {violation['id']} {[found['target'] for found in violation['nodes']][:3]}")
    if size == "wide":
        for path in paths:
            page.goto(node.url + path)
            for width in [360, 640, 800, 1024, 1600]:
                page.set_viewport_size({"width": width, "height": 800})
                assert overflow(page) <= 0, f"{path} at {width}"
    context.close()
    assert wrong == []


def test_pictures_of_works_for_the_guide(place, furnished, browser, tmp_path):
    """The guide's pictures of the confirmation; kept where GUIDE_PICTURES says."""
    node, _ = place
    folder = Path(os.environ.get("GUIDE_PICTURES") or tmp_path)
    state, paths = furnished
    confirm_page = next(path for path in paths if path.endswith("/confirm"))
    for lang in ["zh", "en"]:
        context = browser.new_context(storage_state=state, viewport={"width": 1100, "height": 1000})
        page = context.new_page()
        page.goto(f"{node.url}/?lang={lang}")
        page.goto(node.url + confirm_page)
        page.screenshot(path=folder / f"protect-{lang}.png")
        assert page.locator(".leaf").is_visible()
        context.close()
