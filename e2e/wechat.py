"""A platform of WeChat Pay (API v3) on loopback: it checks the merchant's signatures, and signs and seals what it says."""

import base64
import json
import os
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MERCHANT, APP, SERIAL, KEY_ID = "1900000001", "wx0000000000000001", "5157F09EFDC096DE", "PUB_KEY_ID_0119000000012025"
SECRET = b"0123456789abcdef0123456789abcdef"


class Platform:
    """Its keys, its orders, its refunds; `pay` is what a payer does."""

    def __init__(self, folder):
        self.orders, self.refunds, self.node = {}, {}, None
        self.own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        merchant = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.merchant = merchant.public_key()
        self.folder = folder / "wechat"
        self.folder.mkdir()
        pem = serialization.Encoding.PEM
        self.write("key.pem", merchant.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        self.write("platform.pem", self.own.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
        self.write("secret", SECRET + b"\n")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def write(self, name, content):
        (self.folder / name).write_bytes(content)

    def config(self):
        return f"""
[billing.wechat]
url = "http://127.0.0.1:{self.server.server_port}"
app_id = "{APP}"
merchant_id = "{MERCHANT}"
certificate_serial = "{SERIAL}"
key_file = "{self.folder}/key.pem"
platform_key_id = "{KEY_ID}"
platform_key_file = "{self.folder}/platform.pem"
api_v3_key_file = "{self.folder}/secret"
notify_url = "https://shiyin.example/billing/notices/wechat"
"""

    def signed(self, body):
        now, nonce = str(int(time.time())), os.urandom(16).hex()
        message = f"{now}\n{nonce}\n".encode() + body + b"\n"
        signature = self.own.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return {"Wechatpay-Timestamp": now, "Wechatpay-Nonce": nonce, "Wechatpay-Serial": KEY_ID,
                "Wechatpay-Signature": base64.b64encode(signature).decode()}

    def check(self, method, path, body, head):
        kind, values = head.split(" ", 1)
        values = dict(part.split("=", 1) for part in values.split(","))
        values = {name: value.strip('"') for name, value in values.items()}
        assert kind == "WECHATPAY2-SHA256-RSA2048"
        assert (values["mchid"], values["serial_no"]) == (MERCHANT, SERIAL)
        assert abs(int(values["timestamp"]) - time.time()) < 300
        message = f"{method}\n{path}\n{values['timestamp']}\n{values['nonce_str']}\n".encode() + body + b"\n"
        self.merchant.verify(base64.b64decode(values["signature"]), message, padding.PKCS1v15(), hashes.SHA256())

    def transaction(self, order):
        known = self.orders[order]
        return {"appid": APP, "mchid": MERCHANT, "out_trade_no": order, "trade_state": known["state"],
                "transaction_id": known["id"], "amount": {"total": known["total"], "currency": "CNY"}}

    def answer(self, method, path, body):
        sent = json.loads(body) if body else {}
        if (method, path) == ("POST", "/v3/pay/transactions/native"):
            assert (sent["appid"], sent["mchid"], sent["amount"]["currency"]) == (APP, MERCHANT, "CNY")
            self.orders[sent["out_trade_no"]] = {"state": "NOTPAY", "id": "", "total": sent["amount"]["total"]}
            return 200, {"code_url": f"weixin://wxpay/bizpayurl?pr={sent['out_trade_no']}"}
        if (method, path) == ("POST", "/v3/refund/domestic/refunds"):
            assert self.orders[sent["out_trade_no"]]["total"] == sent["amount"]["total"]
            given = {"refund_id": f"5{len(self.refunds)}", "out_refund_no": sent["out_refund_no"], "status": "SUCCESS"}
            return 200, self.refunds.setdefault(sent["out_refund_no"], given)
        order = path.split("/out-trade-no/")[-1].split("?")[0].split("/")[0]
        if order not in self.orders:
            return 404, {"code": "ORDER_NOT_EXIST"}
        if path.endswith("/close"):
            self.orders[order]["state"] = "CLOSED"
            return 204, None
        assert path == f"/v3/pay/transactions/out-trade-no/{order}?mchid={MERCHANT}"
        return 200, self.transaction(order)

    def handler(self):
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                try:
                    platform.check(self.command, self.path, body, self.headers["Authorization"])
                    status, said = platform.answer(self.command, self.path, body)
                except Exception as error:  # what a merchant does wrong is told as the platform tells it
                    status, said = 401, {"code": "SIGN_ERROR", "message": repr(error)}
                said = b"" if said is None else json.dumps(said).encode()
                self.send_response(status)
                for name, value in platform.signed(said).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_GET = do_POST = do

            def log_message(self, *_):
                pass

        return Handler

    def pay(self, order):
        """The payer pays; the node is not told yet."""
        assert self.orders[order]["state"] == "NOTPAY"
        self.orders[order].update(state="SUCCESS", id=f"42{len(self.orders):08}")

    def tell(self, order, wrong=False):
        """Sends the notice; the status of the node's answer."""
        nonce = os.urandom(6).hex()
        about = json.dumps(self.transaction(order)).encode()
        sealed = AESGCM(SECRET).encrypt(nonce.encode(), about, b"transaction")
        body = json.dumps({"id": "EV-1", "event_type": "TRANSACTION.SUCCESS", "resource_type": "encrypt-resource",
                           "resource": {"algorithm": "AEAD_AES_256_GCM", "nonce": nonce, "associated_data": "transaction",
                                        "ciphertext": base64.b64encode(sealed).decode()}}).encode()
        head = self.signed(body)
        if wrong:
            head["Wechatpay-Signature"] = "WECHATPAY/SIGNTEST/" + head["Wechatpay-Signature"]
        request = urllib.request.Request(f"{self.node.url}/billing/notices/wechat", body, head)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
