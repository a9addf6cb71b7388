"""What a stranger takes away, and what an owner gives to one other: signed reports, shares, a work's page and chain."""

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, WIDE, put, ready
from test_certificate import FILES, Place, again, run
from test_pages import overflow
from test_protect import download


@pytest.fixture(scope="module")
def place(browser, tmp_path_factory):
    place = Place(browser, tmp_path_factory.mktemp("report"))
    yield place
    place.stop()


def report(page, folder, name):
    """Presses the button, and gives the report's path."""
    with page.expect_download(timeout=60_000) as waiting:
        page.click("button[data-act=paper]")
    path = folder / name
    waiting.value.save_as(path)
    return path


def result_of(path, folder):
    """The machine-readable result in a report, after other programs judged its seal."""
    assert run("qpdf", "--check", path).returncode == 0
    said = run("pdfsig", "-nocert", path).stdout
    assert "Signature is Valid" in said and said.count("Signature #") == 2, said
    folder.mkdir(exist_ok=True)
    run("pdfdetach", "-saveall", "-o", folder, path)
    return json.loads((folder / "result.en.json").read_text())


def test_a_stranger_takes_a_signed_report_away(place, visit, tmp_path, shots):
    watched = visit(place.public, "en")
    page = watched.page
    page.wait_for_selector("#desk[data-state=done]", timeout=60_000)
    assert again(page, [place.folder / "film" / name for name in FILES]) == "valid"
    path = report(page, tmp_path, "report.pdf")
    found = result_of(path, tmp_path / "attached")
    assert found["verdict"] == "valid" and [one["state"] for one in found["subjects"][0]["files"]] == ["same", "same"]
    text = run("pdftotext", "-layout", path, "-").stdout
    for said in ["核验报告", "Verification report", place.number, "No later than", "摘要相符 digest equal", "equal to one that was stamped: 2"]:
        assert said in text, said
    sent = [request.post_data or "" for request in watched.requests if request.method == "POST"]
    assert len(sent) == 1 and "月港" not in sent[0] and "Moon" not in sent[0], "digests alone went out"
    done = run("openssl", "ts", "-verify", "-data", "record.json", "-in", "record.tsr", "-CAfile", "root.pem", cwd=tmp_path / "attached")
    assert "Verification: OK" in done.stdout + done.stderr
    if shots:
        run("pdftoppm", "-r", "80", "-png", path, shots / "report")
    # The same report is put down like any certificate, and a file that differs is told so in one.
    changed = tmp_path / "月港.txt"
    changed.write_bytes(b"another text")
    page.click("[data-part=clear]")
    page.wait_for_selector("#desk[data-state=done]", timeout=60_000)
    assert again(page, [changed]) != "valid"
    other = report(page, tmp_path, "other.pdf")
    found = result_of(other, tmp_path / "other")
    assert found["verdict"] != "valid" and len(found["without_token"]) == 1
    if shots:
        run("pdftoppm", "-r", "80", "-png", other, shots / "report-other")
    page = visit(f"{place.node.url}/verify", "en").page
    ready(page)
    assert put(page, [path]) == "valid", page.inner_text("[data-part=result]")
    assert "Document Seal" in page.inner_text("[data-part=result]")


def test_a_token_over_a_file_is_reported_too(place, visit, tmp_path):
    file, token = place.node.write("plain.txt", b"a plain file"), place.folder / "plain.txt.tsr"
    place.node.stamp(file)
    page = visit(f"{place.node.url}/verify", "zh").page
    ready(page)
    assert put(page, [file, token]) == "valid"
    found = result_of(report(page, tmp_path, "token.pdf"), tmp_path / "token")
    assert found["verdict"] == "valid" and found["subjects"][0]["kind"] == "file"


def test_without_scripts_there_is_a_report_too(place, visit, tmp_path):
    page = visit(place.public, "zh", scripts=False).page
    page.fill("form[action='/verify/report'] input[name=digest]", "00")
    page.click("form[action='/verify/report'] button")
    assert "500" in page.inner_text("main")
    page.goto(place.public)
    content, name = download(page, "form[action='/verify/report'] button")
    assert name == f"{place.number}.verification.pdf"
    (tmp_path / name).write_bytes(content)
    assert result_of(tmp_path / name, tmp_path / "attached")["subjects"][0]["genuine"] == "valid"


def share(place, covers):
    page = place.page
    page.goto(f"{place.record}/shares")
    page.fill("input[name=label]", "Zhou, publisher")
    page.select_option("select[name=covers]", covers)
    page.check("input[name=part][value=title]")
    page.check("input[name=certificate]")
    page.click("main button.primary")
    page.wait_for_selector("text=/s/")
    link = re.search(r"https?://\S+/s/[\w-]+", page.inner_text("main")).group(0)
    # Nothing but the code: groups of an evidence number look the same.
    code = re.search(r"^[A-Z2-9]{4}-[A-Z2-9]{4}$", page.inner_text("main"), re.M).group(0)
    return link, code


def test_a_share_opens_for_one_other(place, visit, tmp_path, shots):
    link, code = share(place, "record")
    if shots:
        place.page.screenshot(path=shots / "share-made-en.png", full_page=True)
    page = visit(link, "en").page
    assert place.number not in page.content()
    page.fill("input[name=code]", "AAAA-AAAA")
    page.click("main .button")
    assert "Not opened" in page.inner_text("main")
    page.fill("input[name=code]", code.lower())
    page.click("main .button")
    page.wait_for_selector("#desk[data-state=done]", timeout=60_000)
    assert "Moon harbour" in page.inner_text("[data-part=result]") and code not in page.url
    assert again(page, [place.folder / "film" / name for name in FILES]) == "valid"
    assert report(page, tmp_path, "shared.pdf").read_bytes().startswith(b"%PDF")
    content, name = download(page, "a[href$='/certificate.pdf']")
    assert content == place.certificate.read_bytes() and name == f"{place.number}.pdf"
    if shots:
        page.screenshot(path=shots / "share-opened-en.png", full_page=True)
    place.page.goto(f"{place.record}/shares")
    place.page.click("form[action$='/shares/end'] button")
    page.goto(link)
    assert "Moon harbour" not in page.content()


def test_a_work_goes_on_paper_and_on_a_page(place, visit, tmp_path, shots):
    page = place.page
    page.goto(place.record)
    page.click("a[href^='/works/']")
    content, _ = download(page, "a[href$='/chain.pdf']")
    path = tmp_path / "chain.pdf"
    path.write_bytes(content)
    assert run("qpdf", "--check", path).returncode == 0
    assert run("pdfsig", "-nocert", path).stdout.count("Signature #") == 2
    text = run("pdftotext", "-layout", path, "-").stdout
    assert place.number in text and "作品证据链" in text
    if shots:
        run("pdftoppm", "-r", "80", "-png", path, shots / "chain-paper")
    # Each record rides in it, and is verified on the desk with its files.
    desk = visit(f"{place.node.url}/verify", "en").page
    ready(desk)
    put(desk, [path, *(place.folder / "film" / name for name in FILES)])
    said = desk.inner_text("[data-part=result]")
    assert f"{place.number} is genuine" in said and "All 2 files are the ones" in said, said[:600]
    page.goto(f"{place.record}/shown")
    page.click("form[action$='/shown/work'] button")
    page.wait_for_url("**said=shown")
    stranger = visit(page.get_attribute("a[href*='/w/']", "href"), "en").page
    assert place.number in stranger.inner_text("main") and "Moon harbour" not in stranger.content()


@pytest.mark.parametrize("lang,scheme,viewport", [("en", "light", WIDE), ("zh", "dark", WIDE), ("zh", "light", PHONE), ("en", "dark", PHONE)])
def test_the_pages_of_shares_read_well(place, visit, shots, lang, scheme, viewport):
    link, code = share(place, "work")
    name = f"{lang}-{scheme}-{viewport['width']}"
    state = place.context.storage_state()
    for called, address in [("shares", f"{place.record}/shares"), ("shown", f"{place.record}/shown"), ("code", link), ("opened", link)]:
        page = visit(address, lang, scheme, viewport, storage_state=state).page
        if called == "opened":
            page.fill("input[name=code]", code)
            page.click("main .button")
            page.wait_for_selector("#desk[data-state=done]", timeout=60_000)
        assert overflow(page) <= 0, called
        found = Axe().run(page).response["violations"]
        assert found == [], [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found]
        if shots:
            page.screenshot(path=shots / f"share-{called}-{name}.png", full_page=True)
