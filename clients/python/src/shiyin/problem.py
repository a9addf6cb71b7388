"""What a node refuses, and why (RFC 9457)."""

from __future__ import annotations

import json
from typing import Optional


class Problem(Exception):
    """A refusal: `code` for programs, `remedy` for people, `instance` for the operator of the node."""

    def __init__(self, status: int, body: bytes, retry_after: Optional[int] = None):
        try:
            said = json.loads(body)
        except ValueError:
            said = {}
        said = said if isinstance(said, dict) else {}
        self.status = status
        self.code: str = said.get("code", "")
        self.title: str = said.get("title", f"HTTP {status}")
        self.detail: str = said.get("detail", self.title)
        self.remedy: str = said.get("remedy", "")
        self.field: Optional[str] = said.get("field")
        self.instance: str = said.get("instance", "")
        self.type: str = said.get("type", "about:blank")
        self.retry_after = retry_after
        super().__init__(f"{self.detail} [{self.code} {self.instance}]" if self.code else self.detail)
