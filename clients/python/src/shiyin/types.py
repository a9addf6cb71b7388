"""What is sent and read: files by their digests, records."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping, Optional, Union

_CHUNK = 1 << 20


@dataclass(frozen=True)
class File:
    """A file as a record names it: its path below some folder, its size, its SHA-256."""

    path: str
    size: int
    digest: str
    attached: bool = False

    def json(self) -> dict[str, Any]:
        return {"path": self.path, "size": self.size, "digest": self.digest, "attached": self.attached}


def hash_file(path: Union[str, os.PathLike[str]], name: Optional[str] = None, attached: bool = False) -> File:
    """Hashes a file where it is. One that changes while it is read is refused."""
    path = Path(path)
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
        after = os.fstat(file.fileno())
    if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size) or size != after.st_size:
        raise RuntimeError(f"{path} changed while it was read: hash it again")
    return File(name or path.name, size, digest.hexdigest(), attached)


@dataclass(frozen=True)
class Record:
    """A record. `state` is kept (stamped), waiting, asked or declined."""

    number: str
    state: str
    sha256: str
    files: int
    work: str
    no_later_than: Optional[str]
    title: Optional[str] = None

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Record:
        return cls(number=said["number"], state=said["state"], sha256=said["sha256"], files=said["files"],
                   work=said["work"], no_later_than=said["no_later_than"], title=said.get("title"))
