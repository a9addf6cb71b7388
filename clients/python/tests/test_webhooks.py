"""Webhooks: signatures by the specification's vector and against tampering; and the operations of a real node."""

import json
import os
import uuid

import pytest

from shiyin import BadWebhook, Node, Problem, verify_webhook

# The vector that the libraries of Standard Webhooks test themselves with.
SECRET, ID, TIME = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330
SIGNED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
BODY = b'{"test": 2432232314}'
OTHER = "whsec_" + "A" * 43 + "="


def heads(signature=SIGNED, name=ID, time_s=TIME):
    return {"Webhook-Id": name, "webhook-timestamp": str(time_s), "WEBHOOK-SIGNATURE": signature}


def test_the_vector_of_the_specification_is_signed_and_no_event_of_a_node():
    for headers in [heads(), heads(f"v1,AAAA {SIGNED}"), heads(f"v1a,x v1,!! {SIGNED}")]:
        # Past the signature, it is the body that is none of a node's.
        with pytest.raises(BadWebhook, match="another event"):
            verify_webhook(SECRET, headers, BODY, now_s=TIME)
    for secret, headers, body, now_s, why in [
        (OTHER, heads(), BODY, TIME, "none of its signatures"),
        (SECRET, heads(), BODY + b" ", TIME, "none of its signatures"),
        (SECRET, heads(name="msg_x"), BODY, TIME, "none of its signatures"),
        (SECRET, heads(time_s=TIME + 1), BODY, TIME, "none of its signatures"),
        (SECRET, heads(SIGNED.replace("v1,", "v2,")), BODY, TIME, "none of its signatures"),
        (SECRET, heads(SIGNED[:-4]), BODY, TIME, "none of its signatures"),
        (SECRET, heads(""), BODY, TIME, "none of its signatures"),
        (SECRET, heads(), BODY, TIME + 301, "too long ago"),
        (SECRET, heads(), BODY, TIME - 301, "too long ago"),
        (SECRET, heads(time_s="-1"), BODY, TIME, "no time"),
        (SECRET, heads(time_s="١"), BODY, TIME, "no time"),
    ]:
        with pytest.raises(BadWebhook, match=why):
            verify_webhook(secret, headers, body, now_s=now_s)
    for missing in list(heads()):
        with pytest.raises(BadWebhook, match="no header"):
            verify_webhook(SECRET, {name: value for name, value in heads().items() if name != missing}, BODY, now_s=TIME)
    for wrong in ["", "whsec_", "whsec_!!", "x"]:
        with pytest.raises(ValueError, match="a secret is"):
            verify_webhook(wrong, heads(), BODY, now_s=TIME)


def test_a_webhook_from_its_beginning_to_its_end():
    node = Node(os.environ["SHIYIN_URL"], os.environ["SHIYIN_KEY"])
    name = uuid.uuid4().hex
    url = f"http://127.0.0.1:9999/{name}"
    webhook, secret = node.add_webhook(url, events=["record.kept"], description="Desk", key=name)
    assert node.add_webhook(url, events=["record.kept"], description="Desk", key=name) == (webhook, secret)
    assert secret.startswith("whsec_") and webhook["url"] == url and webhook["enabled"]
    assert [one for one in node.webhooks() if one["id"] == webhook["id"]] == [webhook]
    assert node.rotate_webhook_secret(webhook["id"]) != secret
    delivery = node.ping_webhook(webhook["id"])
    assert [one["id"] for one in node.deliveries(webhook["id"])] == [delivery["id"]]
    told = node.delivery(delivery["id"])
    assert json.loads(told["body"])["type"] == "ping"
    assert node.change_webhook(webhook["id"], enabled=False)["disabled_because"] == "owner"
    with pytest.raises(Problem) as refused:
        node.replay(delivery["id"])
    assert refused.value.code == "webhook-disabled"
    assert all(event["id"].startswith("evt_") for event in node.events())
    node.remove_webhook(webhook["id"])
    assert webhook["id"] not in [one["id"] for one in node.webhooks()]
