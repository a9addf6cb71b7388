"""The operator's room of a production node in use, for the pictures of the operator guide."""

import hashlib
import os
from pathlib import Path

import pytest
from tusclient.client import TusClient

from conftest import Node, Sources, shiyin
from people import PASSWORD, Mailbox, register
from test_billing import apply_for
from test_originals import MIB, written
from test_people import code_of, submit
from test_protect import confirm
from wechat import Platform

SIZE = {"width": 1100, "height": 900}
# A paper that says of itself that it is none.
SPECIMEN = """<body style="margin:0;font:22px 'Noto Sans CJK SC',sans-serif;background:#e8eef2;color:#2b3a42;padding:36px">
<p style="letter-spacing:.3em;color:#8a5a00">样本 SPECIMEN</p><p>姓名　林月</p><p>住址　示例市示例路 1 号</p><p>公民身份号码　11010519491231002X</p>"""
PAGES = ["/operator", "/operator/standing", "/operator/holdings", "/operator/announcements", "/operator/organisations",
         "/operator/people", "/operator/reports", "/operator/billing", "/operator/billing/prices"]
WHOLE = ["room", "standing", "holdings", "review", "announcements"]


@pytest.fixture(scope="module")
def house(node, tmp_path_factory):
    """A production node with mail, two places, payments and a witness of its log."""
    folder = tmp_path_factory.mktemp("operator")
    (folder / "mail-password").write_text("mail password\n")
    mailbox, platform, sources = Mailbox(folder), Platform(folder), Sources()
    places = "".join(f'[[vault.place]]\nname = "{name}"\nfolder = "{folder}/{name}"\n' for name in ["hall", "away"])
    house = Node(folder, f"""
[operator]
name = "青屿存证有限公司"
country = "CN"
registration = "91110000MA0000000X"
address = "北京市海淀区示例路 1 号"
contact = "security@shiyin.example"
relation = "independent"
filing = "京ICP备00000000号"
[public]
url = "https://shiyin.example"
content_url = "https://content.example"
[tsa]
algorithms = ["p256", "sm2"]
[external]
every_s = 1
[[external.authority]]
url = "{node.url}/tsa"
root = "{node.root}"
[holdings]
reserve_gb = 0
{mailbox.config()}{places}{platform.config()}
[clock]
every_s = 1
{sources.config()}""")
    yield house, mailbox
    house.stop()
    platform.stop()
    mailbox.stop()


def operator(house, mailbox, page):
    """The first administrator, with codes of an app as second factor, just proved."""
    page.goto(f"{house.url}/administrator")
    for name, value in [("token", house.operator_token()), ("name", "何溪"), ("mail", "he.xi@shiyin.example"),
                        ("password", PASSWORD)]:
        page.fill(f"[name={name}]", value)
    page.check("[name=terms]")
    page.check("[name=privacy]")
    page.click("main button.primary")
    page.wait_for_url("**/account?said=welcome")
    page.goto(f"{house.url}/account/security")
    submit(page, "/account/totp")
    page.fill("[name=code]", code_of(page.locator("pre code").inner_text()))
    page.click("main button.primary")
    page.wait_for_url("**/account/security?said=totp")
    submit(page, "/account/recovery-codes")
    recovery = page.locator("pre code").inner_text().split()
    page.goto(f"{house.url}/operator")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=code]", recovery[0])
    submit(page, "/signin/again")
    page.wait_for_url(f"{house.url}/operator")
    return page


def deposit(house, page, folder):
    """Three originals, by a program of hers; returns once they are in both places and no work is left."""
    page.goto(f"{house.url}/account/keys")
    page.fill("[name=label]", "studio")
    page.check("input[value='holdings:write']")
    page.click("main form button >> nth=0")
    client = TusClient(f"{house.url}/uploads", headers={"Authorization": f"Bearer {page.inner_text('pre code')}"})
    for seed, mib in enumerate([3, 5, 8]):
        path = written(folder / f"harbour-0{seed + 3}.tif", mib * MIB, seed)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        client.uploader(str(path), metadata={"filename": path.name, "sha256": digest}).upload()
    shiyin("vault", "check", "--data", house.folder / "data")


def person(house, mailbox, visit, name, called, organisation):
    page = visit(f"{house.url}/").page
    register(page, house, mailbox, name, called)
    page.goto(f"{house.url}/organisations/new")
    page.fill("[name=name]", organisation)
    page.click("main button.primary")
    page.wait_for_url("**/organisations/*")
    return page


def test_pictures_of_the_operators_room(house, visit, tmp_path):
    """The pictures of the operator guide; kept where OPERATOR_PICTURES says."""
    node, mailbox = house
    folder = Path(os.environ.get("OPERATOR_PICTURES") or tmp_path)
    boss = operator(node, mailbox, visit(f"{node.url}/").page)
    boss.goto(f"{node.url}/operator/billing/prices")
    for name, value in [("unit", "10"), ("gigabyte", "2"), ("free", "3")]:
        boss.fill(f"[name={name}]", value)
    submit(boss, "/operator/billing/prices")
    boss.wait_for_url("**/operator/billing/prices?said=done")

    lin = person(node, mailbox, visit, "lin.yue", "林月", "青屿影像")
    person(node, mailbox, visit, "maya.okafor", "Maya Okafor", "Northlight Design")
    register(visit(f"{node.url}/").page, node, mailbox, "chen.mu", "陈沐")
    paper = visit("about:blank", viewport={"width": 540, "height": 340}).page
    paper.set_content(SPECIMEN)
    lin.goto(f"{node.url}/account/identity")
    lin.fill("[name=name]", "林月")
    lin.fill("[name=number]", "11010519491231002X")
    lin.set_input_files("[name=paper-1]", {"name": "id.png", "mimeType": "image/png", "buffer": paper.screenshot()})
    lin.check("[name=identity]")
    submit(lin, "/account/identity")
    lin.wait_for_url("**?said=identity-asked")
    for names, title in [(["harbour-01.jpg", "harbour-02.jpg"], "月港晨雾"), (["lamp.jpg"], "海灯")]:
        apply_for(lin, node, tmp_path, names, title)
        confirm(lin)
    deposit(node, lin, tmp_path)
    visitor = visit(f"{node.url}/report").page
    visitor.fill("[name=about]", "https://gallery.example/harbour")
    visitor.fill("[name=what]", "该页展示的照片是我的作品，未经许可。The picture shown there is mine and was used without asking.")
    visitor.fill("[name=contact]", "chen.mu@people.example")
    visitor.click("main button.primary")
    visitor.wait_for_url("**/report?said=report")
    boss.goto(f"{node.url}/operator/announcements")
    boss.fill("[name=zh]", "周日 02:00 至 03:00（UTC）维护，期间暂停签发。")
    boss.fill("[name=en]", "Maintenance on Sunday from 02:00 to 03:00 UTC; nothing is stamped meanwhile.")
    boss.fill("[name=until]", "2099-01-01")
    submit(boss, "/operator/announcements")
    boss.wait_for_url("**/operator/announcements?said=done")
    boss.goto(f"{node.url}/operator/billing/owner?who=lin.yue%40people.example")
    for name, value in [("amount", "200"), ("reference", "BANK-20261120-0017")]:
        boss.fill(f"form[action='/operator/billing/owner/book'] [name={name}]", value)
    submit(boss, "/operator/billing/owner/book")
    boss.goto(f"{node.url}/operator/identities")
    review = boss.locator("td a").first.get_attribute("href")

    for _ in range(120):
        boss.goto(f"{node.url}/operator/standing")
        if boss.locator("text=Nothing waits").count():
            break
        boss.wait_for_timeout(1000)

    state = boss.context.storage_state()
    for lang in ["zh", "en"]:
        page = visit(f"{node.url}/operator", lang, viewport=SIZE, storage_state=state).page
        for path in [*PAGES, review]:
            page.goto(node.url + path)
            assert page.url == node.url + path
            name = "review" if path == review else path.removeprefix("/operator").strip("/").replace("/", "-") or "room"
            page.screenshot(path=folder / f"{name}-{lang}.png", full_page=name in WHOLE)
