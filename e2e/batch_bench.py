"""Sends one batch of files through the API and fetches every certificate; prints JSON for `make bench`.

Usage: SHIYIN=PROGRAM batch_bench.py FILES. One record and one signed certificate for each file; the certificates are
fetched by four connections at a time, as the Python client does it."""

import hashlib
import http.client
import json
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from conftest import Node
from people import Mailbox, key_of

CONNECTIONS = 4


def main(files):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "mail-password").write_text("mail password\n")
        mailbox = Mailbox(folder)
        limits = "[api]\nrequests_per_second = 1000\nburst = 1000\n"
        node = Node(folder, settings=f"{mailbox.config()}\n{limits}")
        try:
            headers = {"Authorization": f"Bearer {key_of(node, mailbox, ['records:read', 'records:write'])}"}
            place = urlsplit(node.url).netloc

            def ask(link, method, path, body=None):
                sent = json.dumps(body).encode() if body else None
                link.request(method, path, sent, {**headers, **({"Content-Type": "application/json"} if body else {})})
                answer = link.getresponse()
                return answer.status, answer.read()

            link = http.client.HTTPConnection(place, timeout=60)
            digests = [hashlib.sha256(str(at).encode()).hexdigest() for at in range(files)]
            items = [{"files": [{"path": f"{digest[:8]}.jpg", "size": 9, "digest": digest}]} for digest in digests]
            common = {"type": "photo", "published": False, "mode": "digest", "stage": "finished", "declaration": "I made it.",
                      "unrelated": True}
            began = time.monotonic()
            status, said = ask(link, "POST", "/api/v1/batches", {"common": common, "items": items})
            assert status == 202, said
            batch = json.loads(said)["id"]
            while True:
                page = json.loads(ask(link, "GET", f"/api/v1/batches/{batch}?limit=1000")[1])
                if page["batch"]["state"] == "done":
                    break
                time.sleep(0.1)
            assert page["batch"]["made"] == files, page["batch"]
            recorded = time.monotonic() - began
            waiting, lengths = [one["certificate"] for one in page["results"]], []

            def fetch():
                link = http.client.HTTPConnection(place, timeout=60)
                while True:
                    try:
                        path = waiting.pop()
                    except IndexError:
                        return
                    status, body = ask(link, "GET", path)
                    assert status == 200 and body.startswith(b"%PDF-"), (status, body[:300])
                    lengths.append(len(body))

            threads = [threading.Thread(target=fetch) for _ in range(CONNECTIONS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            took = time.monotonic() - began
            assert len(lengths) == files, "every file has its certificate"
            print(json.dumps({"files": files, "records_s": recorded, "all_s": took}))
        finally:
            node.stop()
            mailbox.stop()


main(int(sys.argv[1]))
