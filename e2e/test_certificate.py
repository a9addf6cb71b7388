"""A certificate, its package and its number, as a stranger meets them: on paper, by the code, with the file in hand."""

import io
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, WIDE, Node, put, ready, shiyin
from people import Mailbox, register
from test_pages import overflow
from test_protect import choose, confirm, download, go, put_down, tell

FILES = {"月港.txt": "第一行\n第二行\n".encode(), "cut/Moon harbour.mp4": bytes(range(256)) * 4000}


class Place:
    """A node, and one record of two files on it, made through the pages."""

    def __init__(self, browser, folder, called="林知夏 喆堃𬱖", title="月港 Moon harbour 🌙"):
        self.folder = folder
        (folder / "mail-password").write_text("mail password\n")
        self.mailbox = Mailbox(folder)
        self.node = Node(folder, settings=self.mailbox.config() + '[operator]\nrelation = "independent"\n')
        for name, content in FILES.items():
            self.node.write(f"film/{name}", content)
        self.context = browser.new_context(locale="en-GB", viewport=WIDE, accept_downloads=True)
        self.page = self.context.new_page()
        register(self.page, self.node, self.mailbox, "Lin", called)
        self.page.goto(f"{self.node.url}/protect")
        choose(self.page, "video")
        put_down(self.page, folder / "film")
        go(self.page, "next")
        tell(self.page, title, "idea")
        self.number = confirm(self.page)
        self.record = f"{self.node.url}/records/{self.number}"
        self.public = f"{self.node.url}/v/{self.number}"
        self.certificate = self.take("certificate.pdf")
        self.package = self.take("package.zip")

    def take(self, name):
        self.page.goto(self.record)
        content, called = download(self.page, f"a[href$='/{name}']")
        assert called == f"{self.number}.{name.rsplit('.', 1)[1]}"
        path = self.folder / called
        path.write_bytes(content)
        return path

    def stop(self):
        self.context.close()
        self.node.stop()
        self.mailbox.stop()


@pytest.fixture(scope="module")
def place(browser, tmp_path_factory):
    place = Place(browser, tmp_path_factory.mktemp("certificate"))
    yield place
    place.stop()


def run(*arguments, cwd=None):
    return subprocess.run([str(one) for one in arguments], cwd=cwd, capture_output=True, text=True, timeout=120)


def again(page, paths):
    page.evaluate("document.getElementById('desk').dataset.state = 'ready'")
    return put(page, paths)


def test_a_certificate_is_judged_by_tools_that_are_not_ours(place, tmp_path):
    pdf = place.certificate
    assert run("qpdf", "--check", pdf).returncode == 0
    text = run("pdftotext", "-layout", pdf, "-").stdout
    for said in [place.number, "林知夏 喆堃𬱖", "月港 Moon harbour ‹U+1F319›", "film/月港.txt", "不晚于", "No later than"]:
        assert said in text, said
    assert re.search(r"2\s*/\s*2", text), "two leaves"
    for fonts in run("pdffonts", pdf).stdout.splitlines()[2:]:
        assert re.search(r"yes yes yes", fonts), f"not embedded, subset and readable: {fonts}"
    run("pdfdetach", "-saveall", "-o", tmp_path, pdf)
    names = {one.name for one in tmp_path.iterdir()}
    assert names == {"record.json", "record.tsr", "files.json", "openings.json", "root.pem"}
    done = run("openssl", "ts", "-verify", "-data", "record.json", "-in", "record.tsr", "-CAfile", "root.pem", cwd=tmp_path)
    assert "Verification: OK" in done.stdout + done.stderr
    said = run("pdfsig", "-nocert", pdf).stdout
    assert "Signature is Valid" in said and said.count("Signature #") == 2, said
    # Taken again, it is the same file.
    first = pdf.read_bytes()
    assert place.take("certificate.pdf").read_bytes() == first


def test_the_code_leads_to_the_page(place, tmp_path):
    run("pdftoppm", "-r", "150", "-png", "-f", "1", "-l", "1", place.certificate, tmp_path / "page")
    code, _ = download(place.page, "a[href$='/code.png']")
    (tmp_path / "code.png").write_bytes(code)
    for picture in [next(tmp_path.glob("page*.png")), tmp_path / "code.png"]:
        read = run("zbarimg", "--quiet", "--raw", picture)
        assert read.stdout.strip() == place.public, read.stderr


def test_a_stranger_believes_file_and_record_apart(place, visit, tmp_path):
    watched = visit(place.public, "en")
    page = watched.page
    page.wait_for_selector("#desk[data-state=done]", timeout=60_000)
    assert "林知夏" not in page.content() and "Moon harbour" not in page.content(), "nobody is named"
    before = len(watched.requests)
    assert again(page, [place.folder / "film/月港.txt"]) == "incomplete", "the other file was not given"
    said = page.inner_text("[data-part=result]")
    assert re.search(r"genuine", said, re.I) and "same" in said.lower(), said
    renamed = tmp_path / "other name.bin"
    renamed.write_bytes(FILES["cut/Moon harbour.mp4"])
    assert again(page, [renamed]) == "valid", page.inner_text("[data-part=result]")
    assert all(request.method == "GET" for request in watched.requests[before:]), "nothing of the files went out"
    # One added space: another file, and why.
    page.click("[data-part=clear]")
    page.wait_for_selector("#desk[data-state=done]", timeout=60_000)
    spaced = tmp_path / "月港.txt"
    spaced.write_bytes(FILES["月港.txt"].replace(b"\n", b" \n", 1))
    assert again(page, [spaced]) != "valid"
    assert "similar is not identical" in page.inner_text("[data-part=result]").lower()


def test_a_certificate_on_paper_is_put_down_like_any_file(place, visit, shots, tmp_path):
    page = visit(f"{place.node.url}/verify", "en").page
    ready(page)
    files = [place.folder / "film" / name for name in FILES]
    assert put(page, [place.certificate, *files]) == "valid", page.inner_text("[data-part=result]")
    said = page.inner_text("[data-part=result]")
    assert place.number in said and "林知夏" in said and "B-LTA" in said
    assert overflow(page) <= 0
    if shots:
        page.screenshot(path=shots / "certificate-put-down-en.png", full_page=True)
    content = bytearray(place.certificate.read_bytes())
    content[content.index(b"stream") + 40] ^= 1
    changed = tmp_path / "changed.pdf"
    changed.write_bytes(content)
    page.click("[data-part=clear]")
    ready(page)
    assert put(page, [changed, *files]) == "invalid"
    assert shiyin("verify", place.certificate, *files, "--trust", place.node.root)
    shiyin("verify", changed, *files, "--trust", place.node.root, code=1)


def test_without_scripts_the_record_is_judged_all_the_same(place, visit):
    page = visit(place.public, "zh", scripts=False).page
    assert page.locator(".result .findings").count() == 1
    page = visit(f"{place.node.url}/verify", "en", scripts=False).page
    page.fill("input[name=number]", place.number.lower().replace("-", " "))
    page.click("form[action='/v'] button")
    assert page.url.split("?")[0] == place.public


def test_a_package_goes_on_without_the_node(place, visit, tmp_path):
    with zipfile.ZipFile(place.package) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    folder = tmp_path / place.number
    commands = [line[4:] for line in (folder / "README.txt").read_text().splitlines() if line.startswith("    ")]
    assert len(commands) == 5
    for command in commands:
        done = run("sh", "-c", command, cwd=folder)
        assert done.returncode == 0, f"{command}: {done.stderr}"
    page = visit(f"file://{folder}/verify.html", "en").page
    ready(page)
    files = [place.package, *(place.folder / "film" / name for name in FILES), folder / "proofs/root.pem"]
    put(page, files)
    page.check("[data-part=certificates] input[type=checkbox]")
    page.wait_for_selector("#desk[data-verdict=valid]", timeout=60_000)
    said = shiyin("verify", place.package, "--trust", place.node.root, code=None)
    assert place.number in said.decode()
    # Packed again by another program, it is the same package.
    with zipfile.ZipFile(tmp_path / "again.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*"), reverse=True):
            archive.write(path, path.relative_to(tmp_path))
    page.click("[data-part=clear]")
    ready(page)
    put(page, [tmp_path / "again.zip", *files[1:]])
    page.check("[data-part=certificates] input[type=checkbox]")
    page.wait_for_selector("#desk[data-verdict=valid]", timeout=60_000)
    content = bytearray(place.package.read_bytes())
    content[content.index(b'"operator"') + 3] ^= 1
    (tmp_path / "changed.zip").write_bytes(content)
    assert "not as it was put together" in shiyin("verify", tmp_path / "changed.zip", "--trust", place.node.root, code=None).decode().lower()
    plain = io.BytesIO(download(place.page, "a[href*='names=no']")[0])
    with zipfile.ZipFile(plain) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert "林知夏".encode() not in everything and b"Moon harbour" not in everything


def test_what_is_shown_can_be_taken_back(place, visit):
    page = place.page
    page.goto(f"{place.record}/shown")
    page.check("input[name=part][value=title]")
    page.click("main button.primary")
    page.wait_for_url("**said=shown")
    stranger = visit(place.public, "en").page
    stranger.wait_for_selector("#desk[data-state=done]", timeout=60_000)
    assert "Moon harbour" in stranger.inner_text("[data-part=result]")
    stranger.goto(f"{place.public}/badge.svg")
    assert place.number in stranger.content()
    page.click("form:has(input[name=end]) button")
    page.wait_for_url("**said=shown")
    stranger.goto(place.public)
    stranger.wait_for_selector("#desk[data-state=done]", timeout=60_000)
    assert "Moon harbour" not in stranger.content()


def test_what_was_chosen_is_checked_and_packed(place):
    page = place.page
    page.goto(f"{place.node.url}/records")
    page.check(f"input[value='{place.number}']")
    content, _ = download(page, "form[action='/packages'] button:not([formaction])")
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    page.click("button[formaction]")
    assert "hold" in page.inner_text(".lead")


@pytest.mark.parametrize("lang,scheme,viewport", [("en", "light", WIDE), ("zh", "dark", WIDE), ("zh", "light", PHONE), ("en", "dark", PHONE)])
def test_the_pages_read_well(place, visit, shots, lang, scheme, viewport):
    name = f"{lang}-{scheme}-{viewport['width']}"
    state = place.context.storage_state()
    for called, address in [("number", place.public), ("find", f"{place.node.url}/v?number=SY-1"), ("record", place.record),
                            ("shown", f"{place.record}/shown"), ("list", f"{place.node.url}/records")]:
        page = visit(address, lang, scheme, viewport, storage_state=state).page
        if called == "number":
            page.wait_for_selector("#desk[data-state=done]", timeout=60_000)
        assert overflow(page) <= 0, called
        found = Axe().run(page).response["violations"]
        assert found == [], [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]
        if shots:
            page.screenshot(path=shots / f"certificate-{called}-{name}.png", full_page=True)


def test_pictures_of_certificates_for_the_guide(browser, visit, tmp_path):
    """The guide's pictures of a certificate and of its number; kept where GUIDE_PICTURES says."""
    folder = Path(os.environ.get("GUIDE_PICTURES") or tmp_path)
    (tmp_path / "node").mkdir()
    place = Place(browser, tmp_path / "node", "林月", "月港 Moon harbour")
    assert run("pdftoppm", "-r", "80", "-png", "-singlefile", place.certificate, folder / "certificate").returncode == 0
    for lang in ["zh", "en"]:
        page = visit(place.public, lang, viewport={"width": 1100, "height": 1250}).page
        page.wait_for_selector("#desk[data-state=done]", timeout=60_000)
        again(page, [place.folder / "film" / name for name in FILES])
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=folder / f"number-{lang}.png")
    place.stop()
