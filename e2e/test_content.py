"""Originals looked at in a real browser: played, shown, previewed, never run, and always from the content's own host."""

import re
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, WIDE
from people import Mailbox, register
from test_deposit import Depositing, begin, opened, put_down, uploads
from test_pages import overflow
from test_protect import confirm, go, tell

SCRIPT = b"<script>document.title='ran';window.ran=true;fetch('/account').catch(()=>{})</script>"
LOOKS = [("zh", "light", "wide"), ("en", "dark", "wide"), ("zh", "dark", "phone"), ("en", "light", "phone")]


def ffmpeg(*words):
    subprocess.run(["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *map(str, words)], check=True, timeout=120)


def pdf(pages):
    """A document of some pages, each with a line in a font that is not embedded."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(pages))
    parts = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Count {pages}/Kids[{kids}]>>",
             "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    for n in range(pages):
        text = f"BT /F 28 Tf 60 720 Td (Deed of assignment, page {n + 1}) Tj ET 60 700 m 480 700 l S"
        parts.append(f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {5 + 2 * n} 0 R"
                     "/Resources<</Font<</F 3 0 R>>>>>>")
        parts.append(f"<</Length {len(text)}>>stream\n{text}\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += f"{number} 0 obj{part}endobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size {len(parts) + 1}>>\n"
    return out + head.encode() + f"startxref\n{len(out)}\n%%EOF\n".encode()


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("content")
    (folder / "mail-password").write_text("mail password\n")
    mailbox = Mailbox(folder)
    settings = '[operator]\nrelation = "independent"\n[holdings]\nfile_max_gb = 1\nreserve_gb = 0\n'
    node = Depositing(folder, settings=f"{mailbox.config()}\n{settings}")
    yield node, mailbox
    node.stop()
    mailbox.stop()


@pytest.fixture(scope="module")
def kept(place, browser, tmp_path_factory):
    """A person with one record of six originals, each looked at: the context, the number, and the pages by name."""
    node, mailbox = place
    files = tmp_path_factory.mktemp("files")
    film = files / "港口成片.mp4"
    # Its table is at its end, so that nothing plays without a range.
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=640x360:d=12:r=25", "-f", "lavfi", "-i", "sine=d=12", "-c:v", "libx264",
           "-pix_fmt", "yuv420p", "-b:v", "4M", "-minrate", "4M", "-bufsize", "4M", "-c:a", "aac", film)
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=1600x1200:d=1", "-frames:v", "1", files / "poster.png")
    ffmpeg("-f", "lavfi", "-i", "sine=f=330:d=5", files / "interview.mp3")
    (files / "deed.pdf").write_bytes(pdf(2))
    (files / "holiday.png").write_bytes(b"<!doctype html><title>x</title>" + SCRIPT)
    (files / "both.png").write_bytes((files / "poster.png").read_bytes() + SCRIPT)
    context = browser.new_context(locale="en-GB", viewport=WIDE, accept_downloads=True)
    page = opened(context)
    page.goto(f"{node.url}/register?lang=en")
    register(page, node, mailbox, "Lin")
    begin(page, node)
    put_down(page, sorted(files.iterdir()))
    uploads(page, "done")
    go(page, "next")
    tell(page, "Harbour", "post")
    number = confirm(page)
    for _ in range(120):
        page.goto(f"{node.url}/records/{number}")
        rows = page.locator("table.ledger tbody tr")
        if rows.count() == 6:
            break
        page.wait_for_timeout(500)
    pages = {row.locator("bdi").inner_text(): node.url + row.locator("a:text-is('View')").get_attribute("href")
             for row in rows.all()}
    assert len(pages) == 6, pages
    for url in pages.values():
        for _ in range(240):
            page.goto(url)
            if "There is no preview yet" not in page.inner_text("main"):
                break
            page.wait_for_timeout(500)
        assert "There is no preview yet" not in page.inner_text("main"), url
    page.close()
    yield context, number, {name.split("/")[-1]: url for name, url in pages.items()}
    context.close()


def origin(node):
    return node.url.replace("//localhost", "//content.localhost")


def seen(page, count):
    """The pictures of a preview, once they are there: their sizes."""
    page.wait_for_selector(".seen img")
    for picture in page.locator(".seen img").all():
        picture.scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.querySelectorAll('.seen img')].every(one => one.complete && one.naturalWidth)")
    sizes = page.eval_on_selector_all(".seen img", "all => all.map(one => [one.naturalWidth, one.naturalHeight])")
    assert len(sizes) == count, sizes
    return sizes


def playing(page):
    page.evaluate("() => { const one = document.querySelector('.player'); one.muted = true; return one.play(); }")
    page.wait_for_function("() => document.querySelector('.player').currentTime > 0.3", timeout=20_000)


def test_a_film_plays_and_seeks_from_the_contents_host(place, kept):
    node, _ = place
    context, _, pages = kept
    page, asked = opened(context), []
    page.on("response", lambda response: asked.append(response))
    page.goto(pages["港口成片.mp4"])
    assert seen(page, 3) == [[640, 360]] * 3
    assert page.locator("video.player").get_attribute("src").startswith(origin(node) + "/content/")
    assert not [one for one in asked if one.status == 206], "nothing of the original before it is played"
    playing(page)
    page.evaluate("() => new Promise(done => { const one = document.querySelector('video'); one.onseeked = done; one.currentTime = 9; })")
    page.wait_for_function("() => document.querySelector('video').currentTime > 9.2", timeout=20_000)
    told = page.evaluate("() => { const one = document.querySelector('video'); return [one.videoWidth, one.videoHeight, Math.round(one.duration)]; }")
    assert told == [640, 360, 12]
    assert "0:12" in page.inner_text("main")
    content = [one for one in asked if one.url.startswith(origin(node))]
    parts = [one for one in content if one.status == 206]
    assert len(parts) >= 2 and all(one.headers["content-type"] == "video/mp4" for one in parts)
    for one in content:
        assert "cookie" not in one.request.all_headers() and "set-cookie" not in one.all_headers(), one.url
        assert one.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert one.headers["x-content-type-options"] == "nosniff" and "referer" not in one.request.all_headers()
    # An address that opens no more is asked for anew, and it plays on where it was.
    page.evaluate("() => { const one = document.querySelector('video'); one.src = one.src.slice(0, -3) + 'xxx'; one.currentTime = 5; one.play().catch(() => {}); }")
    page.wait_for_function("() => { const one = document.querySelector('video'); return !one.src.endsWith('xxx') && one.readyState >= 2 && !one.paused; }",
                           timeout=20_000)
    page.close()


def test_a_sound_plays_and_shows_its_shape(kept):
    context, _, pages = kept
    page = opened(context)
    page.goto(pages["interview.mp3"])
    assert seen(page, 1) == [[1024, 160]]
    assert page.locator("audio.player").count() == 1
    playing(page)
    page.close()


def test_pictures_and_pages_are_shown(place, kept):
    node, _ = place
    context, number, pages = kept
    page = opened(context)
    page.goto(pages["poster.png"])
    assert seen(page, 1) == [[1024, 768]]
    page.click("text=Show the original picture")
    page.wait_for_function("() => document.querySelector('img.picture')?.naturalWidth === 1600")
    assert page.locator("img.picture").get_attribute("src").startswith(origin(node))
    page.goto(pages["deed.pdf"])
    assert seen(page, 2) == [[724, 1024]] * 2
    page.goto(f"{node.url}/records/{number}")
    page.locator("img.thumb").last.scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.querySelectorAll('img.thumb')].filter(one => one.complete && one.naturalWidth).length === 4")
    page.close()


def test_what_runs_is_not_run(place, kept):
    node, _ = place
    context, _, pages = kept
    page = opened(context)
    page.goto(pages["holiday.png"])
    assert "There is no preview" in page.inner_text("main") and page.locator(".seen, .player, img.picture").count() == 0
    with page.expect_download() as saved:
        page.click("a[href^='/holdings/']")
    assert SCRIPT in saved.value.path().read_bytes() and saved.value.suggested_filename == "holiday.png"
    assert saved.value.url.startswith(origin(node))
    # Gone to as a page, it is saved and not opened.
    stray, asked = opened(context), []
    with stray.expect_download():
        stray.evaluate("url => { location.href = url; }", saved.value.url)
    # A picture that is a page as well is a picture, also alone in a tab.
    page.goto(pages["both.png"])
    seen(page, 1)
    page.click("text=Show the original picture")
    address = page.locator("img.picture").get_attribute("src")
    stray.on("request", lambda request: asked.append(request.url))
    answer = stray.goto(address)
    assert answer.headers["content-type"] == "image/png"
    assert stray.evaluate("() => [document.contentType, window.ran, window.origin]") == ["image/png", None, "null"]
    assert [url for url in asked if "/account" in url] == []
    # Taken for a script, a frame or a style it is nothing.
    for tag, name in [("script", "src"), ("iframe", "src"), ("link rel=stylesheet", "href")]:
        told = stray.request.get(address.replace("content.localhost", "localhost"), headers={
            "Host": address.split("/")[2], "Sec-Fetch-Dest": {"script": "script", "iframe": "iframe"}.get(tag, "style")})
        assert told.status == 404, (tag, name)
    page.close()
    stray.close()


def test_the_two_hosts_share_nothing(place, kept):
    node, _ = place
    context, number, pages = kept
    page = opened(context)
    for path in ["/", "/account", f"/records/{number}", "/signin", "/assets/favicon.svg", "/tsa", "/healthz", "/log", "/crl"]:
        # With every cookie of the session: they open nothing there.
        answer = page.request.get(node.url + path, headers={"Host": origin(node).split("/")[2]})
        assert answer.status == 404 and answer.body() == b"" and "set-cookie" not in answer.headers, path
    assert {cookie["domain"] for cookie in context.cookies()} == {"localhost"}
    policies = {}
    for path in ["/", "/records", "/account", f"/records/{number}/care"]:
        policies[path] = page.goto(node.url + path).headers["content-security-policy"]
        assert "content.localhost" not in policies[path], path
    policy = page.goto(pages["poster.png"]).headers["content-security-policy"]
    named = [part.strip() for part in policy.split(";") if "content.localhost" in part]
    assert named == [f"img-src 'self' {origin(node)}", f"media-src {origin(node)}"]
    address = page.locator(".seen img").first.get_attribute("src")
    assert page.goto(address.replace("content.localhost", "localhost")).status == 404
    assert page.goto(address).status == 200
    assert {cookie["domain"] for cookie in context.cookies()} == {"localhost"}
    page.close()


@pytest.mark.parametrize("lang,scheme,size", LOOKS)
def test_every_page_of_content_is_sound(place, kept, browser, shots, lang, scheme, size):
    node, _ = place
    first, number, pages = kept
    context = browser.new_context(storage_state=first.storage_state(), color_scheme=scheme,
                                  viewport=WIDE if size == "wide" else PHONE)
    page, wrong = opened(context), []
    page.goto(f"{node.url}/?lang={lang}")
    shown = {"record": f"{node.url}/records/{number}", "film": pages["港口成片.mp4"], "sound": pages["interview.mp3"],
             "picture": pages["poster.png"], "whole": pages["poster.png"] + "?whole", "pages": pages["deed.pdf"],
             "none": pages["holiday.png"]}
    for name, url in shown.items():
        page.goto(url)
        for picture in page.locator(".seen img, .thumb").all():
            picture.scroll_into_view_if_needed()
        page.wait_for_function("() => [...document.querySelectorAll('.seen img, .thumb, .picture')].every(one => one.complete)")
        page.evaluate("scrollTo(0, 0)")
        if shots:
            page.screenshot(path=shots / f"content-{name}-{lang}-{scheme}-{size}.png", full_page=True)
        assert overflow(page) <= 0, name
        wrong += [f"{name}: {violation['id']} {[found['target'] for found in violation['nodes']][:3]}"
                  for violation in Axe().run(page).response["violations"]]
    assert wrong == []
    assert re.search(r"lang=\"(zh-Hans|en)\"", page.content())
    context.close()
