"""The operator guide against the program: its commands, keys, figures and pages are there, and both languages say the same."""

import re
import socket
import subprocess
import urllib.request

import pytest

from conftest import ROOT, SHIYIN, Node, Sources, shiyin

GUIDE = ROOT / "docs/operator"
CHAPTERS = sorted(path.stem for path in (GUIDE / "en").glob("*.md"))
BOTH = [(lang, chapter) for lang in ("zh", "en") for chapter in CHAPTERS]
# Sections that are there whole or not at all, with what they cannot do without.
WHOLE = {
    "keys.pkcs11": "", "serve.tls": 'certificate = "a"\nkey = "b"\n', "serve.tls.acme": "", "storage.s3": "", "vault.place[]": 'name = "a"\n',
    "vault.place[].s3": "", "external.authority[]": "", "mail": "", "identity.provider": "", "billing.wechat": "",
}
# Two shapes of one table: the program refuses a key without naming the others.
SHAPES = {"clock.source[]", "serve.tls", "serve.tls.acme"}


def text(lang, chapter):
    return (GUIDE / lang / f"{chapter}.md").read_text()


def blocks(page, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def prose(page):
    return re.sub(r"^```.*?^```$", "", page, flags=re.DOTALL | re.MULTILINE)


def shape(page):
    """Headings by level, commands and configurations, rows of tables, items of lists, pictures: in their order."""
    lines = [re.match(r"#+ |\||\d+\. |- |!\[", line) for line in prose(page).splitlines()]
    kinds = [found.group(0)[0] if found.group(0)[0].isdigit() else found.group(0) for found in lines if found]
    return kinds, blocks(page, "sh"), len(blocks(page, "text")), len(blocks(page, "toml"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_both_languages_say_the_same(chapter):
    zh, en = shape(text("zh", chapter)), shape(text("en", chapter))
    assert zh[0] == en[0], "headings, rows, items and pictures"
    statement = [command.replace("--lang zh > statement.md", "--lang en > statement.md") for command in zh[1]]
    assert statement == en[1], "commands"
    assert zh[2:] == en[2:]
    assert sorted(path.stem for path in (GUIDE / "zh").glob("*.md")) == CHAPTERS
    # A title, a lead of one line, and parts: as the pages of the guide take it.
    for lang in ("zh", "en"):
        assert re.match(r"# [^\n]+\n\n[^\n#|]+\n\n## ", text(lang, chapter)), lang


@pytest.mark.parametrize("lang,chapter", BOTH)
def test_what_is_linked_exists(lang, chapter):
    page = text(lang, chapter)
    for target in re.findall(r"\]\(([^)]+)\)", page):
        assert (GUIDE / lang / target).resolve().is_file(), target
    contents = text(lang, "parts")
    assert chapter == "parts" or f"({chapter}.md)" in contents, "every chapter is in the table of the first"


def test_every_picture_is_used():
    for lang in ("zh", "en"):
        used = {name for chapter in CHAPTERS for name in re.findall(r"\(\.\./pictures/([^)]+)\)", text(lang, chapter))}
        kept = {path.name for path in (GUIDE / "pictures").glob(f"*-{lang}.png")}
        assert used == kept, lang


def test_the_node_serves_every_chapter_and_picture():
    served = (ROOT / "crates/exhibit/src/help/mod.rs").read_text()
    for name in [*CHAPTERS, *(path.name for path in (GUIDE / "pictures").iterdir())]:
        assert f'"{name}"' in served, name


def commands(page):
    """The acts of the program that a page names, in its blocks and in its sentences."""
    lines = [line for block in blocks(page, "sh") + blocks(page, "text") for line in block.splitlines() if "shiyin " in line]
    lines = [line for line in lines if re.match(r"(runuser -u shiyin -- )?shiyin ", line)]
    inline = re.findall(r"`((?:runuser -u shiyin -- )?shiyin [^`]+)`", prose(page))
    return [line.removeprefix("runuser -u shiyin -- ").split(" > ")[0] for line in lines + inline]


HELP = {}


def options(path):
    """The words that follow in the help of a command, and its options."""
    if path not in HELP:
        said = shiyin(*path, "--help").decode()
        below = re.search(r"^Commands:\n(.*?)\n\n", said, re.DOTALL | re.MULTILINE)
        below = set(re.findall(r"^  ([a-z-]+)", below.group(1), re.MULTILINE)) if below else set()
        HELP[path] = below, set(re.findall(r"(--[a-z-]+)", said)) | {"--version"}
    return HELP[path]


@pytest.mark.parametrize("lang,chapter", BOTH)
def test_its_commands_are_the_programs(lang, chapter):
    for line in commands(text(lang, chapter)):
        path, words = (), line.split()[1:]
        while words and words[0] in options(path)[0]:
            path, words = (*path, words[0]), words[1:]
        assert path or line.split()[1].startswith("-") or "…" in line, f"no such command: {line}"
        assert not options(path)[0] or not path, f"half a command: {line}"
        for flag in re.findall(r"(?<!\S)(--[a-z-]+)", line):
            assert flag in options(path)[1] or flag == "--lang", f"{flag} in: {line}"


def table(lang):
    """The keys of the configuration with their defaults, as a chapter has them."""
    return re.findall(r"^\| `([a-z0-9_.\[\]]+)` \| (.*?) \| ", text(lang, "configuration"), re.MULTILINE)


def test_both_languages_have_the_same_keys_and_defaults():
    words = {"必填": "required", "无": "none"}
    assert [(key, words.get(default, default)) for key, default in table("zh")] == table("en")


def expected(folder, section, key="nothing-of-that-name"):
    """The keys that the program says a section may have, asked with one that no section has."""
    above = section.split(".s3")[0]
    head = f"[[{above[:-2]}]]\n{WHOLE.get(above, '')}" if above.endswith("[]") else ""
    name = section.replace("[]", "")
    opened = "" if not section or section.endswith("[]") else f"[{name}]\n"
    (folder / "shiyin.toml").write_text(f"{head}{opened}{key} = 1\n")
    said = subprocess.run([SHIYIN, "doctor", "--data", folder, "--lang", "en"], capture_output=True, text=True, timeout=60).stderr
    found = re.search(r"unknown field `nothing-of-that-name`, expected (.*)", said)
    assert found, f"[{section}]: {said}"
    return set(re.findall(r"`([a-z0-9_]+)`", found.group(1)))


def test_every_key_of_the_configuration_is_there(tmp_path):
    listed = {}
    for key, _ in table("en"):
        *above, last = key.split(".")
        for depth in range(len(above) + 1):
            section = ".".join(above[:depth])
            below = (above + [last])[depth].removesuffix("[]")
            listed.setdefault(section, set()).add(below)
    for section, keys in listed.items():
        if section not in SHAPES:
            assert expected(tmp_path, section) == keys, f"[{section}]"


def read_well(folder, config):
    """Whether the program reads a configuration; files that it names need not be there."""
    (folder / "shiyin.toml").write_text(config)
    said = subprocess.run([SHIYIN, "doctor", "--data", folder, "--lang", "en"], capture_output=True, text=True, timeout=60)
    assert "shiyin.toml cannot be read" not in said.stderr, f"{config}\n{said.stderr}"


def test_the_keys_of_tables_with_two_shapes(tmp_path):
    for config in ['[[clock.source]]\nntp = "a"\n', '[[clock.source]]\nchrony = "a"\nprogram = "b"\n',
                   '[serve.tls]\ncertificate = "a"\nkey = "b"\n',
                   '[serve.tls.acme]\ndirectory = "a"\ncontact = "b"\nagree_to_terms = true\nroot = "c"\n']:
        read_well(tmp_path, config)
    keys = {key for key, _ in table("en")}
    for section, names in [("clock.source[]", ["ntp", "chrony", "program"]), ("serve.tls", ["certificate", "key"]),
                           ("serve.tls.acme", ["directory", "contact", "agree_to_terms", "root"])]:
        assert {f"{section}.{name}" for name in names} == {key for key in keys if re.fullmatch(re.escape(section) + r"\.\w+", key)}


@pytest.mark.parametrize("lang,chapter", BOTH)
def test_its_configurations_are_read(tmp_path, lang, chapter):
    for config in blocks(text(lang, chapter), "toml"):
        read_well(tmp_path, config)


def test_its_figures_and_pages_are_the_nodes(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sources = Sources()
    node = Node(tmp_path, f"""
[operator]
name = "青屿存证有限公司"
country = "CN"
registration = "91110000MA0000000X"
address = "北京市海淀区示例路 1 号"
contact = "security@shiyin.example"
relation = "independent"
[public]
url = "https://shiyin.example"
[serve]
metrics = "127.0.0.1:{port}"
[clock]
{sources.config()}""")
    try:
        node.write("a.txt", b"a")
        node.stamp("a.txt")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            figures = set(re.findall(r"^(shiyin_\w+)", answer.read().decode(), re.MULTILINE))
        for path in ["/healthz", "/readyz"]:
            with urllib.request.urlopen(node.url + path) as answer:
                assert answer.read() == b"ok\n"
    finally:
        node.stop()
    routes = "".join((ROOT / path).read_text() for path in
                     ["crates/exhibit/src/tests/authorisation.rs", "crates/intake/src/tests/authorisation.rs"])
    for lang, chapter in BOTH:
        page = text(lang, chapter)
        for name in re.findall(r"\b(shiyin_[a-z_]+)\b", page):
            assert any(figure.startswith(name) for figure in figures), name
        for path in re.findall(r"`(/(?:operator|administrator|report|prices|authority|billing)[a-z/]*)`", page):
            assert f'"{path}"' in routes or f"{path.rsplit('/', 1)[0]}/{{" in routes, path
