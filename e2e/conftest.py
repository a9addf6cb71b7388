"""A real node on loopback, real files, Debian's Chromium. What a test starts, it ends by its pid."""

import os
import re
import socket
import struct
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SHIYIN = Path(os.environ["SHIYIN"]).resolve()
CHROMIUM = "/usr/bin/chromium"
PAGES = ["/", "/verify", "/authority", "/help", "/help/protect", "/help/stamp", "/help/verify", "/help/keep", "/help/account", "/help/billing", "/help/questions",
         "/help/command", "/help/api", "/help/operator", "/help/operator/parts", "/help/operator/start",
         "/help/operator/configuration", "/samples", "/nothing-here"]
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
TWELVE = ["verdict", "file", "token", "time", "issuer", "witness", "who", "since", "article", "not-shown", "report",
          "machine"]


def shiyin(*arguments, cwd=None, lang="en", code=0):
    """Runs the program; its output, where it ended with `code`."""
    environment = {**os.environ, "LC_ALL": lang, "XDG_CONFIG_HOME": "/nonexistent"}
    done = subprocess.run([SHIYIN, *map(str, arguments)], cwd=cwd, env=environment, capture_output=True, timeout=120)
    assert code is None or done.returncode == code, done.stdout.decode() + done.stderr.decode()
    return done.stdout


class Sources:
    """Three NTP servers on loopback that tell this machine's time, and may all lie by as much."""

    def __init__(self):
        self.off_s = 0.0
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
        for one in self.sockets:
            one.bind(("127.0.0.1", 0))
            threading.Thread(target=self._serve, args=(one,), daemon=True).start()

    def _serve(self, one):
        while True:
            packet, client = one.recvfrom(128)
            now = time.time_ns() + int(self.off_s * 1e9)
            stamp = struct.pack(">II", now // 10**9 + 2208988800, (now % 10**9 << 32) // 10**9)
            head = bytes([0x24, 1, 0, 0xE7]) + bytes(4) + struct.pack(">I", 32) + bytes(12)
            one.sendto(head + packet[40:48] + stamp + stamp, client)

    def config(self):
        return "".join(f'[[clock.source]]\nntp = "127.0.0.1:{one.getsockname()[1]}"\n' for one in self.sockets)


class Node:
    """An instance that is served, with files and their tokens in `folder`; for evaluation where not set up otherwise."""

    def __init__(self, folder, config=None, settings=None):
        self.folder = folder
        if config is None:
            given = [] if settings is None else ["--config", self.write("settings.toml", settings.encode())]
            shiyin("init", "--evaluation", *given, "--data", folder / "data")
        else:
            (folder / "usb").mkdir()
            self.write("setup.toml", config.encode())
            self.write("root-passphrase", b"correct horse battery")
            shiyin("setup", "--file", "setup.toml", "--root-keys", "usb", "--root-passphrase-file", "root-passphrase",
                   "--data", "data", cwd=folder)
        self.root = folder / "data/public/root.pem"
        self.start()

    def start(self):
        """Serves the instance, on a port of its own each time."""
        self.server = subprocess.Popen(
            [SHIYIN, "serve", "--data", self.folder / "data", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "en"}, text=True)
        line = self.server.stdout.readline()
        self.url = re.search(r"http://localhost:\d+", line).group(0)

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def stamp(self, *arguments):
        shiyin("stamp", *arguments, "--data", self.folder / "data", "--server", self.url, cwd=self.folder)

    def journal(self):
        with urllib.request.urlopen(f"{self.url}/journal") as answer:
            return answer.read().splitlines()

    def operator_token(self):
        said = shiyin("operator-token", "--data", self.folder / "data").decode()
        return re.search(r"[0-9a-f]{64}", said).group(0)

    def stop(self):
        self.server.terminate()
        assert self.server.wait(timeout=30) == 0


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("node"))
    node.write("moon-harbour.txt", "月港 Moon harbour\n".encode() * 1000)
    node.write("changed/moon-harbour.txt", "月港 Moon harbour!\n".encode() * 1000)
    node.write("formula.txt", b"3:1\n")
    for name in ["a.txt", "sub/b.txt", "sub/c.txt"]:
        node.write(f"album/{name}", name.encode() * 50)
    node.stamp("moon-harbour.txt", "album")
    node.stamp("--salted", "formula.txt")
    yield node
    node.stop()


@pytest.fixture(scope="session")
def production(node, tmp_path_factory):
    """A production instance with watched time, two suites, and `node` as a witness of its log."""
    sources = Sources()
    instance = Node(tmp_path_factory.mktemp("production"), f"""
[operator]
name = "青屿示例科技有限公司"
country = "CN"
registration = "91110000MA0000000X"
address = "北京市示例路 1 号"
contact = "security@shiyin.example"
relation = "independent"
filing = "京ICP备00000000号"
[public]
url = "https://shiyin.example"
[tsa]
algorithms = ["p256", "sm2"]
[external]
every_s = 1
[[external.authority]]
url = "{node.url}/tsa"
root = "{node.root}"
[clock]
every_s = 1
{sources.config()}""")
    for off_s in [0.03, -0.02, 0.0]:
        sources.off_s = off_s
        count = len(instance.journal())
        while len(instance.journal()) == count:
            time.sleep(0.2)
    yield instance
    instance.stop()


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


class Watched:
    """A page of which every request and every complaint is noted."""

    def __init__(self, context):
        self.page = context.new_page()
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._said)

    def _said(self, message):
        # That an address answers 404 is what some tests ask for.
        if message.type == "error" and "status of 404" not in message.text and "status of 422" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def visit(browser, request):
    """Opens a page in a context of its own; complaints of the browser fail the test."""
    opened = []

    def visit(url, lang="en", scheme="light", viewport=WIDE, scripts=True, **more):
        context = browser.new_context(locale=f"{lang}-CN" if lang == "zh" else "en-GB", color_scheme=scheme,
                                      viewport=viewport, java_script_enabled=scripts, accept_downloads=True, **more)
        watched = Watched(context)
        opened.append((context, watched))
        watched.page.goto(url)
        return watched

    yield visit
    complaints = [complaint for _, watched in opened for complaint in watched.complaints]
    for context, _ in opened:
        context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def shots():
    """Where pictures for eyes go, where $SHOTS asks for them."""
    if "SHOTS" not in os.environ:
        return None
    folder = Path(os.environ["SHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def ready(page):
    page.wait_for_selector("#desk[data-state=ready]")


def put(page, paths, state="done"):
    """Puts files down and waits for the verdict."""
    page.set_input_files("#desk input[multiple]", [str(path) for path in paths])
    page.wait_for_selector(f"#desk[data-state={state}]", timeout=60000)
    return page.get_attribute("#desk", "data-verdict")
