"""The client against a real node, named by SHIYIN_URL and SHIYIN_KEY (records, webhooks: read and write)."""

import os
import uuid

import pytest

from shiyin import Node, Problem, hash_file

WORDS = {"type": "photo", "stage": "finished", "declaration": "I made it.", "unrelated": True}


@pytest.fixture(scope="module")
def node():
    return Node(os.environ["SHIYIN_URL"], os.environ["SHIYIN_KEY"])


def test_from_a_file_to_its_certificate(node, tmp_path):
    path = tmp_path / "月港.txt"
    path.write_bytes(os.urandom(3_000_000))
    name = uuid.uuid4().hex
    [record] = node.protect([path], title="Harbour", key=name, **WORDS)
    assert node.protect([path], title="Harbour", key=name, **WORDS) == [record]
    record = node.wait(record.number)
    assert record.state == "kept" and record.no_later_than and record.title == "Harbour"
    assert node.certificate(record.number, tmp_path / "a.pdf").read_bytes().startswith(b"%PDF-")
    assert node.package([record.number], tmp_path / "a.zip").read_bytes().startswith(b"PK")
    assert node.token(record.number, tmp_path / "a.tsr").stat().st_size > 500
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.pdf", "a.tsr", "a.zip", "月港.txt"]


def test_every_record_comes_once(node, tmp_path):
    for number in range(105):
        (tmp_path / f"{number}.txt").write_text(f"{uuid.uuid4()}")
    files = [hash_file(path) for path in sorted(tmp_path.iterdir())]
    made = node.protect(files, title="Album", each=True, **WORDS)
    assert len(made) == 105
    seen = [record.number for record in node.records()]
    assert len(seen) == len(set(seen)) and {record.number for record in made} <= set(seen)


def test_a_refusal_has_a_remedy(node, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(Problem) as told:
        node.protect([tmp_path / "a.txt"], title="", **WORDS)
    assert (told.value.status, told.value.code, told.value.field) == (422, "field", "title")
    assert told.value.remedy and told.value.instance and told.value.remedy in str(told.value)
    with pytest.raises(Problem) as told:
        node.record("SY-0")
    assert told.value.status == 404
    with pytest.raises(Problem) as told:
        Node(node.url, "shiyin_x.y").vocabulary()
    assert told.value.status == 401
    with pytest.raises(ValueError):
        Node("http://elsewhere.example", "shiyin_x.y")
