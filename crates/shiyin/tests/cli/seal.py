"""The document seal before pyHanko, which knows PDF signatures as readers do.

seal.py sign OUT DATA TSA       a PDF of one empty page, sealed as the instance in DATA would, and stamped by TSA
seal.py judge PDF ROOT LIST...  what an AdES validation with these revocation lists comes to
"""

import asyncio
import sys
from pathlib import Path

from asn1crypto import crl, keys, pem, x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.validation import ades, policy_decl
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleCertificateStore, SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer


def certificates(path):
    return [x509.Certificate.load(der) for _, _, der in pem.unarmor(path.read_bytes(), multiple=True)]


def seal_of(data):
    """The signer with the key that fits the seal's certificate."""
    own, issuing = certificates(data / "public/seal.pem")
    passphrase = (data / "keys/passphrase").read_bytes().strip()
    for path in data.glob("keys/seal-*.pem"):
        key = serialization.load_pem_private_key(path.read_bytes(), passphrase)
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        if public == own.public_key.dump():
            plain = key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            registry = SimpleCertificateStore.from_certs([issuing])
            return signers.SimpleSigner(own, keys.PrivateKeyInfo.load(plain), registry, embed_roots=False)
    raise SystemExit("no key fits the seal's certificate")


def sign(out, data, tsa):
    writer = PdfFileWriter()
    empty = writer.add_object(generic.StreamObject(stream_data=b""))
    box = generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842)))
    writer.insert_page(PageObject(contents=empty, media_box=box))
    metadata = signers.PdfSignatureMetadata(
        field_name="Seal", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    stamper = timestamps.HTTPTimeStamper(tsa)
    signer = signers.PdfSigner(metadata, signer=seal_of(Path(data)), timestamper=stamper)
    with open(out, "wb") as file:
        signer.sign_pdf(writer, output=file)


def judge(pdf, root, *lists):
    with open(pdf, "rb") as file:
        (embedded,) = PdfFileReader(file).embedded_signatures
        digest = embedded.compute_digest()
        known = [CRLContainer(crl.CertificateList.load(Path(path).read_bytes())) for path in lists]
        spec = policy_decl.SignatureValidationSpec(
            cert_validation_policy=CertValidationPolicySpec(
                trust_manager=SimpleTrustManager.build(trust_roots=certificates(Path(root))),
                revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO),
            ),
            revinfo_gathering_policy=policy_decl.RevocationInfoGatheringSpec(
                online_fetching_rule=policy_decl.RevinfoOnlineFetchingRule.LOCAL_ONLY
            ),
            local_knowledge=policy_decl.LocalKnowledge(known_crls=known),
        )
        judged = asyncio.run(ades.ades_with_time_validation(embedded.signed_data, spec, raw_digest=digest))
    print(judged.ades_subindic)


{"sign": sign, "judge": judge}[sys.argv[1]](*sys.argv[2:])
