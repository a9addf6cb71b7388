"""What others say of signed PDF files, and files that others signed.

    judges.py make FOLDER                       keys, certificates, a list, and a small file
    judges.py judge FILE ROOT SIGNATURES STAMPS LEVEL
                                                exit code 0 where pyHanko calls every signature passed
    judges.py take FILE FOLDER                  the parts that openssl is asked about
    judges.py sign IN OUT LEVEL FIELD FOLDER    signs as pyHanko does

A file without signatures is never judged well: the numbers of signatures and stamps are given.
"""

import asyncio
import datetime
import sys
from pathlib import Path

UTC = datetime.timezone.utc


def make(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.datetime.now(UTC).replace(microsecond=0)
    start, end = now - datetime.timedelta(days=1), now + datetime.timedelta(days=700)
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "signer", "second", "other")}
    # pyHanko's own authority for tests knows nothing but RSA.
    keys["tsa"] = rsa.generate_private_key(65537, 2048)

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def certificate(subject, issuer, serial, extensions):
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(keys[subject].public_key())
            .serial_number(serial)
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[subject].public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[issuer].public_key()), False)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        made = builder.sign(keys[issuer], hashes.SHA256())
        (folder / f"{subject}.der").write_bytes(made.public_bytes(serialization.Encoding.DER))
        (folder / f"{subject}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def usage(**wanted):
        names = "digital_signature content_commitment key_encipherment data_encipherment key_agreement"
        names += " key_cert_sign crl_sign encipher_only decipher_only"
        return x509.KeyUsage(**{n: wanted.get(n, False) for n in names.split()})

    ca = [(x509.BasicConstraints(True, None), True), (usage(key_cert_sign=True, crl_sign=True), True)]
    leaf = [(x509.BasicConstraints(False, None), True), (usage(digital_signature=True, content_commitment=True), True)]
    stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    certificate("root", "root", 1, ca)
    certificate("other", "other", 1, ca)
    certificate("signer", "root", 2, leaf)
    certificate("second", "root", 3, leaf)
    certificate("tsa", "root", 4, [leaf[0], (usage(digital_signature=True), True), (stamping, True)])
    lists = {"crl": [], "revoked": [2]}
    for file, serials in lists.items():
        builder = x509.CertificateRevocationListBuilder().issuer_name(name("root"))
        builder = builder.last_update(start).next_update(end).add_extension(x509.CRLNumber(1), False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(keys["root"].public_key()), False
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(start)
            builder = builder.add_revoked_certificate(entry.build())
        made = builder.sign(keys["root"], hashes.SHA256())
        (folder / f"{file}.der").write_bytes(made.public_bytes(serialization.Encoding.DER))
    for subject, key in keys.items():
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{subject}.key").write_bytes(pem)
    (folder / "table.pdf").write_bytes(small())
    (folder / "now").write_text(str(int(now.timestamp())))


def small():
    """One page in five objects and a table."""
    text = b"BT /F 24 Tf 72 720 Td (Contract) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    identity = b"00112233445566778899aabbccddeeff"
    out += b"trailer\n<< /Size 6 /Root 1 0 R /ID [<%s> <%s>] >>\n" % (identity, identity)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def judge(file, root, signatures, stamps, level):
    from asn1crypto import pem, x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.ades.report import AdESPassed
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko.sign.validation.ades import ades_lta_validation
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.policy_decl import PdfSignatureValidationSpec, SignatureValidationSpec
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
    from pyhanko_certvalidator.registry import SimpleTrustManager

    anchor = x509.Certificate.load(pem.unarmor(Path(root).read_bytes())[2])
    with open(file, "rb") as stream:
        reader = PdfFileReader(stream)
        found = reader.embedded_regular_signatures
        assert len(found) == signatures, f"{len(found)} signatures"
        assert len(reader.embedded_timestamp_signatures) == stamps, f"{len(reader.embedded_timestamp_signatures)} stamps"
        trust = SimpleTrustManager.build(trust_roots=[anchor])
        policy = CertValidationPolicySpec(trust_manager=trust, revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO))
        spec = SignatureValidationSpec(cert_validation_policy=policy)
        for signature in found:
            signature.compute_integrity_info()
            names = [a["type"].native for a in signature.signer_info["signed_attrs"]]
            assert "signing_time" not in names and "signing_certificate_v2" in names, names
            unsigned = [a["type"].native for a in signature.signer_info["unsigned_attrs"]]
            has_stamp = "signature_time_stamp_token" in unsigned
            assert has_stamp == (level != "B-B"), "signature timestamp"
            if level == "B-LTA":
                result = asyncio.run(ades_lta_validation(signature, PdfSignatureValidationSpec(spec)))
                assert result.ades_subindic == AdESPassed.OK, (result.ades_subindic, result.failure_msg)
                status = result.api_status
            else:
                # The process for long-term signatures finds no proof of existence in the others.
                options = {"trust_roots": [anchor], "allow_fetching": False}
                if level == "B-LT":
                    # What the file carries must do by itself.
                    store = DocumentSecurityStore.read_dss(reader)
                    assert store.vri_entries, "VRI"
                    context = store.as_validation_context({**options, "revocation_mode": "require"})
                else:
                    context = ValidationContext(**options)
                status = asyncio.run(async_validate_pdf_signature(signature, context, context))
                assert (status.timestamp_validity is not None) == (level != "B-B"), status.timestamp_validity
            assert status.intact and status.valid and status.trusted, status.pretty_print_details()
            assert status.bottom_line, status.pretty_print_details()
            print(signature.field_name, status.coverage, status.modification_level)
        for stamp in reader.embedded_timestamp_signatures:
            stamp.compute_integrity_info()
            imprint = stamp.signed_data["encap_content_info"]["content"].parsed["message_imprint"]
            assert stamp.compute_digest() == imprint["hashed_message"].native


def take(file, folder):
    from pyhanko.pdf_utils.reader import PdfFileReader

    whole = Path(file).read_bytes()
    with open(file, "rb") as stream:
        reader = PdfFileReader(stream)
        kinds = {"signature": reader.embedded_regular_signatures, "stamp": reader.embedded_timestamp_signatures}
        for kind, all_of in kinds.items():
            for i, embedded in enumerate(all_of):
                _, first, second, last = embedded.byte_range
                (folder / f"{kind}{i}.data").write_bytes(whole[:first] + whole[second : second + last])
                (folder / f"{kind}{i}.der").write_bytes(embedded.signed_data and cms_of(embedded))
                if kind == "signature":
                    (folder / f"value{i}").write_bytes(embedded.signer_info["signature"].native)
                    for attribute in embedded.signer_info["unsigned_attrs"] or ():
                        (folder / f"token{i}.der").write_bytes(attribute["values"][0].dump())


def cms_of(embedded):
    from asn1crypto import cms

    return cms.ContentInfo.load(bytes(embedded.pkcs7_content)).dump()


def sign(source, target, level, field, folder):
    from asn1crypto import crl, keys, pem, x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers, timestamps
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    def certificate(name):
        return x509.Certificate.load((folder / f"{name}.der").read_bytes())

    def key(name):
        return keys.PrivateKeyInfo.load(pem.unarmor((folder / f"{name}.key").read_bytes())[2])

    known = SimpleCertificateStore()
    known.register_multiple([certificate("root")])
    signer = signers.SimpleSigner(signing_cert=certificate("signer"), signing_key=key("signer"), cert_registry=known)
    stamper = timestamps.DummyTimeStamper(
        tsa_cert=certificate("tsa"), tsa_key=key("tsa"), certs_to_embed=known, include_nonce=False
    )
    revocation = crl.CertificateList.load((folder / "crl.der").read_bytes())
    context = ValidationContext(
        trust_roots=[certificate("root")], crls=[revocation], allow_fetching=False, revocation_mode="soft-fail"
    )
    wants_data = level in ("B-LT", "B-LTA")
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        embed_validation_info=wants_data,
        use_pades_lta=level == "B-LTA",
        validation_context=context if wants_data else None,
    )
    with open(source, "rb") as stream, open(target, "wb") as out:
        writer = IncrementalPdfFileWriter(stream)
        stamper = None if level == "B-B" else stamper
        signers.PdfSigner(metadata, signer=signer, timestamper=stamper).sign_pdf(writer, output=out)


command, *rest = sys.argv[1:]
if command == "make":
    make(Path(rest[0]))
elif command == "judge":
    judge(rest[0], rest[1], int(rest[2]), int(rest[3]), rest[4])
elif command == "take":
    take(rest[0], Path(rest[1]))
elif command == "sign":
    sign(rest[0], rest[1], rest[2], rest[3], Path(rest[4]))
else:
    sys.exit(__doc__)
