"""Paying in a real browser, against a platform of WeChat Pay on loopback: refused in time, topped up, charged once, given back."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, WIDE, Node
from people import Mailbox, register
from test_certificate import run
from test_pages import overflow
from test_protect import choose, confirm, go, put_down, tell
from wechat import Platform

MONEY = re.compile(r"CNY|¥|/account/billing|/prices|Billing|费用")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("billing")
    (folder / "mail-password").write_text("mail password\n")
    mailbox, platform = Mailbox(folder), Platform(folder)
    settings = f'{mailbox.config()}[operator]\nrelation = "independent"\n{platform.config()}'
    platform.node = node = Node(folder, settings=settings)
    yield node, mailbox, platform
    node.stop()
    platform.stop()
    mailbox.stop()


def person(browser, node, mailbox, name):
    page = browser.new_context(locale="en-GB", viewport=WIDE, accept_downloads=True).new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{node.url}/register?lang=en")
    register(page, node, mailbox, name)
    return page


def apply_for(page, node, folder, names, title):
    """Three screens; the page that confirms."""
    for name in names:
        (folder / name).write_bytes(name.encode() * 100)
    page.goto(f"{node.url}/protect")
    page.wait_for_selector("form[data-state]")
    choose(page, "photo")
    put_down(page, [str(folder / name) for name in names])
    go(page, "next")
    tell(page, title, "raw")
    page.wait_for_url("**/confirm")


def submit(page, action):
    page.click(f"form[action='{action}'] button")


def top_up(page, node, amount):
    page.goto(f"{node.url}/account/billing")
    page.fill("[name=amount]", amount)
    submit(page, "/account/billing/top-up")
    page.wait_for_url("**/account/billing/orders/*")
    return page.url.rsplit("/", 1)[1]


def test_from_no_price_to_a_charge_and_back(place, browser, tmp_path, shots):
    node, mailbox, platform = place
    lin, boss = person(browser, node, mailbox, "Lin"), person(browser, node, mailbox, "Boss")
    boss.goto(f"{node.url}/administrator")
    boss.fill("[name=token]", node.operator_token())
    boss.click("main button.primary")
    boss.wait_for_url("**/account?said=operator")
    # Nothing costs anything: no page of hers speaks of money.
    apply_for(lin, node, tmp_path, ["free.jpg"], "Free")
    assert not MONEY.search(lin.inner_text("main"))
    confirm(lin)
    for path in ["/account", "/records", "/protect", "/"]:
        lin.goto(node.url + path)
        assert not MONEY.search(lin.content()), path
    assert lin.goto(f"{node.url}/account/billing").status == 404
    assert lin.goto(f"{node.url}/prices").status == 404

    boss.goto(f"{node.url}/operator/billing/prices")
    boss.fill("[name=unit]", "10")
    boss.fill("[name=free]", "1")
    submit(boss, "/operator/billing/prices")
    boss.wait_for_url("**/operator/billing/prices?said=done")

    # Three files, one of them free: too little is said before anything is stamped, and how to mend it.
    apply_for(lin, node, tmp_path, ["a.jpg", "b.jpg", "c.jpg"], "Harbour")
    draft = lin.url
    cost = lin.inner_text("[data-part=cost]")
    assert re.search(r"Cost\s+CNY\s20\.00", cost) and re.search(r"Can be spent\s+CNY\s0\.00", cost), cost
    lin.check("input[name=sure]")
    lin.click("#confirm button.primary")
    lin.wait_for_selector("#cost-fault")
    assert "Nothing was stamped" in lin.inner_text("#cost-fault")
    looks(lin, shots, "short")
    lin.click("text=Billing and prices")
    lin.wait_for_url("**/account/billing")

    # A notice that is forged, one that is lost, one that comes three times.
    order = top_up(lin, node, "12.50")
    assert lin.locator(".drawing svg").count() == 1
    looks(lin, shots, "order")
    platform.pay(order)
    assert platform.tell(order, wrong=True) == 401
    lin.reload()
    assert "Waits for payment" in lin.inner_text("main")
    submit(lin, f"/account/billing/orders/{order}")
    lin.wait_for_url("**?said=asked")
    assert "Paid" in lin.inner_text("dl.record")
    second = top_up(lin, node, "10")
    platform.pay(second)
    assert [platform.tell(second) for _ in range(3)] == [204, 204, 204]
    lin.goto(f"{node.url}/account/billing")
    assert "CNY\u00a022.50" in lin.inner_text("dl.record >> nth=0")

    # The application is where it was left; charged once.
    lin.goto(draft)
    number = confirm(lin)
    lin.goto(f"{node.url}/account/billing")
    page = lin.inner_text("main")
    assert "CNY\u00a02.50" in page and number in page and "-20.00" in page, page
    with lin.expect_download() as caught:
        lin.click("text=Save as CSV")
    csv = open(caught.value.path()).read()
    assert f"hold,record/{number},3,1,-20.00,2.50,CNY" in csv, csv
    # On paper the same figures stand in the same order, in both languages.
    with lin.expect_download() as caught:
        lin.click("text=Save as PDF")
    text = run("pdftotext", "-layout", str(caught.value.path()), "-").stdout
    for told in ["对账单", "Statement of account", "CNY 0.00", "CNY 2.50", number, "记录扣费", "Charged for a record"]:
        assert told in text, (told, text)
    lines = [line.split(",") for line in csv.strip().splitlines()[2:]]
    figures = re.findall(r"UTC\b.*?([+-]\d+\.\d\d)\s+(\d+\.\d\d)$", text, re.MULTILINE)
    assert [(change.lstrip("+"), balance) for change, balance in figures] == [(line[5], line[6]) for line in lines], text
    if shots:
        run("pdftoppm", "-r", "70", "-png", str(caught.value.path()), str(shots / "billing-statement"))
    lin.goto(f"{node.url}/records/{number}")
    cost = lin.inner_text("dt:text-is('Cost') + dd")
    assert re.search(r"CNY\s20\.00\s+charged", cost) and "units 3, free 1, price list 1" in cost, cost
    looks(lin, shots, "record")
    lin.goto(f"{node.url}/account/billing")
    lin.fill("[name=title]", "月港工作室")
    lin.fill("[name=tax_number]", "91110000MA0000000X")
    submit(lin, "/account/billing/invoice")
    lin.wait_for_url("**?said=invoice")
    looks(lin, shots, "account")
    lin.goto(f"{node.url}/prices")
    looks(lin, shots, "prices")

    # The operator gives what is left back the way it came, and the books balance.
    boss.goto(f"{node.url}/operator/billing/orders")
    boss.fill("[name=order]", order)
    boss.fill("[name=amount]", "2.50")
    submit(boss, "/operator/billing/orders")
    boss.wait_for_url("**/operator/billing/orders?said=done")
    looks(boss, shots, "orders")
    assert len(platform.refunds) == 1
    boss.goto(f"{node.url}/operator/billing")
    assert re.search(r"Balances\s+Yes", boss.inner_text("main"))
    looks(boss, shots, "desk")
    boss.goto(f"{node.url}/operator/billing/owner?who=lin%40people.example")
    looks(boss, shots, "owner")
    boss.goto(f"{node.url}/operator/billing/prices")
    looks(boss, shots, "list")
    lin.goto(f"{node.url}/account/billing")
    assert "CNY\u00a00.00" in lin.inner_text("dl.record >> nth=0")
    for page in [lin, boss]:
        page.context.close()


def looks(page, shots, name):
    """Sound for eyes and ears at both widths; a picture where one is asked for."""
    where = page.url
    for lang, scheme, size in [("en", "light", WIDE), ("zh", "dark", PHONE)]:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        if page.evaluate("document.querySelector('#cost-fault') === null"):
            page.goto(where + ("&" if "?" in where else "?") + f"lang={lang}")
        assert overflow(page) <= 0, (name, size)
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
        assert found == [], (name, [(one["id"], one["nodes"][0]["html"]) for one in found])
        if shots:
            page.screenshot(path=shots / f"billing-{name}-{lang}.png", full_page=True)
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    if page.evaluate("document.querySelector('#cost-fault') === null"):
        page.goto(where + ("&" if "?" in where else "?") + "lang=en")
