"""What a node sends to receivers, checked as Standard Webhooks 1.0.0 has it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import Any, Mapping, Optional, Sequence, Union

_PREFIX = "whsec_"


class BadWebhook(ValueError):
    """It is not what the node sent, or it is too old: answer 400, and do nothing."""


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret[len(_PREFIX):] if secret.startswith(_PREFIX) else secret, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ValueError("a secret is whsec_ and base64, as the node showed it once")
    return key


def verify_webhook(secret: Union[str, Sequence[str]], headers: Mapping[str, str], body: Union[bytes, str], *,
                   tolerance_s: float = 300.0, now_s: Optional[float] = None) -> Mapping[str, Any]:
    """The event in a request of a node that one of these secrets signed; `body` is the request's, byte for byte.

    An event may come more than once: leave one aside whose `id` was seen before.
    """
    given = {name.lower(): value for name, value in headers.items()}
    try:
        name, time_s, signed = (given[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
    except KeyError as missing:
        raise BadWebhook(f"there is no header {missing.args[0]}") from None
    if not (time_s.isascii() and time_s.isdigit()):
        raise BadWebhook("webhook-timestamp is no time")
    if abs((time.time() if now_s is None else now_s) - int(time_s)) > tolerance_s:
        raise BadWebhook("it was signed too long ago, or one of the two clocks is wrong")
    content = body.encode() if isinstance(body, str) else bytes(body)
    message = f"{name}.{time_s}.".encode() + content
    secrets = [secret] if isinstance(secret, str) else list(secret)
    wanted = [hmac.new(_key(one), message, hashlib.sha256).digest() for one in secrets]
    is_signed = False
    for one in signed.split(" "):
        version, _, text = one.partition(",")
        try:
            found = base64.b64decode(text, validate=True) if version == "v1" else b""
        except (binascii.Error, ValueError):
            continue
        # Each is compared in full, whatever came before.
        is_signed |= any([hmac.compare_digest(found, digest) for digest in wanted])
    if not is_signed:
        raise BadWebhook("none of its signatures is by this secret over this body")
    event = json.loads(content)
    if not isinstance(event, dict) or event.get("id") != name:
        raise BadWebhook("the body is of another event")
    return event
