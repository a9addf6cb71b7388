"""Many people at once: sessions that read, search, verify, stamp and keep records; prints JSON for `make bench`.

Usage: SHIYIN=PROGRAM [DATABASE=postgres://…] load_bench.py PEOPLE SECONDS. Each person has an account, a session, a key
and records of their own, does one thing after another and thinks for half a second to a second and a half in between.
The same machine plays the people; what they wait for their own processor counts as waiting for the node.

After that it counts what a stamp costs the node alone: processor time of the node and of its database, and bytes
written to the disk, by one kind of stamp after the other."""

import base64
import hashlib
import http.client
import json
import os
import random
import re
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from conftest import Node
from people import PASSWORD, Mailbox

RECORDS = 5
COST_STAMPS = 500
# How often each thing is done, out of all.
MIX = {
    "home": 8, "records": 14, "search": 5, "record": 18, "works": 6, "work": 6, "account": 4, "history": 3, "help": 5,
    "authority": 3, "verify": 6, "public record": 8, "API: records": 4,
    "certificate": 3, "API: verify a token": 2, "token": 3, "new record": 2,
}
# Pages, that is everything that makes no signature of its own.
PAGES = list(MIX)[:13]


def digest(*parts):
    return hashlib.sha256(" ".join(map(str, parts)).encode())


def token_request(of):
    """A request of RFC 3161 for a token over 32 bytes, with its certificates."""
    imprint = bytes.fromhex("3031300d060960864801650304020105000420") + of
    return b"\x30" + bytes([3 + len(imprint) + 3]) + b"\x02\x01\x01" + imprint + b"\x01\x01\xff"


def draft(*parts):
    return {"type": "photo", "title": f"月港 {parts[-1]}", "published": False, "mode": "digest", "stage": "finished",
            "declaration": "I made it.", "unrelated": True,
            "files": [{"path": "月港.jpg", "size": 9, "digest": digest(*parts).hexdigest()}]}


class Person:
    """One session of one person, over one connection."""

    def __init__(self, node, number):
        self.link = http.client.HTTPConnection(urlsplit(node.url).netloc, timeout=60)
        self.number, self.cookies, self.form_token, self.random = number, {}, "", random.Random(number)
        self.waits, self.faults, self.made = [], [], 0

    def ask(self, method, path, body=None, expected=(200,), **headers):
        if "Authorization" not in headers:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        # A proxy in front tells the addresses of people apart.
        headers |= {"X-Forwarded-For": f"10.0.{self.number >> 8}.{self.number & 255}", "Accept-Language": "en"}
        self.link.request(method, path, body, headers)
        answer = self.link.getresponse()
        said = answer.read()
        for name, value in answer.headers.items():
            if name.lower() == "set-cookie":
                cookie, value = value.split(";")[0].split("=", 1)
                self.cookies[cookie] = value
        token = re.search(rb'name="form_token" value="([^"]*)"', said)
        if token:
            self.form_token = token.group(1).decode()
        assert answer.status in expected, f"{method} {path}: {answer.status} {said[:300]}"
        return said

    def post(self, path, fields, expected=(303,)):
        body = urlencode([("form_token", self.form_token), *fields])
        return self.ask("POST", path, body, expected, **{"Content-Type": "application/x-www-form-urlencoded"})

    def program(self, method, path, body=None, expected=(200,)):
        headers = {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return self.ask(method, path, body and json.dumps(body), expected, **headers)

    def keep(self, *parts):
        return json.loads(self.program("POST", "/api/v1/works", draft(*parts), (200, 201)))["records"][0]

    def settle(self, mailbox):
        """Registers, takes a key and keeps the first records."""
        mail = f"person{self.number}@people.example"
        self.ask("GET", "/register")
        self.post("/register", [("name", f"Person {self.number}"), ("mail", mail), ("password", PASSWORD),
                                ("terms", "on"), ("privacy", "on")])
        self.ask("GET", "/register/code")
        self.post("/register/code", [("code", mailbox.code(mail))])
        self.ask("GET", "/account/keys")
        scopes = [("scope", scope) for scope in ["records:read", "records:write"]]
        said = self.post("/account/keys", [("label", "bench"), ("days", "90"), *scopes], (200,))
        self.key = re.search(r"<pre[^>]*><code>([^<]+)", said.decode()).group(1).strip()
        self.numbers = [self.keep(self.number, at)["number"] for at in range(RECORDS)]
        works = self.ask("GET", "/works").decode()
        self.works = sorted(set(re.findall(r'href="(/works/[A-Za-z0-9-]+)"', works)))
        assert self.works, "a record has a work"
        name = f"/api/v1/records/{self.numbers[0]}/record.tsr"
        self.token = base64.b64encode(self.program("GET", name)).decode()

    def act(self, what):
        number = self.random.choice(self.numbers)
        match what:
            case "home":
                self.ask("GET", "/")
            case "records":
                self.ask("GET", "/records")
            case "search":
                self.ask("GET", "/records?" + urlencode({"q": "月港"}))
            case "record":
                self.ask("GET", f"/records/{number}")
            case "works":
                self.ask("GET", "/works")
            case "work":
                self.ask("GET", self.random.choice(self.works))
            case "account":
                self.ask("GET", "/account")
            case "history":
                self.ask("GET", "/account/history")
            case "help":
                self.ask("GET", "/help/protect")
            case "authority":
                self.ask("GET", "/authority")
            case "verify":
                self.ask("GET", "/verify")
            case "public record":
                self.ask("GET", f"/v/{number}")
            case "API: records":
                self.program("GET", "/api/v1/records?limit=20")
            case "certificate":
                assert self.ask("GET", f"/records/{number}/certificate.pdf").startswith(b"%PDF-")
            case "API: verify a token":
                report = self.ask("POST", "/api/v1/verify", json.dumps({"token": self.token, "digests": {}}),
                                  **{"Content-Type": "application/json"})
                assert json.loads(report)["verdict"], report
            case "token":
                self.ask("POST", "/tsa", token_request(self.random.randbytes(32)),
                         **{"Content-Type": "application/timestamp-query"})
            case "new record":
                self.made += 1
                self.numbers.append(self.keep(self.number, "more", self.made)["number"])

    def live(self, until):
        kinds, weights = list(MIX), list(MIX.values())
        # Nobody spoke on it while the others settled, and the node keeps no idle connection for long.
        self.link.close()
        time.sleep(self.random.uniform(0, 1.5))
        while time.monotonic() < until:
            what = self.random.choices(kinds, weights)[0]
            began = time.monotonic()
            try:
                self.act(what)
            except Exception as fault:  # Whatever it is, it counts as an error of the node.
                self.faults.append(f"{what}: {fault}")
                self.link.close()
            else:
                self.waits.append((what, (time.monotonic() - began) * 1000))
            time.sleep(self.random.uniform(0.5, 1.5))


class Account:
    """Processor time and bytes written, of the node and of its database, since this was made."""

    def __init__(self, node, is_postgres):
        self.pids, self.is_postgres = [node.server.pid], is_postgres
        self.began = self._now()

    def _now(self):
        names = lambda pid: Path(f"/proc/{pid}/comm").read_text().strip()
        database = [int(pid.name) for pid in Path("/proc").iterdir()
                    if self.is_postgres and pid.name.isdigit() and pid.exists() and names(pid.name) == "postgres"]
        ticks, written = [0, 0], 0
        for group, pids in enumerate([self.pids, database]):
            for pid in pids:
                try:
                    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                    # A backend that has ended is counted by the server that waited for it, which is in the list too.
                    ticks[group] += sum(map(int, fields[11:13])) + (sum(map(int, fields[13:15])) if group else 0)
                    written += int(re.search(r"^write_bytes: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.M).group(1))
                except FileNotFoundError:
                    pass
        return *ticks, written, time.monotonic()

    def each(self, stamps):
        node, database, written, took = (now - before for now, before in zip(self._now(), self.began))
        return {"node_ms": node * 10 / stamps, "database_ms": database * 10 / stamps, "written": written / stamps,
                "ms": took * 1000 / stamps}


def costs(node, person, is_postgres):
    """What one stamp costs, each kind over so many of them, by one connection and then in a batch."""
    def batch(stamps):
        common = {name: value for name, value in draft("").items() if name not in ("files", "title")}
        items = [{"files": draft("batch", at)["files"]} for at in range(stamps)]
        made = json.loads(person.program("POST", "/api/v1/batches", {"common": common, "items": items}, (202,)))
        while json.loads(person.program("GET", f"/api/v1/batches/{made['id']}"))["batch"]["state"] != "done":
            time.sleep(0.05)

    def each(act):
        return lambda stamps: [act(at) for at in range(stamps)]

    kinds = {
        "token over HTTP": each(lambda _: person.act("token")),
        "record of a file": each(lambda at: person.keep("cost", at)),
        "record in a batch": batch,
        "certificate": each(lambda at: person.ask("GET", f"/records/{numbers[at]}/certificate.pdf")),
    }
    found = {}
    for name, act in kinds.items():
        if name == "certificate":
            page, numbers = json.loads(person.program("GET", "/api/v1/records?limit=100")), []
            while len(numbers) < COST_STAMPS:
                numbers += [one["number"] for one in page["records"]]
                page = json.loads(person.program("GET", f"/api/v1/records?limit=100&after={page['next']}"))
        account = Account(node, is_postgres)
        act(COST_STAMPS)
        found[name] = account.each(COST_STAMPS)
    return found


def quantile(waits, share):
    return sorted(waits)[min(len(waits) - 1, int(len(waits) * share))]


def main(people, seconds):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "mail-password").write_text("mail password\n")
        mailbox = Mailbox(folder)
        settings = f"{mailbox.config()}\n[serve]\ntrusted_proxies = [\"127.0.0.1\"]\n[api]\nrequests_per_second = 0\n"
        if database := os.environ.get("DATABASE"):
            (folder / "database").write_text(database)
            settings += f'[storage]\ndatabase_file = "{folder}/database"\n'
        node = Node(folder, settings=settings)
        try:
            crowd = [Person(node, number) for number in range(people)]
            # Passwords are hashed slowly on purpose: few at a time.
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda one: one.settle(mailbox), crowd))
            account, until = Account(node, bool(database)), time.monotonic() + seconds
            threads = [threading.Thread(target=one.live, args=(until,)) for one in crowd]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            waits = [wait for one in crowd for wait in one.waits]
            faults = [fault for one in crowd for fault in one.faults]
            busy = account.each(1)
            kinds = {}
            for what, wait in waits:
                kinds.setdefault(what, []).append(wait)
            pages = [wait for what in PAGES for wait in kinds.get(what, [])]
            status = Path(f"/proc/{node.server.pid}/status").read_text()
            print(json.dumps({
                "requests": len(waits), "errors": len(faults), "faults": faults[:5], "per_s": len(waits) / seconds,
                "pages_ms": {"p50": quantile(pages, 0.5), "p99": quantile(pages, 0.99), "max": max(pages)},
                "kinds_ms": {what: [quantile(some, 0.5), quantile(some, 0.99)] for what, some in kinds.items()},
                "busy_cores": (busy["node_ms"] + busy["database_ms"]) / busy["ms"],
                "memory_mib": int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) // 1024,
                "costs": costs(node, crowd[0], bool(database))}))
        finally:
            node.stop()
            mailbox.stop()


main(int(sys.argv[1]), int(sys.argv[2]))
