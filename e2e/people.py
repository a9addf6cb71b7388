"""What people need beside a node: a mail server with TLS and a login, an authenticator, a provider of identity."""

import re
import socket
import ssl
import subprocess
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from playwright.sync_api import sync_playwright

from conftest import ROOT

PASSWORD = "moon over the harbour 7"


class Mailbox:
    """An SMTP server on loopback that takes mail over STARTTLS from whom it knows, and keeps it."""

    def __init__(self, folder):
        self.folder, self.letters = folder, []
        new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        for more in [["-subj", "/CN=Mail root", "-keyout", "root-key.pem", "-out", "mail-root.pem"],
                     ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext",
                      "basicConstraints=critical,CA:FALSE", "-CA", "mail-root.pem", "-CAkey", "root-key.pem", "-keyout",
                      "mail-key.pem", "-out", "mail.pem"]]:
            subprocess.run(new + more, cwd=folder, check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / "mail.pem", folder / "mail-key.pem")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=tls, require_starttls=True, auth_required=True,
            authenticator=self._known)
        self.controller.start()

    @staticmethod
    def _known(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=data.login == b"shiyin" and data.password == b"mail password")

    async def handle_DATA(self, _server, _session, envelope):
        self.letters.append((envelope.rcpt_tos[0], envelope.content.decode()))
        return "250 OK"

    def config(self):
        return f"""
[mail]
host = "localhost"
port = {self.port}
security = "starttls"
from = "Shiyin 时印 <noreply@shiyin.example>"
user = "shiyin"
password_file = "{self.folder}/mail-password"
root = "{self.folder}/mail-root.pem"
"""

    def to(self, address):
        return [text for to, text in list(self.letters) if to == address]

    def wait_for(self, address, count=1):
        """The newest mail to an address, once there are so many."""
        end = time.monotonic() + 30
        while len(self.to(address)) < count:
            assert time.monotonic() < end, f"no mail to {address}"
            time.sleep(0.05)
        return self.to(address)[-1]

    def code(self, address, count=1):
        return re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", self.wait_for(address, count)).group(0)

    def stop(self):
        self.controller.stop(no_assert=True)


class Provider:
    """The reference provider of identity, as its own process."""

    def __init__(self, folder):
        (folder / "identity-secret").write_text("a shared secret\n")
        self.process = subprocess.Popen([sys.executable, ROOT / "dist/identity-provider.py", folder / "identity-secret"],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.secret = folder / "identity-secret"

    def config(self):
        return f"""
[identity.provider]
name = "Example Identity"
url = "{self.url}"
secret_file = "{self.secret}"
"""

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


def authenticator(page):
    """A device that makes and uses passkeys, with a user who agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def register(page, node, mailbox, name, called=None):
    """A new account, through the pages."""
    address = f"{name.lower()}@people.example"
    page.goto(f"{node.url}/register")
    page.fill("[name=name]", called or name)
    page.fill("[name=mail]", address)
    page.fill("[name=password]", PASSWORD)
    page.check("[name=terms]")
    page.check("[name=privacy]")
    page.click("main button.primary")
    page.wait_for_url("**/register/code")
    page.fill("[name=code]", mailbox.code(address))
    page.click("main button.primary")
    page.wait_for_url("**/account?said=welcome")
    return address


def key_of(node, mailbox, scopes):
    """A program's key of a person who registered in the browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page(locale="en")
        page.goto(f"{node.url}/register")
        register(page, node, mailbox, "Lin")
        page.goto(f"{node.url}/account/keys")
        page.fill("[name=label]", "bench")
        for scope in scopes:
            page.check(f"input[value='{scope}']")
        page.click("main form button >> nth=0")
        key = page.inner_text("pre code")
        browser.close()
    return key
