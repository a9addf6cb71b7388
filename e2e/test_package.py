"""Packages, records and files shown alone, as a judge puts them down: in a real browser, and on the command line."""

import hashlib
import json
import shutil
import zipfile
from base64 import b64encode

import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, WIDE, put, ready, shiyin
from test_pages import overflow

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXY"


def canonical(value):
    """RFC 8785, for what stands in these files."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


def number_of(text):
    """The evidence number with these sixteen letters."""
    total = sum(LETTERS.index(letter) * pow(3, at + 1, 31) for at, letter in enumerate(text))
    return f"SY-{text[:4]}-{text[4:8]}-{text[8:12]}-{text[12:]}-{LETTERS[-total % 31]}"


def sha(data):
    return hashlib.sha256(data)


class Package:
    """A record of two files, and the package with it, made by the words of the documents."""

    def __init__(self, node, name):
        self.node, self.top = node, node.folder / name
        self.number = number_of("7K3M9QF2RD4A8XWB")
        self.folder = self.top / "records" / self.number
        salt = lambda what: sha(f"salt of {what}".encode()).digest()
        commit = lambda what, text: sha(salt(what) + text.encode()).hexdigest()
        self.originals = {"月港.jpg": b"\xff\xd8 a picture " * 400_000, "sub/notes.txt": "第一行\n第二行\n".encode()}
        files = [{"name": commit(f"name {at}", name), "sha256": sha(content).hexdigest(), "size": len(content)}
                 for at, (name, content) in enumerate(self.originals.items())]
        leaves = [sha(b"\0" + canonical(one)).digest() for one in files]
        root = sha(b"\1" + leaves[0] + leaves[1]).hexdigest()
        self.record = {
            "applicant": {"level": "papers", "name": commit("applicant", "林月港")},
            "files": {"bytes": sum(one["size"] for one in files), "count": 2, "root": root},
            "kind": "shiyin.record/1", "maker": "work", "number": self.number,
            "operator": {"name": "青屿", "relation": "independent"}, "previous": [],
            "statements": {"summary": {"commitment": commit("summary", "hidden")},
                           "title": {"commitment": commit("title", "月港")}, "type": {"text": "photo"}}}
        opening = lambda part, what, text: {"part": part, "salt": salt(what).hex(), "text": text}
        openings = [opening("applicant", "applicant", "林月港")]
        openings += [opening(f"files/{at}/name", f"name {at}", name) for at, name in enumerate(self.originals)]
        openings += [opening("statements/title", "title", "月港")]
        self.write("record.json", canonical(self.record))
        self.write("files.json", canonical({"files": files, "kind": "shiyin.files/1"}))
        self.write("openings.json", canonical({"kind": "shiyin.openings/1", "openings": openings}))
        for name, content in self.originals.items():
            self.write(f"originals/{name}", content)
        self.stamp(self.folder / "record.json")
        self.disclosure = {"file": files[0], "index": 0, "kind": "shiyin.disclosure/1", "openings": openings[1:2],
                           "path": [leaves[1].hex()], "record": self.record,
                           "token": b64encode((self.folder / "record.tsr").read_bytes()).decode()}
        listed = sorted((path for path in self.top.rglob("*") if path.is_file()),
                        key=lambda path: path.relative_to(self.top).as_posix().encode())
        entries = [{"path": path.relative_to(self.top).as_posix(), "sha256": sha(path.read_bytes()).hexdigest(),
                    "size": path.stat().st_size} for path in listed]
        (self.top / "package.json").write_bytes(canonical({"files": entries, "kind": "shiyin.manifest/1"}))
        self.stamp(self.top / "package.json")

    def write(self, name, content):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def stamp(self, path):
        self.node.stamp(path)
        path.with_name(path.name + ".tsr").rename(path.with_suffix(".tsr"))

    def zip(self, path, method=zipfile.ZIP_DEFLATED, without=()):
        with zipfile.ZipFile(path, "w", method) as archive:
            for file in sorted(self.top.rglob("*")):
                name = file.relative_to(self.top).as_posix()
                if name not in without:
                    archive.write(file, f"{self.number}/{name}")
        return path


@pytest.fixture(scope="module")
def package(node):
    return Package(node, "package")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_package_is_put_down(node, package, visit, shots, tmp_path, lang, size):
    page = visit(f"{node.url}/verify", lang, viewport=WIDE if size == "wide" else PHONE).page
    ready(page)
    assert put(page, [package.zip(tmp_path / "package.zip")]) == "valid"
    said = page.inner_text(".verdict")
    for part in (["证据包", "存证记录", package.number, "2 个文件都是"] if lang == "zh" else
                 ["package", f"The record {package.number} is genuine", "All 2 files"]):
        assert part in said, said
    shown = page.inner_text("#desk")
    assert "林月港" in shown and "月港.jpg" in shown
    assert ("未出示" if lang == "zh" else "Not shown (committed)") in shown
    assert overflow(page) <= 0
    wrong = [v["id"] for v in Axe().run(page).response["violations"]]
    assert wrong == []
    if shots:
        page.screenshot(path=shots / f"result-package-{lang}-{size}.png", full_page=True)


def test_a_large_archive_is_read_where_it_lies(node, package, visit, tmp_path):
    page = visit(f"{node.url}/verify", "en").page
    ready(page)
    assert put(page, [package.zip(tmp_path / "stored.zip", zipfile.ZIP_STORED)]) == "valid"
    page.click("[data-part=clear]")
    # Beyond what is read at once: its bytes are asked for piece by piece.
    big = tmp_path / "big.zip"
    with zipfile.ZipFile(package.zip(big), "a", zipfile.ZIP_STORED) as archive, archive.open("other/zeros.bin", "w") as out:
        for _ in range(40):
            out.write(bytes(1 << 20))
    assert put(page, [big]) == "incomplete", "one file more, outside the package"
    assert "All 2 files" in page.inner_text(".verdict")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_broken_wrapping_leaves_the_record(node, package, visit, shots, tmp_path, lang):
    page = visit(f"{node.url}/verify", lang).page
    ready(page)
    picture = f"records/{package.number}/originals/sub/notes.txt"
    assert put(page, [package.zip(tmp_path / "less.zip", without=("package.json", picture))]) == "incomplete"
    said = page.inner_text(".verdict")
    for part in (["缺少清单", "是真的"] if lang == "zh" else ["has no manifest", "is genuine"]):
        assert part in said, said
    if shots:
        page.screenshot(path=shots / f"result-package-broken-{lang}.png", full_page=True)
    page.click("[data-part=clear]")
    whole = package.zip(tmp_path / "cut.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-100])
    assert put(page, [tmp_path / "cut.zip"]) == "incomplete"
    assert "zip-refused" in page.inner_text("#desk")


def test_a_record_and_its_files(node, package, visit, shots, tmp_path):
    page = visit(f"{node.url}/verify", "en").page
    ready(page)
    own = []
    for name in ["record.json", "record.tsr", "files.json", "openings.json"]:
        own.append(tmp_path / f"{package.number}.{name}")
        shutil.copy(package.folder / name, own[-1])
    assert put(page, own) == "incomplete"
    assert "No file of it was given" in page.inner_text(".verdict")
    text = tmp_path / "notes.txt"
    text.write_bytes(package.originals["sub/notes.txt"].replace(b"\n", b"\r\n"))
    assert put(page, [text]) == "invalid"
    assert "Similar is not identical" in page.inner_text("[data-part=part-file]")
    assert page.locator("[data-part=part-token] .mark.sealed").count() == 1, "the record is genuine nevertheless"
    if shots:
        page.screenshot(path=shots / "result-record-differs-en.png", full_page=True)


def test_one_file_shown_alone(node, package, visit, shots, tmp_path):
    page = visit(f"{node.url}/verify", "zh", viewport=PHONE).page
    ready(page)
    shown, picture = tmp_path / "one.disclosure.json", tmp_path / "IMG_1.jpg"
    shown.write_bytes(canonical(package.disclosure))
    picture.write_bytes(package.originals["月港.jpg"])
    assert put(page, [shown, picture]) == "valid"
    said = page.inner_text("#desk")
    assert "IMG_1.jpg" in said and "月港.jpg" in said and "共有 2 个文件" in said and "notes.txt" not in said
    assert overflow(page) <= 0
    if shots:
        page.screenshot(path=shots / "result-disclosure-zh-phone.png", full_page=True)


def test_the_command_line_says_the_same(node, package, tmp_path):
    data = ["--data", node.folder / "data"]
    archive = package.zip(tmp_path / "package.zip")
    said = json.loads(shiyin("verify", archive, *data, "--json"))
    assert said["verdict"] == "valid"
    assert {one["kind"]: one["genuine"] for one in said["subjects"]} == {"package": "valid", "record": "valid"}
    assert "is genuine" in shiyin("verify", package.top, *data).decode()
    assert json.loads(shiyin("verify", package.folder / "record.json", *data, "--json"))["verdict"] == "valid"
    less = package.zip(tmp_path / "less.zip", without=("package.tsr",))
    said = json.loads(shiyin("verify", less, *data, "--json", code=None))
    assert said["verdict"] == "incomplete"
    record = next(one for one in said["subjects"] if one["kind"] == "record")
    assert (record["genuine"], record["same"], record["record"]["number"]) == ("valid", True, package.number)
