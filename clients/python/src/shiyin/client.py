"""A node, asked over HTTP. Standard library only; one connection for each request, so it may be shared by threads."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path
from typing import Any, Iterable, Iterator, Mapping, Optional, Sequence, Union

from .problem import Problem
from .types import File, Record, hash_file

_TRIES = 4
_RETRIED = (429, 502, 503, 504)
_WAIT_S_MAX = 30.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The key goes to the node that was named, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Node:
    """A node at `url`, for the holder of `key`. Messages are in `language`, zh or en."""

    def __init__(self, url: str, key: Optional[str] = None, *, language: str = "en", timeout_s: float = 60.0):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"{url} is not the address of a node: give https://HOST")
        if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1") and key:
            raise ValueError("a key goes over TLS alone: give https://HOST")
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        self._headers = {"Accept-Language": language, "User-Agent": "shiyin-python/0.1.0"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._opener = urllib.request.build_opener(_NoRedirects())

    # --- requests ---
    def request(self, method: str, path: str, *, query: Optional[Mapping[str, Any]] = None, body: Any = None,
                headers: Optional[Mapping[str, str]] = None) -> Any:
        """One operation of the reference at /api; its answer as JSON."""
        with self._open(method, path, query, body, headers) as answer:
            read = answer.read()
        return json.loads(read) if read else None

    def _open(self, method: str, path: str, query: Optional[Mapping[str, Any]] = None, body: Any = None,
              headers: Optional[Mapping[str, str]] = None) -> Any:
        asked = {name: value for name, value in (query or {}).items() if value is not None}
        url = f"{self.url}{path}" + (f"?{urllib.parse.urlencode(asked)}" if asked else "")
        all_headers = {**self._headers, **(headers or {})}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            all_headers["Content-Type"] = "application/json"
        # What may have been done is sent again only where that is safe.
        is_safe = method in ("GET", "HEAD") or "Idempotency-Key" in all_headers
        for tried in range(_TRIES):
            request = urllib.request.Request(url, data=data, headers=all_headers, method=method)
            try:
                return self._opener.open(request, timeout=self.timeout_s)
            except urllib.error.HTTPError as error:
                after = error.headers.get("Retry-After", "")
                problem = Problem(error.code, error.read(), int(after) if after.isdigit() else None)
                is_under_way = problem.status == 409 and problem.code == "in-progress"
                is_later = error.code in _RETRIED and (is_safe or error.code == 429)
                if not (is_later or is_under_way) or tried + 1 == _TRIES:
                    raise problem from None
                wait_s = float(problem.retry_after or 2 ** tried)
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if not is_safe or tried + 1 == _TRIES:
                    raise
                wait_s = float(2 ** tried)
            time.sleep(min(wait_s, _WAIT_S_MAX))
        raise AssertionError("the last try ends above")

    def _pages(self, path: str, name: str, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        after: Optional[str] = None
        while True:
            page = self.request("GET", path, query={**query, "after": after})
            yield from page[name]
            after = page["next"]
            if after is None:
                return

    def _save(self, answer: Any, to: Union[str, os.PathLike[str]]) -> Path:
        """Writes an answer into a file, which has its name once all of it is there."""
        to = Path(to)
        part = to.with_name(f"{to.name}.{uuid.uuid4().hex}.part")
        try:
            with answer, part.open("wb") as file:
                while chunk := answer.read(1 << 20):
                    file.write(chunk)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
        return to

    # --- records ---
    def protect(self, files: Sequence[Union[str, os.PathLike[str], File]], *, type: str, title: str, stage: str,
                declaration: str, published: bool = False, mode: str = "digest", each: bool = False,
                key: Optional[str] = None, **more: Any) -> list[Record]:
        """Makes a record of files, which are hashed here; with `each`, one of each file.

        `key` names the request: sent again with the same key and the same content, it gives the same records, also after this
        program died. Without one, it is named by chance. `more` are the further fields of the reference.
        """
        sent = [file if isinstance(file, File) else hash_file(file) for file in files]
        body = {"type": type, "title": title, "stage": stage, "declaration": declaration, "published": published,
                "mode": mode, "each": each, "files": [file.json() for file in sent], **more}
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        said = self.request("POST", "/api/v1/works", body=body, headers=headers)
        return [Record.read(record) for record in said["records"]]

    def record(self, number: str) -> Record:
        """A record as it stands."""
        return Record.read(self.request("GET", f"/api/v1/records/{urllib.parse.quote(number, safe='')}"))

    def wait(self, number: str, *, timeout_s: float = 300.0, every_s: float = 2.0) -> Record:
        """Waits until a record is stamped, or refused by an approver."""
        end = time.monotonic() + timeout_s
        while True:
            record = self.record(number)
            if record.state in ("kept", "declined"):
                return record
            if time.monotonic() >= end:
                raise TimeoutError(f"{number} is still {record.state}")
            time.sleep(every_s)

    def records(self, *, q: Optional[str] = None, type: Optional[str] = None, state: Optional[str] = None,
                order: Optional[str] = None) -> Iterator[Record]:
        """All records that fit, page by page as they are taken."""
        query = {"q": q, "type": type, "state": state, "order": order, "limit": 100}
        return map(Record.read, self._pages("/api/v1/records", "records", query))

    def works(self) -> Iterator[Mapping[str, Any]]:
        """All works."""
        return self._pages("/api/v1/works", "works", {"limit": 100})

    def vocabulary(self) -> Mapping[str, Any]:
        """Types with their stages, tags with their fields, templates."""
        return self.request("GET", "/api/v1/vocabulary")

    # --- webhooks (webhooks:read, webhooks:write) ---
    def webhooks(self) -> list[Mapping[str, Any]]:
        """Where events are sent."""
        return list(self.request("GET", "/api/v1/webhooks")["webhooks"])

    def add_webhook(self, url: str, *, events: Optional[Sequence[str]] = None, description: str = "",
                    key: Optional[str] = None) -> tuple[Mapping[str, Any], str]:
        """Has events sent to `url`; all of them where `events` names none. The secret is given here and never again."""
        body = {"url": url, "description": description, "events": list(events) if events is not None else ["*"]}
        said = self.request("POST", "/api/v1/webhooks", body=body, headers={"Idempotency-Key": key or uuid.uuid4().hex})
        return said["webhook"], said["secret"]

    def change_webhook(self, id: str, **changes: Any) -> Mapping[str, Any]:
        """Changes `url`, `description`, `events` or `enabled`."""
        return self.request("PATCH", self._webhook(id), body=changes)

    def remove_webhook(self, id: str) -> None:
        """Removes a webhook with its deliveries."""
        self.request("DELETE", self._webhook(id))

    def rotate_webhook_secret(self, id: str, *, key: Optional[str] = None) -> str:
        """Another secret; the one before signs beside it for 24 hours."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self.request("POST", self._webhook(id, "/secret"), headers=headers)["secret"]

    def ping_webhook(self, id: str) -> Mapping[str, Any]:
        """Sends a test; the delivery."""
        return self.request("POST", self._webhook(id, "/ping"), headers={"Idempotency-Key": uuid.uuid4().hex})

    def deliveries(self, webhook: str, *, state: Optional[str] = None) -> Iterator[Mapping[str, Any]]:
        """The deliveries to a webhook, the newest first."""
        return self._pages(self._webhook(webhook, "/deliveries"), "deliveries", {"state": state, "limit": 100})

    def delivery(self, id: str) -> Mapping[str, Any]:
        """A delivery, with what was sent and what came back."""
        return self.request("GET", f"/api/v1/deliveries/{urllib.parse.quote(id, safe='')}")

    def replay(self, id: str) -> Mapping[str, Any]:
        """Sends a delivery again, under the same id of its event."""
        path = f"/api/v1/deliveries/{urllib.parse.quote(id, safe='')}/replay"
        return self.request("POST", path, headers={"Idempotency-Key": uuid.uuid4().hex})

    def events(self, *, type: Optional[str] = None) -> Iterator[Mapping[str, Any]]:
        """What happened in the last 30 days, the newest first."""
        return self._pages("/api/v1/events", "events", {"type": type, "limit": 100})

    @staticmethod
    def _webhook(id: str, rest: str = "") -> str:
        return f"/api/v1/webhooks/{urllib.parse.quote(id, safe='')}{rest}"

    # --- what is taken away ---
    def certificate(self, number: str, to: Union[str, os.PathLike[str]]) -> Path:
        """The certificate as PDF."""
        return self._save(self._open("GET", f"/api/v1/records/{urllib.parse.quote(number, safe='')}/certificate.pdf"), to)

    def package(self, numbers: Union[str, Iterable[str]], to: Union[str, os.PathLike[str]], *, names: bool = True) -> Path:
        """The evidence package of one record or of several."""
        numbers = [numbers] if isinstance(numbers, str) else list(numbers)
        return self._save(self._open("POST", "/api/v1/packages", body={"numbers": numbers, "names": names}), to)

    def token(self, number: str, to: Union[str, os.PathLike[str]]) -> Path:
        """The timestamp over a record (RFC 3161)."""
        return self._save(self._open("GET", f"/api/v1/records/{urllib.parse.quote(number, safe='')}/record.tsr"), to)
