"""Originals deposited with a tus client that others wrote (tuspy), over a real connection, by a node that dies."""

import base64
import hashlib
import os
import random
import re
import urllib.error
import urllib.request

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from conftest import Node
from people import Mailbox, register

MIB = 1 << 20


class Deposit:
    """A node with two places for originals, and a program's key of somebody who has an account there."""

    def __init__(self, folder, visit):
        self.folder = folder
        (folder / "mail-password").write_text("mail password\n")
        self.mailbox = Mailbox(folder)
        places = "".join(f'[[vault.place]]\nname = "{name}"\nfolder = "{folder}/{name}"\n' for name in ["hall", "away"])
        self.node = Node(folder, settings=f"{self.mailbox.config()}\n{places}\n[holdings]\nfile_max_gb = 1\nreserve_gb = 0\n")
        page = visit(f"{self.node.url}/register", "en").page
        register(page, self.node, self.mailbox, "Lin")
        page.goto(f"{self.node.url}/account/keys")
        page.fill("[name=label]", "camera")
        for scope in ["holdings:read", "holdings:write"]:
            page.check(f"input[value='{scope}']")
        page.click("main form button >> nth=0")
        self.key = page.inner_text("pre code")

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.key}", "Accept-Language": "en"}

    def uploader(self, path, place=None, **more):
        client = TusClient(f"{self.node.url}/uploads", headers=self.headers)
        metadata = {"filename": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        url = f"{self.node.url}{place}" if place else None
        return client.uploader(str(path), url=url, metadata={**metadata, **more.pop("metadata", {})}, **more)

    def fetch(self, holding, **headers):
        request = urllib.request.Request(f"{self.node.url}/api/v1/holdings/{holding}", headers={**self.headers, **headers})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read(), answer.headers

    def holding(self, uploader):
        request = urllib.request.Request(uploader.url, method="HEAD", headers={**self.headers, "Tus-Resumable": "1.0.0"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.headers["Upload-Holding"]

    def stop(self):
        self.node.stop()
        self.mailbox.stop()


@pytest.fixture
def deposit(tmp_path_factory, visit):
    deposit = Deposit(tmp_path_factory.mktemp("deposit"), visit)
    yield deposit
    deposit.stop()


def written(path, size, seed):
    source = random.Random(seed)
    with path.open("wb") as file:
        for at in range(0, size, 16 * MIB):
            file.write(source.randbytes(min(16 * MIB, size - at)))
    return path


def test_another_client_deposits_and_goes_on_after_kill_9(deposit):
    path = written(deposit.folder / "月港.mov", 40 * MIB + 123, 1)
    content = path.read_bytes()
    uploader = deposit.uploader(path, chunk_size=3 * MIB, upload_checksum=True)
    uploader.upload(stop_at=12 * MIB)
    place = uploader.url.removeprefix(deposit.node.url)
    for stop_at in [18 * MIB, 30 * MIB, None]:
        deposit.node.server.kill()
        deposit.node.server.wait(timeout=30)
        with pytest.raises((TusCommunicationError, TusUploadFailed, OSError)):
            uploader.upload_chunk()
        told = uploader.offset
        deposit.node.start()
        uploader = deposit.uploader(path, place, chunk_size=3 * MIB)
        assert uploader.offset == told, "what was told of is there"
        uploader.upload(stop_at=stop_at)
    holding = deposit.holding(uploader)
    whole, headers = deposit.fetch(holding)
    assert whole == content
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert headers["Content-Disposition"].startswith("attachment;")
    part, _ = deposit.fetch(holding, Range="bytes=30000001-30999999")
    assert part == content[30000001:31000000]
    for folder in ["hall", "away", "data"]:
        for file in (deposit.folder / folder).rglob("*"):
            assert not file.is_file() or content[1000:1032] not in file.read_bytes(), file


def test_a_large_file_takes_little_memory(deposit):
    path = written(deposit.folder / "large.bin", 400 * MIB, 2)
    uploader = deposit.uploader(path, chunk_size=400 * MIB)
    uploader.upload()
    holding = deposit.holding(uploader)
    digest = hashlib.sha256()
    request = urllib.request.Request(f"{deposit.node.url}/api/v1/holdings/{holding}", headers=deposit.headers)
    with urllib.request.urlopen(request, timeout=300) as answer:
        while piece := answer.read(MIB):
            digest.update(piece)
    assert digest.hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()
    status = open(f"/proc/{deposit.node.server.pid}/status").read()
    high_kib = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))
    print(f"{high_kib // 1024} MiB of memory at most")
    assert high_kib < 300 * 1024
    path.unlink()


def test_refusals_reach_the_client_with_their_remedy(deposit):
    path = written(deposit.folder / "a.bin", 200_000, 3)
    wrong = deposit.uploader(path, metadata={"sha256": "0" * 64})
    with pytest.raises(TusUploadFailed) as failed:
        wrong.upload()
    assert failed.value.status_code == 460 and b"hash it again" in failed.value.response_content
    sparse = deposit.folder / "sparse.bin"
    with sparse.open("wb") as file:
        os.truncate(file.fileno(), 1_000_000_001)
    client = TusClient(f"{deposit.node.url}/uploads", headers=deposit.headers)
    with pytest.raises(TusCommunicationError) as failed:
        client.uploader(str(sparse)).upload()
    assert failed.value.status_code == 413 and b"one file may have" in failed.value.response_content.lower()
    # Nothing of a refused upload is there.
    with pytest.raises(urllib.error.HTTPError) as gone:
        deposit.holding(wrong)
    assert gone.value.code == 404
