"""The API as programs meet it: its document holds, its examples run, and others' tools find no fault with it."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import jsonschema_rs
import pytest
from axe_playwright_python.sync_playwright import Axe

from conftest import PHONE, ROOT, WIDE, Node
from people import Mailbox, register
from test_pages import overflow

SCOPES = ["account:read", "history:read", "records:read", "records:write", "holdings:read", "holdings:write",
          "webhooks:read", "webhooks:write"]


class Api:
    """A node, the key of somebody who has an account there, and the document."""

    def __init__(self, folder, visit):
        self.folder = folder
        (folder / "mail-password").write_text("mail password\n")
        self.mailbox = Mailbox(folder)
        # Others' tools send more in a second than a program would.
        self.node = Node(folder, settings=f"{self.mailbox.config()}\n[holdings]\nreserve_gb = 0\n[api]\nrequests_per_second = 0\n")
        page = visit(f"{self.node.url}/register", "en").page
        register(page, self.node, self.mailbox, "Lin")
        page.goto(f"{self.node.url}/account/keys")
        assert page.locator("a[href='/api']").count() == 1
        page.fill("[name=label]", "desk")
        for scope in SCOPES:
            page.check(f"input[value='{scope}']")
        page.click("main form button >> nth=0")
        self.key = page.inner_text("pre code")
        self.document = self.get("/api/v1/openapi.json")

    def ask(self, method, path, body=None, **headers):
        """Status, headers and body of an answer."""
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": "en", **headers}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.node.url}{path}", data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def get(self, path):
        status, _, body = self.ask("GET", path)
        assert status == 200, body
        return json.loads(body)

    def make(self, title="Harbour", **more):
        example = self.operation("protect")["requestBody"]["content"]["application/json"]["example"]
        status, _, body = self.ask("POST", "/api/v1/works", {**example, "title": title, **more})
        assert status == 201, body
        return json.loads(body)["records"][0]

    def operation(self, wanted):
        found = [one for at in self.document["paths"].values() for one in at.values() if one["operationId"] == wanted]
        assert len(found) == 1, wanted
        return found[0]

    def check(self, operation, status, body):
        """An answer is what the document says, to the last field."""
        [content] = self.operation(operation)["responses"][str(status)]["content"].values()
        schema = {**content["schema"], "components": self.document["components"]}
        jsonschema_rs.validator_for(schema).validate(body)
        self.closed(content["schema"], body)

    def closed(self, schema, body):
        """No field is told that the document does not have."""
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        for other in schema.get("anyOf", []) if body is not None else []:
            if other.get("type") != "null":
                self.closed(other, body)
        if isinstance(body, list):
            for item in body:
                self.closed(schema.get("items", {}), item)
        if isinstance(body, dict) and "properties" in schema:
            assert set(body) <= set(schema["properties"]), set(body) - set(schema["properties"])
            for name, value in body.items():
                self.closed(schema["properties"][name], value)

    def stop(self):
        self.node.stop()
        self.mailbox.stop()


@pytest.fixture
def api(tmp_path, visit):
    api = Api(tmp_path, visit)
    yield api
    api.stop()


def test_answers_are_what_the_document_says(api):
    assert api.document["openapi"] == "3.1.0" and len(api.document["paths"]) > 15
    made = api.make()
    number = made["number"]
    asked = {
        "getAccount": "/api/v1/account", "listHistory": "/api/v1/account/history?limit=2", "listWorks": "/api/v1/works",
        "getWork": f"/api/v1/works/{made['work']}", "getVocabulary": "/api/v1/vocabulary",
        "listRecords": "/api/v1/records?limit=1&state=kept", "getRecord": f"/api/v1/records/{number}",
        "getAuthority": "/api/v1/authority", "listWebhooks": "/api/v1/webhooks", "listEvents": "/api/v1/events?limit=1",
    }
    hook, delivery = webhook(api)
    asked |= {"getWebhook": f"/api/v1/webhooks/{hook}", "listDeliveries": f"/api/v1/webhooks/{hook}/deliveries",
              "getDelivery": f"/api/v1/deliveries/{delivery}"}
    for operation, path in asked.items():
        api.check(operation, 200, api.get(path))
    status, _, body = api.ask("POST", f"/api/v1/works/{made['work']}/whole")
    assert status == 200
    api.check("protectWhole", 200, json.loads(body))
    token = api.get(f"/api/v1/records/{number}")["token"]
    status, _, body = api.ask("POST", "/api/v1/verify", {"token": token, "digests": {"SHA-256": made["sha256"]}})
    report = json.loads(body)
    assert status == 200 and report["verdict"] != "invalid"
    api.check("verify", 200, report)
    for operation, path, status in [("getRecord", "/api/v1/records/SY-0", 404), ("listWorks", "/api/v1/works?after=x", 422)]:
        told, headers, body = api.ask("GET", path)
        assert (told, headers["Content-Type"]) == (status, "application/problem+json")
        api.check(operation, status, json.loads(body))
    # The examples of bodies are such bodies.
    for at in api.document["paths"].values():
        for one in at.values():
            for content in one.get("requestBody", {}).get("content", {}).values():
                if "example" in content:
                    schema = {**content["schema"], "components": api.document["components"]}
                    jsonschema_rs.validator_for(schema).validate(content["example"])


def webhook(api):
    """A webhook that nobody answers at, and a test that was sent there."""
    status, _, body = api.ask("POST", "/api/v1/webhooks", {"url": "http://127.0.0.1:9999/"})
    assert status == 201, body
    api.check("createWebhook", 201, json.loads(body))
    hook = json.loads(body)["webhook"]["id"]
    status, _, body = api.ask("POST", f"/api/v1/webhooks/{hook}/ping")
    assert status == 202, body
    api.check("pingWebhook", 202, json.loads(body))
    return hook, json.loads(body)["id"]


def test_a_certificate_and_a_package_of_several(api):
    numbers = [api.make(title)["number"] for title in ["One", "Two"]]
    status, headers, body = api.ask("GET", f"/api/v1/records/{numbers[0]}/certificate.pdf")
    assert status == 200 and body.startswith(b"%PDF-")
    status, headers, body = api.ask("POST", "/api/v1/packages", {"numbers": numbers})
    assert status == 200 and headers["Content-Type"] == "application/zip" and all(n.encode() in body for n in numbers)
    assert api.ask("POST", "/api/v1/packages", {"numbers": []})[0] == 422
    assert api.ask("POST", "/api/v1/packages", {"numbers": ["x"]})[0] == 404


def test_every_command_of_the_reference_runs(api, visit, tmp_path):
    made = api.make()
    begin = {one["name"]: one["example"] for one in api.operation("createUpload")["parameters"] if "example" in one}
    del begin["Idempotency-Key"]
    upload = api.ask("POST", "/uploads", **begin)[1]["Location"].rsplit("/", 1)[1]
    work = tmp_path / "commands"
    work.mkdir()
    (work / "hello.txt").write_bytes(b"hello world\n")
    for name in ["record.json", "record.tsr"]:
        (work / name).write_bytes(api.ask("GET", f"/api/v1/records/{made['number']}/{name}")[2])
    held = [json.loads(api.ask("POST", "/api/v1/batches", {**batch(api, 2), "hold": True})[2])["id"] for _ in range(4)]
    ids = {"getBatch": held[0], "editBatch": held[1], "confirmBatch": held[2], "endBatch": held[3], "getUpload": upload, "appendUpload": upload, "endUpload": upload, "describeUpload": upload,
           "getWork": made["work"], "protectWhole": made["work"]}
    hook, delivery = webhook(api)
    ids |= {name: hook for name in ["getWebhook", "editWebhook", "rotateWebhookSecret", "pingWebhook", "listDeliveries"]}
    ids |= {"deleteWebhook": webhook(api)[0], "getDelivery": delivery, "replayDelivery": delivery}
    # There is no such original, and the person is in no organisation.
    # What was not begun is not to be had, and the key that all use ends nowhere.
    refused = {"getHolding": 404, "listMembers": 403, "getUpload": None, "fetchDeviceKey": 400, "endKey": 401}
    page = visit(f"{api.node.url}/api").page
    places = [link.get_attribute("href") for link in page.locator(".contents a").all()]
    sent = [one["operationId"] for at in api.document["webhooks"].values() for one in at.values()]
    assert len(places) == sum(len(at) for at in api.document["paths"].values()) + len(sent)
    for place in places:
        name = place.rsplit("/", 1)[1]
        page.goto(f"{api.node.url}{place}")
        if name in sent:
            assert page.locator("pre").count() == 0, "the node sends it, and nobody asks"
            continue
        command = next(text for text in page.locator("pre code").all_inner_texts() if "$SHIYIN" in text)
        environment = {**os.environ, "SHIYIN": api.node.url, "KEY": "none" if name == "endKey" else api.key, "NUMBER": made["number"],
                       "ID": ids.get(name, "nothing")}
        told = command.replace("curl", "curl -s -o answer -w '%{http_code}'", 1).replace(" -OJ", "")
        done = subprocess.run(["bash", "-c", told], cwd=work, env=environment, capture_output=True, text=True, timeout=60)
        status = int(done.stdout[-3:])
        expected = refused.get(name) or api.operation(name)["responses"]
        answer = (work / "answer").read_bytes()[:300] if (work / "answer").exists() else b""
        if isinstance(expected, dict):
            assert status < 400 and str(status) in expected, (name, command, done.stdout, done.stderr, answer)
        else:
            assert status == expected, (name, command, answer)


def batch(api, count):
    """So many items with a file each that no other has."""
    common = dict(api.operation("protect")["requestBody"]["content"]["application/json"]["example"])
    del common["files"], common["title"]
    def item(place):
        return {"files": [{"path": f"{place}.txt", "size": 9, "digest": hashlib.sha256(os.urandom(8)).hexdigest()}]}
    return {"common": common, "items": [item(place) for place in range(count)]}


def test_a_batch_outlives_the_node(api):
    sent = batch(api, 300)
    status, headers, body = api.ask("POST", "/api/v1/batches", sent, **{"Idempotency-Key": "album"})
    assert status == 202, body
    api.check("sendBatch", 202, json.loads(body))
    place, end = headers["Location"], time.monotonic() + 120
    while api.get(f"{place}?limit=1")["batch"]["made"] == 0:
        assert time.monotonic() < end
        time.sleep(0.02)
    os.kill(api.node.server.pid, signal.SIGKILL)
    api.node.server.wait()
    api.node.start()
    assert api.get(f"{place}?limit=1")["batch"]["state"] == "running", "it was killed in the middle"
    status, headers, _ = api.ask("POST", "/api/v1/batches", sent, **{"Idempotency-Key": "album"})
    assert (status, headers["Location"]) == (202, place)
    while (page := api.get(f"{place}?limit=1000"))["batch"]["state"] != "done":
        assert time.monotonic() < end, page["batch"]
        time.sleep(0.2)
    api.check("getBatch", 200, page)
    numbers = [one["number"] for one in page["results"]]
    assert (page["batch"]["made"], page["batch"]["failed"], len(set(numbers))) == (300, 0, 300)
    # The records are those and no others.
    seen, path = [], "/api/v1/records?limit=100&state=kept"
    while path:
        _, headers, body = api.ask("GET", path)
        seen += [record["number"] for record in json.loads(body)["records"]]
        path = headers["Link"] and re.search("<(.*)>", headers["Link"])[1]
    assert sorted(seen) == sorted(numbers)
    assert api.ask("GET", page["results"][0]["certificate"])[2].startswith(b"%PDF-")


def test_others_tools_find_no_fault(api, tmp_path):
    made = api.make()
    # It would end the key that all others are tried with.
    document = {**api.document, "paths": {path: at for path, at in api.document["paths"].items() if path != "/api/v1/account/key"}}
    (tmp_path / "document.json").write_text(json.dumps(document))
    # Refusals of tus and of other standards are refusals too.
    statuses = [400, 401, 403, 404, 405, 408, 409, 412, 413, 415, 416, 422, 429, 460, 507]
    told = ", ".join(f'"{status}"' for status in statuses)
    (tmp_path / "schemathesis.toml").write_text("[checks]\n" + "".join(
        f"{check}.expected-statuses = [{told}]\n" for check in ["negative_data_rejection", "missing_required_header"]))
    # The bytes of tus are bytes.
    (tmp_path / "hooks.py").write_text(
        'import schemathesis\nschemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")\n')
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", str(tmp_path / "document.json"), "--url", api.node.url,
        "-H", f"Authorization: Bearer {api.key}", "--max-examples", "15", "--phases", "examples,coverage,fuzzing",
        # What a schema cannot say, such as which types there are, is refused too.
        "--exclude-checks", "positive_data_acceptance", "--suppress-health-check", "all", "--seed", "1", "--warnings", "off",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300,
                          env={**os.environ, "NO_COLOR": "1", "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(tmp_path)})
    assert done.returncode == 0, done.stdout[-12000:] + done.stderr[-2000:]
    assert api.get(f"/api/v1/records/{made['number']}")["state"] == "kept", "the node is well"


def test_the_python_client(api, tmp_path):
    environment = {**os.environ, "SHIYIN_URL": api.node.url, "SHIYIN_KEY": api.key,
                   "PYTHONPATH": str(ROOT / "clients/python/src")}
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(ROOT / "clients/python/tests")],
                          cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_reference_is_fit_to_be_read(api, visit, shots):
    for lang in ["zh", "en"]:
        for scheme, viewport in [("light", WIDE), ("dark", PHONE)]:
            page = visit(f"{api.node.url}/api", lang, scheme, viewport).page
            for place in ["/api", "/api/protect", "/api/listRecords", "/api/getRecord", "/api/sendBatch", "/api/createWebhook",
                          "/api/onRecordKept"]:
                page.goto(f"{api.node.url}{place}")
                assert overflow(page) <= 0, place
                found = [one["id"] for one in Axe().run(page).response["violations"]]
                assert found == [], f"{place} {lang} {scheme}: {found}"
                if shots:
                    name = place.strip("/").replace("/", "-")
                    page.screenshot(path=shots / f"{name}-{lang}-{viewport['width']}.png", full_page=True)
    assert re.search(r"/api\"", visit(f"{api.node.url}/help").page.content())
