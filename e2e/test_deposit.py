"""Deposit in a real browser: originals uploaded while they are listed, cut and gone on with, given back bit for bit."""

import hashlib
import os
import random
import re
import subprocess
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, SHIYIN, WIDE, Node, put, ready
from people import Mailbox, register
from test_pages import overflow
from test_protect import choose, confirm, download, go, tell

MIB = 1 << 20
PLACES = ["hall", "away"]


class Depositing(Node):
    """A node that comes back on the port that it had."""

    def start(self):
        listen = self.url.removeprefix("http://localhost:") if hasattr(self, "url") else "0"
        self.server = subprocess.Popen(
            [SHIYIN, "serve", "--data", self.folder / "data", "--listen", f"127.0.0.1:{listen}"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "en"}, text=True)
        self.url = re.search(r"http://localhost:\d+", self.server.stdout.readline()).group(0)

    def kill(self):
        self.server.kill()
        self.server.wait(timeout=30)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deposit")
    (folder / "mail-password").write_text("mail password\n")
    mailbox = Mailbox(folder)
    places = "".join(f'[[vault.place]]\nname = "{name}"\nfolder = "{folder}/{name}"\n' for name in PLACES)
    settings = '[operator]\nrelation = "independent"\n[holdings]\nfile_max_gb = 1\nreserve_gb = 0\nretention_years = 30\n'
    node = Depositing(folder, settings=f"{mailbox.config()}\n{places}{settings}")
    yield node, mailbox
    node.stop()
    mailbox.stop()


def written(path, size, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def opened(context):
    page = context.new_page()
    page.set_default_timeout(10_000)
    return page


def slow(page, bytes_s):
    """What the page sends takes its time; -1 lets it run."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions",
                 {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_s})


def begin(page, node, kind="video", mode="deposit"):
    page.goto(f"{node.url}/protect")
    page.wait_for_selector("form[data-state]")
    choose(page, kind, mode=mode)


def put_down(page, files):
    page.wait_for_selector("form[data-state]")
    page.evaluate("document.querySelector('form[data-draft]').dataset.state = 'ready'")
    page.set_input_files("input[type=file]:not([webkitdirectory])", [str(file) for file in files])
    page.wait_for_selector("form[data-state=done], form[data-state=failed]", timeout=120_000)
    assert page.get_attribute("form[data-draft]", "data-state") == "done", page.inner_text("[data-part=fault]")


def until_uploaded(page, count):
    page.wait_for_function("count => Number(document.querySelector('form[data-draft]').dataset.uploaded) >= count",
                           arg=count, timeout=60_000)


def uploads(page, state):
    page.wait_for_selector(f"form[data-uploads={state}]", timeout=120_000)


def patches(requests):
    return [(request.url, int(request.headers["upload-offset"])) for request in requests if request.method == "PATCH"]


def nowhere(node, content):
    """No raw bytes of a file lie in any folder of the node."""
    probes = [content[at:at + 24] for at in range(0, len(content) - 24, max(24, len(content) // 50))]
    looked = 0
    for folder in ["data", *PLACES]:
        for file in (node.folder / folder).rglob("*"):
            if file.is_file():
                raw = file.read_bytes()
                looked += len(raw)
                assert not any(probe in raw for probe in probes), file
    assert looked > len(content)


@pytest.fixture(scope="module")
def person(place, browser):
    node, mailbox = place
    context = browser.new_context(locale="en-GB", viewport=WIDE, accept_downloads=True)
    page = context.new_page()
    page.goto(f"{node.url}/register?lang=en")
    register(page, node, mailbox, "Lin")
    yield context
    context.close()


def test_two_files_are_deposited_through_a_kill_a_reload_and_another_day(place, person, tmp_path):
    node, _ = place
    film, log = written(tmp_path / "Moon harbour.mp4", 70 * MIB + 123, 1), written(tmp_path / "剪辑 log.xml", 5_000, 2)
    content = film.read_bytes()
    page, requests = opened(person), []
    page.on("request", lambda request: requests.append(request))
    begin(page, node)
    assert page.locator("[data-mode-says=deposit]").is_visible() and not page.locator("[data-mode-says=other]").is_visible()
    slow(page, 12 * MIB)
    put_down(page, [film, log])
    until_uploaded(page, 20 * MIB)
    # Next waits; it goes nowhere while an original is on its way.
    go(page, "next")
    assert "Keep this page open" in page.inner_text("[data-part=uploads]")
    # The node dies in the middle, and comes back: the page goes on by itself, from where the node says.
    node.kill()
    page.wait_for_function("() => document.querySelector('[data-part=uploads]').innerText.includes('was cut')", timeout=30_000)
    requests.clear()
    node.start()
    page.wait_for_function("() => !document.querySelector('[data-part=uploads]').innerText.includes('was cut')", timeout=60_000)
    until_uploaded(page, 34 * MIB)
    went_on = patches(requests)
    assert any(request.method == "HEAD" for request in requests)
    assert went_on and min(at for _, at in went_on) >= 16 * MIB, went_on
    draft = page.get_attribute("form[data-draft]", "data-draft")
    # Paused, nothing moves.
    page.click("[data-part=uploads] button")
    uploads(page, "paused")
    page.close(run_before_unload=False)
    # Another day: the page says how far it came, and the same file goes on from there.
    page, requests = opened(person), []
    page.on("request", lambda request: requests.append(request))
    page.goto(f"{node.url}/protect/{draft}")
    uploads(page, "missing")
    told = page.inner_text("[data-part=missing]")
    assert "Originals still missing: 1" in told and re.search(r"Moon harbour.mp4: [1-9]\d? % here", told), told
    choose(page, "video", mode="deposit")
    go(page, "next")
    assert "Moon harbour.mp4" in page.inner_text("#originals-fault")
    requests.clear()
    put_down(page, [film])
    uploads(page, "done")
    sent = patches(requests)
    assert min(at for _, at in sent) >= 32 * MIB and not [one for one in requests if one.url.endswith("/uploads")], sent
    # What is here already is not sent again.
    requests.clear()
    put_down(page, [film, log])
    assert patches(requests) == []
    go(page, "next")
    tell(page, "Moon harbour", "post")
    assert "The files leave this computer" in page.inner_text("main")
    number = confirm(page)
    # The original comes back bit for bit, from the page of the record.
    assert page.locator("table.ledger .mark.sealed").count() == 2, page.inner_text("main")
    back, name = download(page, "a[href^='/holdings/']:has-text('Moon harbour')")
    assert (back, name) == (content, "Moon harbour.mp4")
    record, _ = download(page, "a[href$='record.json']")
    token, _ = download(page, "a[href$='record.tsr']")
    listed, _ = download(page, "a[href$='files.json']")
    openings, _ = download(page, "a[href$='openings.json']")
    (tmp_path / "back").mkdir()
    paths = []
    for name, some in [("Moon harbour.mp4", back), (log.name, log.read_bytes()), (f"{number}.record.json", record), (f"{number}.record.tsr", token),
                       (f"{number}.files.json", listed), (f"{number}.openings.json", openings)]:
        (tmp_path / "back" / name).write_bytes(some)
        paths.append(tmp_path / "back" / name)
    page.click("text=See how they are kept")
    page.click("td a.title:has-text('Moon harbour')")
    # Both copies are there, each found good where it was read.
    for _ in range(60):
        page.reload()
        if page.locator("table.ledger >> nth=0").locator(".mark.sealed").count() == 2:
            break
        time.sleep(0.5)
    assert page.locator("table.ledger >> nth=0").locator("tbody tr").count() == 2
    assert page.locator("table.ledger >> nth=0").locator(".mark.sealed").count() == 2, page.inner_text("main")
    nowhere(node, content)
    page.goto(f"{node.url}/verify")
    ready(page)
    assert put(page, paths) == "valid"
    page.close()


def test_a_file_that_changed_meanwhile_is_refused(place, person, tmp_path):
    node, _ = place
    path = written(tmp_path / "a.bin", 30 * MIB, 3)
    page = opened(person)
    begin(page, node)
    slow(page, 6 * MIB)
    put_down(page, [path])
    until_uploaded(page, 2 * MIB)
    path.write_bytes(b"something else")
    uploads(page, "refused")
    assert "a.bin" in page.inner_text("[data-part=uploads] .notice")
    assert page.locator("[data-part=uploads] .notice button").is_visible()
    go(page, "next")
    assert "a.bin" in page.inner_text("#originals-fault")
    page.close()


def test_an_original_is_held_and_removed_from_its_page(place, person, tmp_path):
    node, _ = place
    path = written(tmp_path / "contract.pdf", 40_000, 4)
    page = opened(person)
    begin(page, node)
    put_down(page, [path])
    uploads(page, "done")
    go(page, "next")
    tell(page, "Contract", "post")
    number = confirm(page)
    page.goto(f"{node.url}/records/{number}/care/0")
    page.fill("input[name=reason]", "A dispute with the printer")
    page.click("text=Put a hold on it")
    assert "A dispute with the printer" in page.inner_text("main")
    assert page.locator("text=Remove the original for good").count() == 0
    page.click("button >> text=Lift the hold")
    page.click("text=Remove the original for good")
    page.wait_for_timeout(200)
    assert page.url.endswith("/care/0") and page.locator("input[name=sure]").is_visible(), "nothing without the box"
    page.check("input[name=sure]")
    page.click("text=Remove the original for good")
    assert "Removed by the owner" in page.inner_text("main")
    page.goto(f"{node.url}/records/{number}")
    assert page.locator("a[href^='/holdings/']").count() == 0 and "removed" in page.inner_text("table.ledger")
    assert hashlib.sha256(path.read_bytes()).hexdigest() in re.sub(r"\s", "", page.inner_text(".leaf"))
    page.close()


@pytest.mark.parametrize("lang,scheme,size", [("zh", "light", "wide"), ("en", "dark", "wide"), ("zh", "dark", "phone"),
                                              ("en", "light", "phone")])
def test_every_page_of_deposit_is_sound(place, person, browser, shots, tmp_path, lang, scheme, size):
    node, _ = place
    film = written(tmp_path / "成片" / "月港_终版.mp4", 24 * MIB, hash((lang, size)) % 1000)
    log = written(tmp_path / "剪辑记录.xml", 20_000, hash((lang, scheme)) % 1000)
    context = browser.new_context(storage_state=person.storage_state(), color_scheme=scheme,
                                  viewport=WIDE if size == "wide" else PHONE)
    page, wrong = opened(context), []
    page.goto(f"{node.url}/?lang={lang}")

    def look(name):
        if shots:
            page.screenshot(path=shots / f"deposit-{name}-{lang}-{scheme}-{size}.png", full_page=True)
        assert page.locator("h1").count() == 1, name
        assert overflow(page) <= 0, f"{name} {overflow(page)}"
        for violation in Axe().run(page).response["violations"]:
            wrong.append(f"{name}: {violation['id']} {[found['target'] for found in violation['nodes']][:3]}")

    begin(page, node)
    slow(page, 4 * MIB)
    put_down(page, [film, log])
    until_uploaded(page, 3 * MIB)
    look("1-sending")
    page.click("[data-part=uploads] button")
    uploads(page, "paused")
    look("2-paused")
    draft = page.get_attribute("form[data-draft]", "data-draft")
    page.close(run_before_unload=False)
    page = opened(context)
    page.goto(f"{node.url}/protect/{draft}")
    uploads(page, "missing")
    look("3-missing")
    put_down(page, [film])
    uploads(page, "done")
    look("4-done")
    choose(page, "video", mode="deposit")
    go(page, "next")
    tell(page, "月港", "post")
    look("5-confirm")
    number = confirm(page)
    look("6-record")
    page.goto(f"{node.url}/records/{number}/care")
    look("7-care")
    page.goto(f"{node.url}/records/{number}/care/0")
    look("8-original")
    context.close()
    assert wrong == []
