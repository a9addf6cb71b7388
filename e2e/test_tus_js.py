"""Originals deposited with tus-js-client, the client that most pages use, from Node over a real connection."""

import hashlib
import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from test_originals import MIB, deposit, written  # noqa: F401

SCRIPT = Path(__file__).with_name("tus.mjs")


class Client:
    """A run of tus-js-client; what it says, line by line."""

    def __init__(self, deposit, paths, **order):
        files = [{"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in paths]
        order = {"url": deposit.node.url, "key": deposit.key, "files": files, **order}
        self.process = subprocess.Popen(["node", SCRIPT, json.dumps(order)], stdout=subprocess.PIPE, text=True)

    def lines(self):
        for line in self.process.stdout:
            yield json.loads(line)

    def steps(self):
        """All that it does until it ends by itself."""
        found = list(self.lines())
        assert self.process.wait(timeout=60) == 0
        return found

    def until(self, step, accepted=0):
        """What it does until it said this; then it is killed."""
        found = []
        for line in self.lines():
            found.append(line)
            if line["step"] == step and line.get("accepted", 0) >= accepted:
                break
        self.process.kill()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        return found


def only(steps, step):
    found = [line for line in steps if line["step"] == step]
    assert found, steps
    return found


def test_what_is_paused_goes_on_and_arrives_as_it_was(deposit):  # noqa: F811
    path = written(deposit.folder / "月港.mov", 20 * MIB + 77, 1)
    steps = Client(deposit, [path], chunk=3 * MIB, pauses=[6 * MIB, 15 * MIB]).steps()
    assert len(only(steps, "paused")) == 2
    told = [line["accepted"] for line in only(steps, "told")]
    assert told == sorted(set(told)) and told[-1] == 20 * MIB + 77, "nothing was sent twice"
    [done] = only(steps, "done")
    whole, headers = deposit.fetch(done["holding"])
    assert hashlib.sha256(whole).digest() == hashlib.sha256(path.read_bytes()).digest()
    assert "%E6%9C%88%E6%B8%AF.mov" in headers["Content-Disposition"]


def test_a_client_that_is_killed_finds_its_upload_again(deposit):  # noqa: F811
    path = written(deposit.folder / "a.mov", 24 * MIB + 5, 2)
    store = str(deposit.folder / "uploads.json")
    at = 0
    for accepted in [6 * MIB, 14 * MIB]:
        steps = Client(deposit, [path], chunk=2 * MIB, store=store).until("told", accepted)
        assert only(steps, "begun")[0]["before"] == (1 if at else 0)
        told = [line["accepted"] for line in only(steps, "told")]
        assert told[0] > at, "it goes on where it was"
        at = told[-1]
    steps = Client(deposit, [path], store=store).steps()
    assert only(steps, "begun")[0]["before"] == 1
    [done] = only(steps, "done")
    assert deposit.fetch(done["holding"])[0] == path.read_bytes()
    # The same file once more is the same original.
    steps = Client(deposit, [path], chunk=5 * MIB, store=store, with_creation=True).steps()
    assert only(steps, "begun")[0]["before"] == 0
    assert only(steps, "done")[0]["holding"] == done["holding"]


def test_several_files_come_at_once(deposit):  # noqa: F811
    paths = [written(deposit.folder / f"{number}.bin", number * MIB + number, number) for number in range(1, 7)]
    steps = Client(deposit, paths, chunk=MIB).steps()
    done = {line["path"]: line["holding"] for line in only(steps, "done")}
    assert len(set(done.values())) == 6
    for path in paths:
        assert deposit.fetch(done[str(path)])[0] == path.read_bytes()
    order = [line["path"] for line in only(steps, "told")]
    assert order != sorted(order), "none waited for another"


def test_refusals_are_plain(deposit):  # noqa: F811
    path = written(deposit.folder / "a.bin", 3 * MIB, 3)
    # Parts of one file in parallel are refused before a byte of them is sent.
    steps = Client(deposit, [path], parallel=2).steps()
    [failed, *_] = only(steps, "failed")
    assert failed["status"] == 501 and json.loads(failed["body"])["code"] == "concatenation"
    assert "parallelUploads" in failed["body"] and not [line for line in steps if line["step"] == "told"]
    # Content that is not what was hashed.
    client = Client.__new__(Client)
    order = {"url": deposit.node.url, "key": deposit.key, "files": [{"path": str(path), "sha256": "0" * 64}]}
    client.process = subprocess.Popen(["node", SCRIPT, json.dumps(order)], stdout=subprocess.PIPE, text=True)
    [failed] = only(client.steps(), "failed")
    assert failed["status"] == 460 and json.loads(failed["body"])["code"] == "digest"
    # What is given up is gone.
    steps = Client(deposit, [path], chunk=MIB, pauses=[MIB], terminate=True).steps()
    [paused] = only(steps, "paused")
    request = urllib.request.Request(paused["url"], method="HEAD", headers={**deposit.headers, "Tus-Resumable": "1.0.0"})
    with pytest.raises(urllib.error.HTTPError) as gone:
        urllib.request.urlopen(request, timeout=30)
    assert gone.value.code == 404
