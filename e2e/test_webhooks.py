"""Webhooks against a receiver on loopback, whose signatures somebody else's library checks."""

import hashlib
import http.server
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from conftest import PHONE, ROOT, WIDE, Node
from people import Mailbox, register
from test_pages import overflow

sys.path.insert(0, str(ROOT / "clients/python/src"))
from shiyin import BadWebhook, File, Problem, verify_webhook  # noqa: E402
from shiyin import Node as Client  # noqa: E402

WORDS = {"type": "photo", "stage": "finished", "declaration": "I made it.", "unrelated": True}


class Receiver:
    """Keeps what comes, and answers with what it was told, else 204."""

    def __init__(self, certificate=None):
        self.came, self.answers, self.more = [], [], threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver.more:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    receiver.came.append((headers, body, time.monotonic()))
                    status = receiver.answers.pop(0) if receiver.answers else 204
                    receiver.more.notify_all()
                self.send_response(status)
                said = b"" if status == 204 else b"<b>the desk is closed</b>"
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hooks"
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
            self.url = f"https://localhost:{self.server.server_address[1]}/hooks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, count=1, timeout_s=30):
        """What came next, once there is so much."""
        with self.more:
            assert self.more.wait_for(lambda: len(self.came) >= count, timeout_s), f"{len(self.came)} of {count} came"
            taken, self.came = self.came[:count], self.came[count:]
        return taken

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Desk:
    """A node that keeps its messages, an account, a key, and a receiver."""

    def __init__(self, folder, browser):
        self.folder, self.receiver = folder, Receiver()
        (folder / "mail-password").write_text("mail password\n")
        self.mailbox = Mailbox(folder)
        self.node = Node(folder, settings=f'{self.mailbox.config()}\n[holdings]\nreserve_gb = 0\n[messages]\nfolder = "messages"\n')
        self.context = browser.new_context(locale="en-GB", viewport=WIDE, java_script_enabled=False)
        self.page = self.context.new_page()
        self.page.goto(f"{self.node.url}/register")
        register(self.page, self.node, self.mailbox, "Lin")
        self.page.goto(f"{self.node.url}/account/keys")
        self.page.fill("[name=label]", "desk")
        for scope in ["records:read", "records:write", "webhooks:read", "webhooks:write"]:
            self.page.check(f"input[value='{scope}']")
        self.page.click("main form button >> nth=0")
        self.key = self.page.inner_text("pre code")
        self.client = Client(self.node.url, self.key)

    def protect(self, name):
        [record] = self.client.protect([File(name, 4, hashlib.sha256(name.encode()).hexdigest())], title=f"Harbour {name}", **WORDS)
        return record

    def stop(self):
        self.context.close()
        self.node.stop()
        self.mailbox.stop()
        self.receiver.stop()


@pytest.fixture
def desk(tmp_path, browser):
    desk = Desk(tmp_path, browser)
    yield desk
    desk.stop()


def checked(secret, came):
    """What came, as both libraries find it."""
    headers, body, _ = came
    event = Webhook(secret).verify(body, headers)
    assert verify_webhook(secret, headers, body) == event and event["id"] == headers["webhook-id"]
    return event


def state(desk, delivery, wanted, timeout_s=20):
    end = time.monotonic() + timeout_s
    while (told := desk.client.delivery(delivery))["delivery"]["state"] != wanted:
        assert time.monotonic() < end, told
        time.sleep(0.05)
    return told


def test_what_happens_is_told_and_others_believe_it(desk):
    receiver, client = desk.receiver, desk.client
    hook, secret = client.add_webhook(receiver.url, events=["record.kept"])
    record = desk.protect("a.txt")
    [came] = receiver.take()
    headers, body, _ = came
    event = checked(secret, came)
    assert event["type"] == "record.kept" and event["data"]["number"] == record.number
    assert headers["content-type"] == "application/json" and headers["user-agent"].startswith("Shiyin/")
    assert "Harbour" not in body.decode() and "a.txt" not in body.decode()
    # The addresses in it are those of the API.
    with urllib.request.urlopen(urllib.request.Request(
            f"{desk.node.url}{event['data']['certificate']}", headers={"Authorization": f"Bearer {desk.key}"})) as answer:
        assert answer.read(5) == b"%PDF-"
    assert client.request("GET", event["data"]["record"])["sha256"] == event["data"]["sha256"]
    # Whoever changes a letter, or has another secret, is not believed.
    for forged, wrong in [(body.replace(b"kept", b"lost", 1), secret), (body, "whsec_" + "B" * 43 + "=")]:
        with pytest.raises(WebhookVerificationError):
            Webhook(wrong).verify(forged, headers)
        with pytest.raises(BadWebhook):
            verify_webhook(wrong, headers, forged)
    # 500, then well: again after five seconds, under the same id.
    receiver.answers = [500]
    desk.protect("b.txt")
    first, second = receiver.take(2)
    assert first[0]["webhook-id"] == second[0]["webhook-id"] and first[1] == second[1]
    assert first[0]["webhook-timestamp"] != second[0]["webhook-timestamp"] and 4 < second[2] - first[2] < 10
    checked(secret, second)
    [newest, _] = client.deliveries(hook["id"])
    told = state(desk, newest["id"], "delivered")
    assert [attempt["status"] for attempt in told["attempts"]] == [204, 500]
    assert told["attempts"][1]["answer"] == "<b>the desk is closed</b>" and told["body"].encode() == second[1]
    # Sent again by hand; and with a new secret both sign.
    client.replay(newest["id"])
    [again] = receiver.take()
    assert again[0]["webhook-id"] == second[0]["webhook-id"]
    renewed = client.rotate_webhook_secret(hook["id"])
    client.ping_webhook(hook["id"])
    [came] = receiver.take()
    assert came[0]["webhook-signature"].count("v1,") == 2
    for one in [secret, renewed]:
        assert checked(one, came)["type"] == "ping"
    assert [event["data"]["number"] for event in client.events()] == [r.number for r in client.records()]
    # 410 ends it.
    receiver.answers = [410]
    client.ping_webhook(hook["id"])
    receiver.take()
    end = time.monotonic() + 30
    while (now := client.request("GET", hook["href"]))["enabled"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert now["disabled_because"] == "gone"
    while not any("was disabled" in letter for letter in desk.mailbox.to("lin@people.example")):
        assert time.monotonic() < end, "nobody was told"
        time.sleep(0.05)


def test_nothing_is_lost_with_the_node(desk):
    hook, secret = desk.client.add_webhook(desk.receiver.url)
    desk.receiver.answers = [503] * 8
    made = [desk.protect(f"{number}.txt").number for number in range(8)]
    desk.receiver.take(8)
    os.kill(desk.node.server.pid, signal.SIGKILL)
    desk.node.server.wait()
    desk.node.start()
    desk.client = Client(desk.node.url, desk.key)
    # What had been answered waits for its next try; what was in hand, for the end of its lease.
    came = desk.receiver.take(8, timeout_s=90)
    assert sorted(checked(secret, one)["data"]["number"] for one in came) == sorted(made)
    for one in desk.client.deliveries(hook["id"]):
        state(desk, one["id"], "delivered")


def test_addresses_that_nothing_is_sent_to_are_refused(desk):
    for url in ["https://127.0.0.1:8443/", "https://169.254.169.254/", "https://[::ffff:10.0.0.1]/", "http://10.0.0.1:9000/",
                "https://me:you@hooks.example/", "https://hooks.example/#x", "https://hooks.example:22/", "ftp://hooks.example/"]:
        with pytest.raises(Problem) as refused:
            desk.client.add_webhook(url)
        assert (refused.value.code, refused.value.field) == ("field", "url"), url
    # A name is looked at when it is used.
    hook, _ = desk.client.add_webhook("https://localhost:8443/")
    delivery = desk.client.ping_webhook(hook["id"])["id"]
    end = time.monotonic() + 20
    while not (told := desk.client.delivery(delivery))["attempts"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert told["attempts"][0]["trouble"] == "closed"


def tried(desk, hook):
    """What came of a test."""
    delivery, end = desk.client.ping_webhook(hook)["id"], time.monotonic() + 20
    while not (told := desk.client.delivery(delivery))["attempts"]:
        assert time.monotonic() < end
        time.sleep(0.05)
    return told["attempts"][0]["trouble"]


def test_the_operator_allows_a_network_and_its_roots(desk, tmp_path):
    """TLS is checked against the public roots and the operator's, and nothing else passes."""
    ours, own = Receiver((tmp_path / "mail.pem", tmp_path / "mail-key.pem")), tmp_path / "own.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", own, "-out", tmp_path / "own-cert.pem"],
                   check=True, capture_output=True)
    theirs = Receiver((tmp_path / "own-cert.pem", own))
    hooks = [desk.client.add_webhook(receiver.url)[0]["id"] for receiver in [ours, theirs]]
    assert [tried(desk, hook) for hook in hooks] == ["closed", "closed"]
    settings = tmp_path / "data/shiyin.toml"
    before = settings.read_text()
    for more, told in [
        ('allow = ["127.0.0.0/8", "::1/128"]', ["tls", "tls"]),
        ('allow = ["127.0.0.0/8", "::1/128"]\nca_file = "../mail-root.pem"', [None, "tls"]),
        ('allow = ["127.0.0.0/8"]\nca_file = "../mail-root.pem"', None),
    ]:
        desk.node.stop()
        settings.write_text(f"{before}\n[webhooks]\n{more}\n")
        desk.node.start()
        desk.client = Client(desk.node.url, desk.key)
        # Where the name has an address of IPv6 too, that one must be allowed as well.
        is_both = any(one[0] == socket.AF_INET6 for one in socket.getaddrinfo("localhost", 443, type=socket.SOCK_STREAM))
        told = told or (["closed", "closed"] if is_both else [None, "tls"])
        assert [tried(desk, hook) for hook in hooks] == told, more
    desk.node.stop()
    settings.write_text(f'{before}\n[webhooks]\nallow = ["127.0.0.1/8"]\n')
    refused = subprocess.run([os.environ["SHIYIN"], "serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0"],
                             capture_output=True, text=True, env={**os.environ, "LC_ALL": "en"}, timeout=60)
    assert refused.returncode != 0 and "10.1.0.0/16" in refused.stderr, refused
    settings.write_text(before)
    desk.node.start()
    for receiver in [ours, theirs]:
        receiver.stop()


def looks(desk, browser, shots, path, name):
    """A page in both languages, light and dark, wide and on a phone."""
    for lang, scheme, viewport in [("zh", "light", WIDE), ("en", "dark", WIDE), ("zh", "dark", PHONE), ("en", "light", PHONE)]:
        context = browser.new_context(locale=f"{lang}-CN" if lang == "zh" else "en-GB", color_scheme=scheme, viewport=viewport,
                                      storage_state=desk.context.storage_state())
        page = context.new_page()
        page.goto(f"{desk.node.url}{path}")
        assert overflow(page) <= 0, f"{name} {lang} {viewport}"
        found = [one["id"] for one in Axe().run(page).response["violations"]]
        assert found == [], f"{name} {lang} {scheme}: {found}"
        if shots:
            page.screenshot(path=shots / f"{name}-{lang}-{scheme}-{viewport['width']}.png", full_page=True)
        context.close()


def test_people_set_it_up_on_pages_without_scripts(desk, browser, shots):
    page, receiver = desk.page, desk.receiver
    page.goto(f"{desk.node.url}/account")
    page.click("a[href='/account/webhooks']")
    looks(desk, browser, shots, "/account/webhooks", "webhooks-none")
    page.fill("[name=url]", "http://hooks.example/")
    page.click("main form button")
    assert "begins with https" in page.inner_text("[role=alert]")
    page.fill("[name=url]", receiver.url)
    page.fill("[name=description]", "月港 desk")
    page.uncheck("input[value='*']")
    for event in ["record.kept", "batch.done"]:
        page.check(f"input[value='{event}']")
    page.click("main form button")
    secret = page.inner_text("pre code")
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    if shots:
        page.screenshot(path=shots / "webhook-secret-en-light-1440.png", full_page=True)
    page.click("text=It is kept")
    place = page.url.removeprefix(desk.node.url)
    page.click("text=Send a test")
    assert checked(secret, receiver.take()[0])["type"] == "ping"
    receiver.answers = [500]
    record = desk.protect("c.txt")
    assert checked(secret, receiver.take(2)[1])["data"]["number"] == record.number
    [kept, ping] = desk.client.deliveries(place.rsplit("/", 1)[1])
    state(desk, kept["id"], "delivered")
    page.goto(f"{desk.node.url}{place}")
    page.click("main table a >> nth=0")
    text = page.inner_text("main")
    assert record.number in text and "the desk is closed" in text and "webhook-signature: v1," in text
    assert "<b>the desk" in text, "an answer is text"
    delivery = page.url.removeprefix(desk.node.url)
    page.click("text=Send again")
    assert receiver.take()[0][0]["webhook-id"] in page.inner_text("main")
    page.goto(f"{desk.node.url}{place}")
    page.click("text=New secret")
    renewed = page.inner_text("pre code")
    assert renewed != secret
    receiver.answers = [500]
    page.click("text=It is kept")
    page.click("text=Send a test")
    assert receiver.take()[0][0]["webhook-signature"].count("v1,") == 2
    looks(desk, browser, shots, place, "webhook")
    looks(desk, browser, shots, delivery, "delivery")
    looks(desk, browser, shots, "/account/webhooks", "webhooks")
    page.goto(f"{desk.node.url}{place}")
    page.click("text=Disable")
    assert "What waited for it has stopped" in page.inner_text("main")
    looks(desk, browser, shots, place, "webhook-disabled")
    # Neither secret is anywhere but where it was shown.
    shown = [f"{desk.node.url}{path}" for path in ["/account/webhooks", place, delivery, "/account/history", "/account/privacy"]]
    for secret in [secret, renewed]:
        for url in shown:
            page.goto(url)
            assert secret not in page.content() and secret[6:] not in page.content(), url
        for path in (desk.folder / "data").rglob("*"):
            if path.is_file() and path.suffix != ".sock":
                assert secret[6:].encode() not in path.read_bytes(), path
    messages = b"".join(path.read_bytes() for path in (desk.folder / "data/messages").rglob("*") if path.is_file())
    assert messages and b"whsec_" not in messages and b"/hooks" not in messages
    # An organisation has the same, for its owners.
    page.goto(f"{desk.node.url}/organisations/new")
    page.fill("[name=name]", "Studio")
    page.click("main form button")
    page.click("main a[href$='/webhooks']")
    looks(desk, browser, shots, page.url.removeprefix(desk.node.url), "webhooks-organisation")
    page.goto(f"{desk.node.url}{place}")
    page.click("main form button >> text=Remove")
    assert page.url.endswith("/account/webhooks?said=removed")
    assert page.goto(f"{desk.node.url}{place}").status == 404
