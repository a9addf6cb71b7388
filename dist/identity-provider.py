#!/usr/bin/env python3
"""A reference provider of identity for docs/operator/en/identity.md: it speaks the interface and knows nobody.

It confirms every name but those that begin with `No`, and lets those that begin with `Later` wait once. For trying out
and for tests; a real provider compares name and number with a register.

    dist/identity-provider.py SECRET_FILE [PORT]
"""

import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY_BYTES_MAX = 64 << 10
LEEWAY_S = 300


def signature(secret, moment, body):
    return hmac.new(secret, moment.encode() + b"." + body, hashlib.sha256).hexdigest()


class Provider(BaseHTTPRequestHandler):
    waited = set()

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), BODY_BYTES_MAX))
        moment = self.headers.get("Shiyin-Time", "")
        signed = self.headers.get("Shiyin-Signature", "")
        is_fresh = moment.isdigit() and abs(time.time() - int(moment)) <= LEEWAY_S
        if not is_fresh or not hmac.compare_digest(signed, signature(self.server.secret, moment, body)):
            self.send_error(401)
            return
        asked = json.loads(body)
        if asked["name"].startswith("No"):
            result = "refused"
        elif asked["name"].startswith("Later") and asked["request"] not in self.waited:
            self.waited.add(asked["request"])
            result = "pending"
        else:
            result = "confirmed"
        answer = json.dumps({"request": asked["request"], "result": result}).encode()
        moment = str(int(time.time()))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Shiyin-Time", moment)
        self.send_header("Shiyin-Signature", signature(self.server.secret, moment, answer))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        """Names and numbers do not go into a log."""


def main():
    with open(sys.argv[1], "rb") as file:
        secret = file.read().strip()
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 0), Provider)
    server.secret = secret
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
