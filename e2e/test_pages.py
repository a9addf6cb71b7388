"""Every page: both languages, wide and phone, light and dark, with and without scripts, for eyes and for machines."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PAGES, PHONE, WIDE, ready

AXED = [("light", "wide"), ("dark", "phone")]
LOOKS = [(lang, scheme, size) for lang in ("zh", "en") for scheme in ("light", "dark") for size in ("wide", "phone")]


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.mark.parametrize("lang,scheme,size", LOOKS)
def test_every_page_is_sound(node, visit, shots, lang, scheme, size):
    watched = visit(f"{node.url}/", lang, scheme, WIDE if size == "wide" else PHONE)
    page, wrong = watched.page, []
    for path in PAGES:
        page.goto(node.url + path)
        if path == "/verify":
            ready(page)
        name = path.strip("/").replace("/", "-") or "home"
        if shots:
            page.screenshot(path=shots / f"{name}-{lang}-{scheme}-{size}.png", full_page=True)
        assert page.get_attribute("html", "lang") == ("zh-Hans" if lang == "zh" else "en"), path
        assert page.locator("h1").count() == 1, path
        assert overflow(page) <= 0, path
        # Colours differ by scheme, order and targets by size: two of the four looks show all of them.
        looks = Axe().run(page).response["violations"] if (scheme, size) in AXED else []
        for violation in looks:
            targets = [found["target"] for found in violation["nodes"]][:3]
            wrong.append(f"{path}: {violation['id']} {targets}")
    assert wrong == []
    assert all(request.url.startswith((node.url, "blob:")) for request in watched.requests)


@pytest.mark.parametrize("lang,scheme,size", [("zh", "light", "wide"), ("en", "dark", "wide"), ("zh", "dark", "phone"),
                                              ("en", "light", "phone")])
def test_a_production_node_shows_its_instruments(production, visit, shots, lang, scheme, size):
    page = visit(production.url, lang, scheme, WIDE if size == "wide" else PHONE).page
    for path in ["/", "/authority", "/verify"]:
        page.goto(production.url + path)
        name = path.strip("/") or "home"
        if shots:
            page.screenshot(path=shots / f"production-{name}-{lang}-{scheme}-{size}.png", full_page=True)
        assert "青屿示例科技有限公司" in page.inner_text(".foot")
        assert page.locator(".bar").count() == 0, "no evaluation mark"
        assert overflow(page) <= 0, path
        assert [v["id"] for v in Axe().run(page).response["violations"]] == [], path
    page.goto(f"{production.url}/authority")
    assert page.locator(".graph svg .trace").count() == 1
    assert page.locator("text=127.0.0.1:").count() >= 3, "the sources"
    assert "POST /tsa/sm2" in page.inner_text("main")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_nothing_overflows_at_any_width(node, visit, lang):
    page = visit(f"{node.url}/", lang).page
    for path in PAGES:
        page.goto(node.url + path)
        for width in [360, 480, 640, 720, 800, 900, 1024, 1200, 1600]:
            page.set_viewport_size({"width": width, "height": 800})
            assert overflow(page) <= 0, f"{path} at {width}"


def test_the_language_is_the_visitors_and_stays_chosen(node, visit):
    page = visit(f"{node.url}/verify", "zh").page
    assert page.inner_text("h1") == "验证"
    page.click(".who a[lang=en]")
    assert page.inner_text("h1") == "Verify"
    page.goto(f"{node.url}/authority")
    assert page.inner_text("h1") == "Public record"


def test_pages_work_without_scripts(node, visit):
    page = visit(f"{node.url}/", scripts=False).page
    for path in PAGES:
        page.goto(node.url + path)
        assert page.locator("h1").is_visible(), path
    page.goto(node.url)
    page.click("text=Verify a file")
    assert page.locator("#form").is_visible()


def test_the_keyboard_reaches_everything(node, visit):
    page = visit(f"{node.url}/").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    for path in ["/verify", "/authority", "/help/verify"]:
        page.goto(node.url + path)
        if path == "/verify":
            ready(page)
        reachable = page.evaluate(
            """() => [...document.querySelectorAll("a[href], button, input, pre, [tabindex='0']")]
                 .filter((e) => e.checkVisibility() && !e.disabled).length""")
        seen, without_outline = set(), []
        for _ in range(reachable + 5):
            page.keyboard.press("Tab")
            found = page.evaluate(
                """() => { const e = document.activeElement; if (e === document.body) return null;
                     const shown = e.closest("label.button") || e;
                     return [[...document.querySelectorAll("*")].indexOf(e), getComputedStyle(shown).outlineStyle, e.outerHTML.slice(0, 80)]; }""")
            if found is not None:
                seen.add(found[0])
                without_outline += [found[2]] if found[1] == "none" else []
        assert len(seen) >= reachable, path
        assert without_outline == [], path
