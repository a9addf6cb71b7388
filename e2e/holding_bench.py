"""Deposits one large file over HTTP and reads out of the middle of it; prints JSON for `make bench`.

Usage: SHIYIN=PROGRAM holding_bench.py BYTES SEEKS (the bytes are made on the way, so that only the node writes them).
Beside the node's figures stands the peer: the same bytes written plainly to the same disk and made durable, in the
same run, before and after. The sender hashes before the clock starts: people hash on machines of their own."""

import base64
import hashlib
import http.client
import json
import os
import random
import re
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from conftest import Node
from people import Mailbox, key_of

MIB = 1 << 20
BLOCK = 8 * MIB
SEEK = MIB


def content(numbers, size, noise):
    """The content's blocks, no two of them equal, each in the room of the one before."""
    for number in numbers:
        noise[:8] = number.to_bytes(8, "big")
        yield memoryview(noise)[: min(BLOCK, size - number * BLOCK)]


def plain_write(folder, size, noise):
    """Bytes a second of a plain write, made durable at its end."""
    path = folder / "plain"
    began = time.monotonic()
    with path.open("wb") as file:
        for piece in content(range(-(-size // BLOCK)), size, noise):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    took = time.monotonic() - began
    path.unlink()
    return size / took


def main(size, seeks):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "mail-password").write_text("mail password\n")
        mailbox = Mailbox(folder)
        limits = "[holdings]\nquota_gb = 1000\nfile_max_gb = 1000\nreserve_gb = 0\n"
        node = Node(folder, settings=f"{mailbox.config()}\n{limits}")
        try:
            key = key_of(node, mailbox, ["holdings:read", "holdings:write"])
            headers = {"Authorization": f"Bearer {key}", "Tus-Resumable": "1.0.0"}
            noise = bytearray(random.Random(1).randbytes(BLOCK))
            digest, pieces, sent = hashlib.sha256(), list(range(-(-size // BLOCK))), 0
            for piece in content(pieces, size, noise):
                digest.update(piece)
            plain = [plain_write(folder, size // 2, noise)]
            link = http.client.HTTPConnection(urlsplit(node.url).netloc, timeout=600)

            def ask(method, path, body=None, **more):
                link.request(method, path, body, {**headers, **more})
                answer = link.getresponse()
                return answer, answer.read()

            began = time.monotonic()
            answer, _ = ask("POST", "/uploads", **{"Upload-Length": str(size)})
            place = answer.headers["Location"]
            # As from a browser, the digest goes with the last block.
            for numbers in [pieces[:-1], pieces[-1:]]:
                length, told = min(len(numbers) * BLOCK, size - sent), {}
                body = content(numbers, size, noise)
                if sent + length == size:
                    told = {"Upload-Metadata": f"sha256 {base64.b64encode(digest.hexdigest().encode()).decode()}"}
                answer, said = ask("PATCH", place, body, **told, **{
                    "Upload-Offset": str(sent), "Content-Length": str(length),
                    "Content-Type": "application/offset+octet-stream"})
                assert answer.status == 204, said
                sent += length
            answer, _ = ask("HEAD", place)
            holding, took = answer.headers["Upload-Holding"], time.monotonic() - began
            # A connection on which nobody speaks is not kept as long as this takes.
            link.close()
            plain.append(plain_write(folder, size // 2, noise))
            waits = []
            for _ in range(seeks):
                at = random.randrange(size - SEEK)
                began = time.monotonic()
                answer, read = ask("GET", f"/api/v1/holdings/{holding}", Range=f"bytes={at}-{at + SEEK - 1}")
                waits.append((time.monotonic() - began) * 1000)
                first, end = at // BLOCK, (at + SEEK - 1) // BLOCK + 1
                whole = b"".join(map(bytes, content(range(first, end), size, noise)))
                assert answer.status == 206 and read == whole[at - first * BLOCK :][:SEEK]
            status = Path(f"/proc/{node.server.pid}/status").read_text()
            waits.sort()
            print(json.dumps({
                "bytes": size, "deposit_bytes_s": size / took, "plain_bytes_s": sum(plain) / len(plain),
                "ratio": size / took / (sum(plain) / len(plain)),
                "memory_mib": int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) // 1024,
                "seek_ms_p50": waits[len(waits) // 2], "seek_ms_max": waits[-1]}))
        finally:
            node.stop()
            mailbox.stop()


main(int(sys.argv[1]), int(sys.argv[2]))
