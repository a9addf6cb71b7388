"""One token before pyHanko and rfc3161-client. Usage: peers.py CONTENT TOKEN ROOT.pem

Exit code 0 where both accept it. rfc3161-client reads no imprint but SHA-2, so the others are
left to pyHanko and openssl; which peer judged is printed.
"""

import asyncio
import hashlib
import sys

from asn1crypto import cms, pem, tsp, x509
from cryptography.x509 import load_pem_x509_certificate
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import ValidationContext
from rfc3161_client import VerifierBuilder, decode_timestamp_response

content = open(sys.argv[1], "rb").read()
response = open(sys.argv[2], "rb").read()
root = open(sys.argv[3], "rb").read()

parsed = tsp.TimeStampResp.load(response)
assert parsed["status"]["status"].native == "granted", parsed["status"].native
signed = parsed["time_stamp_token"]["content"]
imprint = signed["encap_content_info"]["content"].parsed["message_imprint"]
oid = imprint["hash_algorithm"]["algorithm"].dotted
names = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    "2.16.840.1.101.3.4.2.8": "sha3_256",
    "2.16.840.1.101.3.4.2.10": "sha3_512",
    "1.2.156.10197.1.401": "sm3",
}
digest = hashlib.new(names[oid], content).digest()
assert imprint["hashed_message"].native == digest, "imprint"

anchor = x509.Certificate.load(pem.unarmor(root)[2])
context = ValidationContext(trust_roots=[anchor], allow_fetching=False)
status = asyncio.run(validate_tst_signed_data(signed, context, lambda _: digest))
assert status["intact"] and status["valid"], status
assert status["trust_problem_indic"] is None, status
print("pyHanko accepts", oid)

if names[oid].startswith("sha") and "_" not in names[oid]:
    chain = [c.dump() for c in (choice.chosen for choice in signed["certificates"])]
    assert chain, "no certificates"
    verifier = VerifierBuilder().add_root_certificate(load_pem_x509_certificate(root)).build()
    assert verifier.verify_message(decode_timestamp_response(response), content)
    print("rfc3161-client accepts", oid)
