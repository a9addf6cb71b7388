"""The command line signed in by a person in Chromium: what is asked is seen, compared, allowed or refused."""

import json
import os
import re
import subprocess

import pytest

from conftest import PHONE, SHIYIN, WIDE, Node
from people import Mailbox, register

ABOUT = ["--type", "photo", "--title", "月港 Harbour", "--stage", "finished", "--published", "no", "--declaration", "I made it."]


class Desk:
    """A computer with a home of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.environment = {**os.environ, "LC_ALL": "en", "XDG_CONFIG_HOME": str(folder / "config"),
                            "XDG_STATE_HOME": str(folder / "state")}

    def begin(self, url, *more):
        """Begins to sign in: the process, and the code that it shows."""
        process = subprocess.Popen([SHIYIN, "login", url, "--json", "--label", "editing desk", *more], env=self.environment,
                                   cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return process, json.loads(process.stdout.readline())

    def run(self, *arguments, code=0):
        done = subprocess.run([SHIYIN, *map(str, arguments)], env=self.environment, cwd=self.folder, capture_output=True, timeout=120)
        assert done.returncode == code, done.stdout.decode() + done.stderr.decode()
        return done.stdout.decode()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("command")
    (folder / "mail-password").write_text("mail password\n")
    mailbox = Mailbox(folder)
    node = Node(folder, settings=mailbox.config())
    yield node, mailbox
    node.stop()
    mailbox.stop()


@pytest.fixture(scope="module")
def account(place, browser):
    """Somebody who is signed in: the state of the browser."""
    node, mailbox = place
    context = browser.new_context(locale="en-GB", viewport=WIDE)
    register(context.new_page(), node, mailbox, "Lin")
    yield context.storage_state()
    context.close()


def looks(page, shots, name):
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), f"{name} is too wide"
    if shots:
        page.screenshot(path=shots / f"{name}.png", full_page=True)


@pytest.mark.parametrize(("lang", "scheme", "viewport"), [("en", "light", WIDE), ("zh", "dark", PHONE), ("zh", "light", WIDE), ("en", "dark", PHONE)])
def test_a_person_compares_the_code_and_allows(place, account, visit, shots, tmp_path, lang, scheme, viewport):
    node, _ = place
    desk = Desk(tmp_path)
    process, asked = desk.begin(node.url)
    assert asked["address"] == f"{node.url}/account/device" and re.fullmatch("[A-Z2-9]{4}-[A-Z2-9]{4}", asked["code"])
    # As a person does: the address from the terminal, the code by hand; without scripts.
    page = visit(asked["address"], lang, scheme, viewport, scripts=False, storage_state=account).page
    looks_name = f"device-{lang}-{scheme}-{viewport['width']}"
    page.fill("[name=code]", "AAAA-AAAA")
    page.click("main button.primary")
    assert page.locator("[name=code]").get_attribute("aria-invalid") == "true"
    page.fill("[name=code]", asked["code"].lower().replace("-", " "))
    page.click("main button.primary")
    text = page.inner_text("main")
    assert asked["code"] in text and "editing desk" in text and "127.0.0.1" in text
    assert asked["code"] not in page.url and page.locator("input[name=scope]:checked").count() == 5
    looks(page, shots, looks_name)
    page.uncheck("input[value='holdings:read']")
    page.click("main button.primary")
    page.wait_for_url("**/account/keys?said=device-allowed")
    looks(page, shots, f"{looks_name}-allowed")
    told = json.loads(process.stdout.readline())
    assert process.wait(timeout=30) == 0, process.stderr.read()
    assert told["mail"] == "lin@people.example" and "holdings:read" not in told["scopes"] and len(told["scopes"]) == 4
    # It works; the person ends it among the keys, and it works no more.
    (tmp_path / "photo.jpg").write_bytes(b"a photo")
    made = json.loads(desk.run("protect", "photo.jpg", "--json", *ABOUT))
    assert made["verdict"] == "valid"
    page.goto(f"{node.url}/records")
    assert made["number"] in page.content()
    page.goto(f"{node.url}/account/keys")
    assert "editing desk" in page.inner_text("main")
    looks(page, shots, f"{looks_name}-keys")
    page.locator("tr", has_text="editing desk").locator("button").first.click()
    desk.run("whoami", code=8)


def test_a_person_refuses_and_the_program_says_so(place, account, visit, tmp_path):
    node, _ = place
    process, asked = Desk(tmp_path).begin(node.url)
    page = visit(asked["address"], storage_state=account).page
    page.fill("[name=code]", asked["code"])
    page.click("main button.primary")
    page.click("main form button:not(.primary) >> nth=0")
    page.wait_for_url("**/account/keys?said=device-refused")
    assert process.wait(timeout=30) == 8
    assert "It was refused" in process.stderr.read()
    assert not (tmp_path / "config").exists()


def test_who_is_not_signed_in_is_led_there_first(place, visit):
    node, _ = place
    page = visit(f"{node.url}/account/device").page
    assert page.url.endswith("/signin?next=%2Faccount%2Fdevice")
