"""People in a real browser: accounts, mail, passkeys, organisations, real names, rights; every page seen in every look."""

import base64
import hashlib
import hmac
import json
import os
import re
import struct
import time
import zlib
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, WIDE, Node, shiyin
from people import PASSWORD, Mailbox, Provider, authenticator, register
from test_pages import overflow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    (folder / "mail-password").write_text("mail password\n")
    mailbox, provider = Mailbox(folder), Provider(folder)
    node = Node(folder, settings=mailbox.config() + provider.config())
    yield node, mailbox
    node.stop()
    provider.stop()
    mailbox.stop()


def picture():
    """A PNG of one grey point, 64 by 40."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = zlib.compress((b"\0" + b"\x99" * 64) * 40)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 40, 8, 0, 0, 0, 0)) + chunk(
        b"IDAT", rows) + chunk(b"IEND", b"")


def submit(page, action):
    page.click(f"form[action='{action}'] button")


def test_an_account_from_registering_to_a_passkey(place, visit):
    node, mailbox = place
    page = visit(f"{node.url}/").page
    page.click(".who >> text=Sign in")
    page.click("text=Register")
    address = register(page, node, mailbox, "Ana")
    assert "From: " in mailbox.to(address)[0] and "Subject:" in mailbox.to(address)[0]
    assert page.inner_text(".said-here") == "The account is ready."
    assert page.inner_text(".who").endswith("Account")
    # A passkey, made and used.
    session, device = authenticator(page)
    page.click("text=Signing in and security")
    page.fill("[name=label]", "Test device")
    submit(page, "/account/passkeys")
    page.wait_for_url("**/account/security?said=passkey")
    assert "Test device" in page.inner_text("main")
    credentials = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert len(credentials) == 1 and credentials[0]["isResidentCredential"]
    page.goto(f"{node.url}/account")
    page.click("button:text('Sign out')")
    page.click("text=Sign in with a passkey")
    page.wait_for_url(f"{node.url}/account")
    # Whoever does not pass the check of the device does not get in.
    page.click("button:text('Sign out')")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.click("text=Sign in with a passkey")
    page.wait_for_selector("form[data-script=use] [role=alert]")
    page.goto(f"{node.url}/account")
    assert "/signin" in page.url
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    # A copy of the device is noticed by its counter.
    credential = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"][0]
    session.send("WebAuthn.removeCredential", {"authenticatorId": device, "credentialId": credential["credentialId"]})
    session.send("WebAuthn.addCredential", {"authenticatorId": device, "credential": {**credential, "signCount": 0}})
    page.click("text=Sign in with a passkey")
    page.wait_for_selector("text=belongs to no account")


def test_a_password_alone_and_without_scripts(place, visit):
    node, mailbox = place
    page = visit(f"{node.url}/", scripts=False).page
    address = register(page, node, mailbox, "Bo")
    assert page.locator("form[data-script]").count() == 0
    page.click("button:text('Sign out')")
    assert not page.locator("form[data-script=use]").is_visible()
    page.fill("[name=mail]", address)
    page.fill("[name=password]", "wrong")
    submit(page, "/signin")
    assert "Tries left: 4" in page.inner_text("[role=alert]:visible")
    assert page.input_value("[name=mail]") == address and page.input_value("[name=password]") == ""
    page.fill("[name=password]", PASSWORD)
    submit(page, "/signin")
    page.wait_for_url(f"{node.url}/account")
    # From another device: its owner is told by mail.
    other = visit(f"{node.url}/signin", "zh").page
    other.fill("[name=mail]", address)
    other.fill("[name=password]", PASSWORD)
    submit(other, "/signin")
    other.wait_for_url(f"{node.url}/account")
    mailbox.wait_for(address, 2)
    # A lost password.
    lost = visit(f"{node.url}/recover").page
    lost.fill("[name=mail]", address)
    lost.click("main button.primary")
    lost.fill("[name=code]", mailbox.code(address, 3))
    lost.fill("[name=password]", "another long sentence")
    lost.click("main button.primary")
    lost.wait_for_url("**/signin?said=recovered")
    page.goto(f"{node.url}/account")
    assert "/signin" in page.url


def test_a_provider_confirms_a_real_name(place, visit):
    node, mailbox = place
    page = visit(f"{node.url}/").page
    for name, number, expected in [("Cai", "E12345678", "was checked"), ("Nobody", "E12345679", "not confirmed")]:
        address = register(page, node, mailbox, name)
        page.goto(f"{node.url}/account/identity")
        page.check("[value=provider]")
        page.fill("[name=name]", f"{name} Example")
        page.select_option("[name=paper]", "passport")
        page.fill("[name=country]", "SG")
        page.fill("[name=number]", number)
        page.check("[name=identity]")
        submit(page, "/account/identity")
        assert expected in mailbox.wait_for(address, 2).replace("=\r\n", "")
        page.goto(f"{node.url}/account")
        page.click("button:text('Sign out')")
        page.context.clear_cookies()


def test_a_statement_verifies_like_any_file(place, visit, tmp_path):
    node, mailbox = place
    page = visit(f"{node.url}/").page
    address = register(page, node, mailbox, "Eve")
    page.goto(f"{node.url}/account/identity")
    page.check("[value=provider]")
    page.fill("[name=name]", "Eve Example")
    page.select_option("[name=paper]", "passport")
    page.fill("[name=country]", "DE")
    page.fill("[name=number]", "C01X00T47")
    page.check("[name=identity]")
    submit(page, "/account/identity")
    mailbox.wait_for(address, 2)
    page.goto(f"{node.url}/account/identity")
    page.fill("[name=audience]", "Example Court")
    submit(page, "/account/identity/statement")
    check = page.locator(".mono.break").first.inner_text()
    for name, text in [("identity.json", "Download the statement"), ("identity.json.tsr", "Download its timestamp")]:
        with page.expect_download() as download:
            page.click(f"text={text}")
        download.value.save_as(tmp_path / name)
    stated = json.loads((tmp_path / "identity.json").read_text())
    assert stated["name"] == "Eve Example" and stated["check"] == check and stated["paper"]["number"] == "C0****47"
    report = json.loads(shiyin("verify", tmp_path / "identity.json", "--trust", node.root, "--json"))
    assert report["verdict"] == "valid"
    stranger = visit(check).page
    assert "Holds" in stranger.inner_text("main") and "Eve" not in stranger.inner_text("main")
    # The trail verifies in the same way.
    page.goto(f"{node.url}/account/history")
    for name, text in [("history.jsonl", "Download the trail"), ("history.jsonl.tsr", "Download its timestamp")]:
        with page.expect_download() as download:
            page.click(f"text={text}")
        download.value.save_as(tmp_path / name)
    report = json.loads(shiyin("verify", tmp_path / "history.jsonl", "--trust", node.root, "--json"))
    assert report["verdict"] == "valid"


def furnish(node, mailbox, visit):
    """The operator, a member and an organisation, with something on every page."""
    boss, member = visit(f"{node.url}/").page, visit(f"{node.url}/").page
    register(boss, node, mailbox, "Hua")
    boss.goto(f"{node.url}/administrator")
    boss.fill("[name=token]", node.operator_token())
    boss.click("main button.primary")
    boss.wait_for_url("**/account?said=operator")
    address = register(member, node, mailbox, "Iris")
    boss.goto(f"{node.url}/organisations/new")
    boss.fill("[name=name]", "青屿 Qingyu Studio")
    boss.click("main button.primary")
    organisation = re.search(r"/organisations/([\w-]+)", boss.url).group(1)
    boss.fill("[name=mail]", address)
    boss.check("[name=role][value=approver]")
    submit(boss, f"/organisations/{organisation}/invitations")
    boss.fill("[name=mail]", "waiting@people.example")
    boss.check("[name=role][value=auditor]")
    submit(boss, f"/organisations/{organisation}/invitations")
    member.goto(f"{node.url}/account")
    member.click("button:text('Join')")
    member.wait_for_url("**?said=joined")
    member.goto(f"{node.url}/account/identity")
    member.fill("[name=name]", "林月港")
    member.fill("[name=number]", "11010519491231002X")
    member.set_input_files("[name=paper-1]", {"name": "id.png", "mimeType": "image/png", "buffer": picture()})
    member.check("[name=identity]")
    submit(member, "/account/identity")
    member.wait_for_url("**?said=identity-asked")
    boss.goto(f"{node.url}/account/keys")
    boss.fill("[name=label]", "nightly copy 每晚备份")
    boss.check("[name=scope][value='history:read']")
    boss.click("main button.primary")
    authenticator(boss)
    boss.goto(f"{node.url}/account/security")
    boss.fill("[name=label]", "办公室 office")
    submit(boss, "/account/passkeys")
    boss.wait_for_url("**?said=passkey")
    visitor = visit(f"{node.url}/report").page
    visitor.fill("[name=about]", "https://copies.example/moon")
    visitor.fill("[name=what]", "A copy of my picture of the harbour. 未经许可使用了我的照片。")
    visitor.click("main button.primary")
    visitor.wait_for_url("**/report?said=report")
    boss.goto(f"{node.url}/operator/blocks")
    boss.fill("[name=digest]", "ab" * 32)
    boss.fill("[name=reason]", "report 1")
    submit(boss, "/operator/blocks")
    boss.goto(f"{node.url}/operator/disclosures")
    for name in ["to", "basis", "what"]:
        boss.fill(f"[name={name}]", "示例法院 Example Court")
    submit(boss, "/operator/disclosures")
    boss.goto(f"{node.url}/operator/identities")
    identity = boss.locator("td a").first.get_attribute("href")
    boss.goto(f"{node.url}/organisations/{organisation}")
    someone = boss.locator("td a", has_text="Iris").get_attribute("href")
    return boss, [
        "/account", "/account/security", "/account/keys", "/account/identity", "/account/privacy", "/account/history",
        "/account/mail", "/signin/again", "/organisations/new", f"/organisations/{organisation}", someone,
        f"/organisations/{organisation}/history", f"/organisations/{organisation}/identity", "/operator",
        "/operator/people", someone.replace(f"/organisations/{organisation}/members", "/operator/people"),
        "/operator/identities", identity, "/operator/holdings", "/operator/mail", "/operator/reports", "/operator/blocks",
        "/operator/disclosures", "/operator/history"]


def test_every_page_of_people_is_sound(place, visit, browser, shots):
    node, mailbox = place
    boss, pages = furnish(node, mailbox, visit)
    state, wrong = boss.context.storage_state(), []
    open_pages = ["/register", "/register/code", "/signin", "/signin/code", "/recover", "/recover/code",
                  "/administrator", "/report"]
    # Colours differ by scheme, order and targets by size: two looks show all of them; the others are for eyes.
    looks = [("zh", "light", WIDE, "wide"), ("en", "dark", PHONE, "phone")]
    for_eyes = [("zh", "dark", PHONE, "phone"), ("en", "light", WIDE, "wide")] if shots else []
    for lang, scheme, viewport, size in looks + for_eyes:
        for paths, storage in [(pages, state), (open_pages, None)]:
            page = visit(f"{node.url}/", lang, scheme, viewport, storage_state=storage).page
            for path in paths:
                page.goto(node.url + path)
                name = "-".join(part for part in path.split("/") if part and len(part) < 16) or "home"
                if shots:
                    page.screenshot(path=shots / f"people-{name}-{lang}-{scheme}-{size}.png", full_page=True)
                assert page.url.startswith(node.url + path), path
                assert page.get_attribute("html", "lang") == ("zh-Hans" if lang == "zh" else "en"), path
                for width in [viewport["width"], 360, 800] if size == "wide" else [viewport["width"]]:
                    page.set_viewport_size({"width": width, "height": 900})
                    wrong += [f"{path} at {width}: overflow"] if overflow(page) > 0 else []
                page.set_viewport_size(viewport)
                complaints = Axe().run(page).response["violations"] if (lang, size) in [("zh", "wide"), ("en", "phone")] else []
                for violation in complaints:
                    targets = [found["target"] for found in violation["nodes"]][:3]
                    wrong.append(f"{path} {lang} {size}: {violation['id']} {targets}")
    assert not wrong, "\n".join(wrong)


def code_of(letters):
    """The code of an authenticator app, now (RFC 6238)."""
    secret = base64.b32decode(letters + "=" * (-len(letters) % 8))
    tag = hmac.new(secret, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    at = tag[19] & 15
    return f"{(struct.unpack('>I', tag[at:at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


def test_an_operator_in_production_proves_more_than_a_password(production, visit):
    page = visit(f"{production.url}/administrator").page
    page.fill("[name=token]", production.operator_token())
    page.fill("[name=name]", "Jun")
    page.fill("[name=mail]", "jun@people.example")
    page.fill("[name=password]", PASSWORD)
    page.check("[name=terms]")
    page.check("[name=privacy]")
    page.click("main button.primary")
    page.wait_for_url("**/account?said=welcome")
    page.goto(f"{production.url}/operator")
    page.wait_for_url("**/account/security?said=operator-needs-second")
    submit(page, "/account/totp")
    secret = page.locator("pre code").inner_text()
    assert page.locator("svg.code").is_visible()
    page.fill("[name=code]", code_of(secret))
    page.click("main button.primary")
    page.wait_for_url("**/account/security?said=totp")
    submit(page, "/account/recovery-codes")
    recovery = page.locator("pre code").inner_text().split()
    # That a factor is set is not that it was used.
    page.goto(f"{production.url}/operator")
    page.wait_for_url("**/signin/again?next=%2Foperator")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", recovery[0])
    submit(page, "/signin/again")
    page.wait_for_url(f"{production.url}/operator")
    # No mail server: what would have been sent stands here, to be handed over.
    page.click("a[href='/operator/mail']")
    assert "A recovery code was used" in page.inner_text("main")
    page.click("button:text('Handed over') >> nth=0")
    page.wait_for_url("**/operator/mail?said=done")
    assert axe_finds(page) == []


def axe_finds(page):
    return [violation["id"] for violation in Axe().run(page).response["violations"]]


def test_pictures_of_people_for_the_guide(place, visit, tmp_path):
    """The guide's pictures of accounts; kept where GUIDE_PICTURES says."""
    node, mailbox = place
    folder = Path(os.environ.get("GUIDE_PICTURES") or tmp_path)
    first = visit(f"{node.url}/").page
    register(first, node, mailbox, "Lin.Yue", "林月 Lin Yue")
    first.goto(f"{node.url}/organisations/new")
    first.fill("[name=name]", "青屿影像 Harbour Pictures")
    first.click("main button.primary")
    first.goto(f"{node.url}/account/keys")
    first.fill("[name=label]", "影棚 studio")
    for scope in ["records:read", "records:write"]:
        first.check(f"input[value='{scope}']")
    first.click("main form button >> nth=0")
    first.wait_for_selector("pre code")
    for lang in ["zh", "en"]:
        page = visit(f"{node.url}/account", lang, viewport={"width": 1100, "height": 900},
                     storage_state=first.context.storage_state()).page
        page.screenshot(path=folder / f"account-{lang}.png", full_page=True)
        assert page.locator(".contents a").count() == 6
        page.goto(f"{node.url}/account/keys")
        page.screenshot(path=folder / f"keys-{lang}.png", full_page=True)
        assert page.locator("text=studio").is_visible()
