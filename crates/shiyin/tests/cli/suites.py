"""A token of Ed25519, ML-DSA-65 or SM2 before OpenSSL 4 (Ed25519, ML-DSA) or the openssl program
(SM2): every signature from the signed attributes to the root. Usage: suites.py CONTENT TOKEN ROOT.pem
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from asn1crypto import cms, pem, tsp, x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

ALGORITHMS = {
    "1.3.101.112": "ed25519",
    "2.16.840.1.101.3.4.3.18": "ml-dsa-65",
    "1.2.156.10197.1.501": "sm2",
}


def holds(algorithm, spki, signature, message):
    """Raises where the signature is not the key's over the message."""
    if algorithm != "sm2":
        load_der_public_key(spki).verify(signature, message)
        return
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, name) for name in ("key", "signature", "message")}
        for name, content in (("key", spki), ("signature", signature), ("message", message)):
            files[name].write_bytes(content)
        subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", files["key"], "-rawin", "-in",
             files["message"], "-sigfile", files["signature"], "-digest", "sm3", "-pkeyopt",
             "distid:1234567812345678"],
            check=True, capture_output=True,
        )


content = open(sys.argv[1], "rb").read()
response = open(sys.argv[2], "rb").read()
root = x509.Certificate.load(pem.unarmor(open(sys.argv[3], "rb").read())[2])

# The content type of GM/T 0010 has the same structure under another name.
gmt = bytes.fromhex("2a811ccf550601040202")
pkcs7 = bytes.fromhex("2a864886f70d010702")
token = tsp.TimeStampResp.load(response)["time_stamp_token"]
if token.contents[2 : 2 + len(gmt)] == gmt:
    inner = b"\x06\x09" + pkcs7 + token.contents[2 + len(gmt) :]
    signed = cms.ContentInfo.load(b"\x30\x82" + len(inner).to_bytes(2, "big") + inner)["content"]
else:
    signed = token["content"]
info = signed["encap_content_info"]["content"].parsed
assert info["message_imprint"]["hashed_message"].native == hashlib.sha256(content).digest(), "imprint"
[signer] = signed["signer_infos"]
attributes = {a["type"].native: a["values"] for a in signer["signed_attrs"]}
digest = hashlib.new({"1.2.156.10197.1.401": "sm3"}.get(signer["digest_algorithm"]["algorithm"].dotted, "sha512"))
digest.update(info.dump())
assert attributes["message_digest"][0].native == digest.digest(), "message digest"
algorithm = ALGORITHMS[signer["signature_algorithm"]["algorithm"].dotted]
chain = [choice.chosen for choice in signed["certificates"]]
by_subject = {c.subject.dump(): c for c in [*chain, root]}
[leaf] = [c for c in chain if c.serial_number == signer["sid"].chosen["serial_number"].native]
holds(algorithm, leaf.public_key.dump(), signer["signature"].native, b"\x31" + signer["signed_attrs"].dump()[1:])
at = leaf
while at.subject != at.issuer:
    above = by_subject[at.issuer.dump()]
    holds(algorithm, above.public_key.dump(), at.signature, at["tbs_certificate"].dump())
    at = above
assert at.dump() == root.dump(), "root"
holds(algorithm, root.public_key.dump(), root.signature, root["tbs_certificate"].dump())
print(algorithm, "accepted")
