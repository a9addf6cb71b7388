//! The public key infrastructure of the vectors, and the cases of signer and path.

use super::Vector;
use super::keys::{Scheme, TestKey};
use super::pki::{
    CertificateRecipe, Identity, basic_constraints, common_name, gen_time, key_usage, permitted_name, purposes,
    revocation_list,
};
use super::recipe::{self, Recipe};
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use proof::oid::{self, Oid};
use proof::report::Code::{self, *};
use proof::report::Verdict::{self, Incomplete, Invalid, Unconfirmed, Valid};
use proof::x509::Certificate;
use proof::x509::crl::{Reason, Revocation};
use proof::x509::ocsp::{OcspRequest, Status, encode_data, encode_response};

const DAY: i64 = 86_400;

/// When the vectors are checked: half a year after they were made.
pub(crate) fn now() -> Time {
    gen_time().plus_s(180 * DAY)
}

/// Identities that vectors use, good ones and faulty ones.
pub(crate) struct Pki {
    pub(crate) root: Identity,
    pub(crate) issuing: Identity,
    pub(crate) tsa: Identity,
    pub(crate) other_root: Identity,
    faulty: Vec<(&'static str, Identity)>,
    signers: Vec<(&'static str, Identity)>,
    crls: Vec<(&'static str, Vec<u8>)>,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let root = CertificateRecipe::ca("Vector Root").issue(TestKey::p256("root"), None);
        let issuing = CertificateRecipe::ca("Vector Issuing CA").issue(TestKey::p256("issuing"), Some(&root));
        let tsa = CertificateRecipe::tsa("Vector TSA").issue(TestKey::p256("tsa"), Some(&issuing));
        let other_root = CertificateRecipe::ca("Other Root").issue(TestKey::p256("other root"), None);
        let signers = signers(&issuing);
        let faulty = faulty(&root, &issuing);
        let crls = revocation_lists(&root, &issuing, &tsa, &other_root);
        Self { root, issuing, tsa, other_root, faulty, signers, crls }
    }

    pub(crate) fn faulty(&self, name: &str) -> &Identity {
        &self.faulty.iter().find(|(n, _)| *n == name).expect("a faulty identity of this name").1
    }

    pub(crate) fn signer(&self, name: &str) -> &Identity {
        &self.signers.iter().find(|(n, _)| *n == name).expect("a signer of this name").1
    }

    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let fixed =
            [("root", &self.root), ("issuing", &self.issuing), ("tsa", &self.tsa), ("other-root", &self.other_root)];
        let mut files: Vec<(String, Vec<u8>)> = fixed.into_iter().map(|(n, i)| (n.to_owned(), i.der.clone())).collect();
        let named = self.faulty.iter().chain(&self.signers);
        files.extend(named.map(|(name, identity)| ((*name).to_owned(), identity.der.clone())));
        files.extend(self.crls.iter().map(|(name, der)| ((*name).to_owned(), der.clone())));
        files
    }

    pub(crate) fn good(&self) -> Recipe<'_> {
        Recipe::good(&self.tsa, &[&self.tsa, &self.issuing])
    }
}

/// Right authorities with keys of every kind.
fn signers(issuing: &Identity) -> Vec<(&'static str, Identity)> {
    let tsa = |subject: &str, key: TestKey| CertificateRecipe::tsa(subject).issue(key, Some(issuing));
    vec![
        ("tsa-p384", tsa("Vector TSA P-384", TestKey::p384("tsa-p384"))),
        ("tsa-rsa-2048", tsa("Vector TSA RSA 2048", TestKey::rsa("tsa-rsa-2048", 2048))),
        ("tsa-ed25519", tsa("Vector TSA Ed25519", TestKey::ed25519("tsa-ed25519"))),
        ("tsa-sm2", tsa("Vector TSA SM2", TestKey::sm2("tsa-sm2"))),
        ("tsa-ml-dsa-65", tsa("Vector TSA ML-DSA-65", TestKey::ml_dsa_65("tsa-ml-dsa-65"))),
        ("tsa-rsa-1024", tsa("Vector TSA RSA 1024", TestKey::rsa("tsa-rsa-1024", 1024))),
    ]
}

/// Certificates with one fault each.
fn faulty(root: &Identity, issuing: &Identity) -> Vec<(&'static str, Identity)> {
    let mut out: Vec<(&'static str, Identity)> = Vec::new();
    let mut tsa = |name: &'static str, issuer: &Identity, change: &dyn Fn(&mut CertificateRecipe)| {
        let mut recipe = CertificateRecipe::tsa(name);
        change(&mut recipe);
        out.push((name, recipe.issue(TestKey::p256(name), Some(issuer))));
    };
    let stamping = || purposes(true, &[oid::TIME_STAMPING]);
    tsa("tsa-no-purpose", issuing, &|r| r.extensions = vec![key_usage(1)]);
    tsa("tsa-purpose-not-critical", issuing, &|r| r.extensions[1] = purposes(false, &[oid::TIME_STAMPING]));
    let code_signing: Oid<'static> = Oid::known(&[0x2b, 6, 1, 5, 5, 7, 3, 3]);
    tsa("tsa-two-purposes", issuing, &|r| r.extensions[1] = purposes(true, &[oid::TIME_STAMPING, code_signing]));
    tsa("tsa-other-purpose", issuing, &|r| r.extensions[1] = purposes(true, &[code_signing]));
    tsa("tsa-any-purpose", issuing, &|r| r.extensions[1] = purposes(true, &[oid::ANY_EXT_KEY_USAGE]));
    tsa("tsa-is-ca", issuing, &|r| r.extensions.push(basic_constraints(true, None)));
    tsa("tsa-cert-sign", issuing, &|r| r.extensions[0] = key_usage(1 | 1 << 5));
    tsa("tsa-encipherment-only", issuing, &|r| r.extensions[0] = key_usage(1 << 2));
    tsa("tsa-broad-usage", issuing, &|r| r.extensions[0] = key_usage(1 | 1 << 2));
    tsa("tsa-no-key-usage", issuing, &|r| r.extensions = vec![stamping()]);
    tsa("tsa-non-repudiation", issuing, &|r| r.extensions[0] = key_usage(1 << 1));
    tsa("tsa-unknown-critical", issuing, &|r| r.extensions.push((oid::QC_STATEMENTS, true, vec![0x30, 0])));
    // Our own extensions live under 2.25, with an arc far over 32 bits.
    let uuid: Oid<'static> = Oid::known(&[
        0x69, 0x83, 0xf8, 0x8e, 0xd4, 0xf5, 0xb7, 0xef, 0xb1, 0x91, 0xe8, 0xa9, 0xf2, 0x81, 0x80, 0x94, 0x99, 0x8f,
        0x9a, 0x88, 0x68,
    ]);
    tsa("tsa-uuid-extension", issuing, &|r| r.extensions.push((uuid, false, vec![5, 0])));
    tsa("tsa-not-yet-valid", issuing, &|r| r.not_before = gen_time().plus_s(DAY));
    tsa("tsa-expired", issuing, &|r| r.not_after = gen_time().plus_s(-DAY));
    tsa("tsa-expires-soon", issuing, &|r| r.not_after = gen_time().plus_s(DAY));
    tsa("tsa-spoilt-signature", issuing, &|r| r.spoil_signature = true);
    tsa("tsa-negative-serial", issuing, &|r| r.serial = vec![0x80, 0x01]);
    tsa("tsa-160-bit-serial", issuing, &|r| r.serial = vec![0x7f; 20]);

    let ca = |name: &'static str, issuer: &Identity, change: &dyn Fn(&mut CertificateRecipe)| {
        let mut recipe = CertificateRecipe::ca(name);
        change(&mut recipe);
        recipe.issue(TestKey::p256(name), Some(issuer))
    };
    let mut below = |name: &'static str, tsa_name: &'static str, issuer: Identity| {
        let leaf = CertificateRecipe::tsa(tsa_name).issue(TestKey::p256(tsa_name), Some(&issuer));
        out.push((name, issuer));
        out.push((tsa_name, leaf));
    };
    below("ca-not-ca", "tsa-below-not-ca", ca("ca-not-ca", root, &|r| r.extensions = vec![key_usage(1 << 5)]));
    below(
        "ca-no-cert-sign",
        "tsa-below-no-cert-sign",
        ca("ca-no-cert-sign", root, &|r| r.extensions[1] = key_usage(1 << 6)),
    );
    below("ca-expired", "tsa-below-expired", ca("ca-expired", root, &|r| r.not_after = gen_time().plus_s(-DAY)));
    below("ca-spoilt", "tsa-below-spoilt", ca("ca-spoilt", root, &|r| r.spoil_signature = true));
    let server_auth: Oid<'static> = Oid::known(&[0x2b, 6, 1, 5, 5, 7, 3, 1]);
    below(
        "ca-other-purpose",
        "tsa-below-other-purpose",
        ca("ca-other-purpose", root, &|r| r.extensions.push(purposes(false, &[server_auth]))),
    );
    let elsewhere = common_name("Elsewhere");
    below(
        "ca-name-outside",
        "tsa-name-outside",
        ca("ca-name-outside", root, &|r| r.extensions.push(permitted_name(&elsewhere))),
    );
    let house = proof::x509::name::encode(&[(oid::COUNTRY, "CN"), (oid::ORGANIZATION, "Shiyin Vectors")]);
    below(
        "ca-name-inside",
        "tsa-name-inside",
        ca("ca-name-inside", root, &|r| r.extensions.push(permitted_name(&house))),
    );
    let policy_constraints: Oid<'static> = Oid::known(&[0x55, 0x1d, 0x24]);
    below(
        "ca-policy-constraints",
        "tsa-below-policy-constraints",
        ca("ca-policy-constraints", root, &|r| {
            r.extensions.push((policy_constraints, true, vec![0x30, 3, 0x80, 1, 0]))
        }),
    );
    let short = ca("ca-path-length-0", root, &|r| r.extensions[0] = basic_constraints(true, Some(0)));
    below("ca-below-path-length-0", "tsa-below-path-length-0", ca("ca-below-path-length-0", &short, &|_| {}));
    let impostor = CertificateRecipe::ca("Vector Root").issue(TestKey::p256("impostor root"), None);
    let impostor_tsa =
        CertificateRecipe::tsa("tsa-of-impostor").issue(TestKey::p256("tsa-of-impostor"), Some(&impostor));
    let lonely = CertificateRecipe::tsa("tsa-self-signed").issue(TestKey::p256("tsa-self-signed"), None);
    let foreign_root = CertificateRecipe::ca("Foreign Root").issue(TestKey::p256("foreign root"), None);
    let foreign = CertificateRecipe::tsa("tsa-foreign").issue(TestKey::p256("tsa-foreign"), Some(&foreign_root));
    let weak = CertificateRecipe::ca("weak-root").issue(TestKey::rsa("weak-root", 2048), None);
    let mut sha1 = CertificateRecipe::tsa("tsa-sha1-certificate");
    sha1.scheme = Some(Scheme::RsaPkcs1(DigestAlgorithm::Sha1));
    let sha1 = sha1.issue(TestKey::p256("tsa-sha1-certificate"), Some(&weak));
    out.extend([
        ("ca-path-length-0", short),
        ("impostor-root", impostor),
        ("tsa-of-impostor", impostor_tsa),
        ("tsa-self-signed", lonely),
        ("foreign-root", foreign_root),
        ("tsa-foreign", foreign),
        ("weak-root", weak),
        ("tsa-sha1-certificate", sha1),
    ]);
    out
}

fn revocation_lists(
    root: &Identity,
    issuing: &Identity,
    tsa: &Identity,
    other: &Identity,
) -> Vec<(&'static str, Vec<u8>)> {
    let (before, after) = (gen_time().plus_s(-DAY), gen_time().plus_s(DAY));
    let fresh = now().plus_s(-DAY);
    let of_tsa = |date, reason| revocation_list(issuing, fresh, &[(&tsa.serial, date, reason)], false);
    vec![
        ("crl-root", revocation_list(root, fresh, &[], false)),
        ("crl-clean", revocation_list(issuing, fresh, &[(&[0x11], before, Some(1))], false)),
        ("crl-old", revocation_list(issuing, gen_time().plus_s(-40 * DAY), &[], false)),
        ("crl-superseded-after", of_tsa(after, Some(4))),
        ("crl-superseded-before", of_tsa(before, Some(4))),
        ("crl-compromised-after", of_tsa(after, Some(1))),
        ("crl-no-reason-after", of_tsa(after, None)),
        ("crl-cessation-after", of_tsa(after, Some(5))),
        ("crl-hold-after", of_tsa(after, Some(6))),
        ("ocsp-good", ocsp_response(issuing, &tsa.serial, fresh, Status::Good)),
        ("ocsp-superseded-after", ocsp_response(issuing, &tsa.serial, fresh, revoked(after, Reason::Superseded))),
        ("ocsp-compromised-after", ocsp_response(issuing, &tsa.serial, fresh, revoked(after, Reason::KeyCompromise))),
        ("ocsp-unknown", ocsp_response(issuing, &tsa.serial, fresh, Status::Unknown)),
        ("ocsp-forged", {
            let key = TestKey::p256("other root");
            let forged =
                Identity { key, der: issuing.der.clone(), name: issuing.name.clone(), serial: other.serial.clone() };
            ocsp_response(&forged, &tsa.serial, fresh, revoked(before, Reason::KeyCompromise))
        }),
        ("crl-partial", revocation_list(issuing, fresh, &[], true)),
        ("crl-issuing-revoked", revocation_list(root, fresh, &[(&issuing.serial, after, Some(2))], false)),
        // Names the issuing CA and is signed by somebody else.
        ("crl-forged", {
            let key = TestKey::p256("other root");
            let forged = Identity { key, der: Vec::new(), name: issuing.name.clone(), serial: other.serial.clone() };
            revocation_list(&forged, fresh, &[(&tsa.serial, before, Some(1))], false)
        }),
    ]
}

fn revoked(date: Time, reason: Reason) -> Status {
    Status::Revoked(Revocation { date, reason: Some(reason), invalid_from: None })
}

/// An answer about one certificate of `issuer`, signed by it.
fn ocsp_response(issuer: &Identity, serial: &[u8], now: Time, status: Status) -> Vec<u8> {
    let certificate = Certificate::parse(&issuer.der).expect("a certificate of the vectors");
    let request = super::pki::encoded(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.sequence(|w| {
                            w.algorithm(oid::SHA256, false);
                            w.octets(DigestAlgorithm::Sha256.digest(certificate.subject.der()).as_bytes());
                            w.octets(DigestAlgorithm::Sha256.digest(issuer.key.key_bits().as_slice()).as_bytes());
                            w.integer(serial);
                        });
                    });
                });
            });
        });
    });
    let request = OcspRequest::parse(&request).expect("a request");
    let data = encode_data(&certificate, &[(request.certificates[0], status)], None, now, now.plus_s(7 * DAY));
    let scheme = issuer.key.scheme();
    encode_response(&data, &scheme.identifier(), &issuer.key.sign(scheme, &data))
}

/// Adds one vector; the returned reference allows further changes.
pub(crate) fn add<'v>(
    out: &'v mut Vec<Vector>,
    name: &'static str,
    (verdict, codes): (Verdict, &[Code]),
    why: &'static str,
    recipe: &Recipe<'_>,
) -> &'v mut Vector {
    out.push(Vector {
        name,
        bytes: recipe.bake(),
        content: Some("original.txt"),
        request: None,
        anchors: vec!["root"],
        certificates: vec![],
        crls: vec![],
        now: now(),
        verdict,
        codes: codes.to_vec(),
        why,
    });
    let last = out.len() - 1;
    &mut out[last]
}

/// Cases of who signed: keys, purposes, certificates, paths, revocation.
pub(crate) fn all(pki: &Pki) -> Vec<Vector> {
    let mut out = Vec::new();
    let v = &mut out;
    signer_cases(pki, v);
    path_cases(pki, v);
    revocation_cases(pki, v);
    out
}

fn signer_cases(pki: &Pki, v: &mut Vec<Vector>) {
    add(v, "good-p256", (Valid, &[]), "P-256, the default", &pki.good());
    for (name, signer, why) in [
        ("good-p384", "tsa-p384", "P-384"),
        ("good-rsa-2048", "tsa-rsa-2048", "RSA with PKCS #1 v1.5"),
        ("good-ed25519", "tsa-ed25519", "Ed25519 with SHA-512 beside it (RFC 8419)"),
        ("good-sm2", "tsa-sm2", "SM2 with SM3 under the PKCS #7 content type"),
        ("good-ml-dsa-65", "tsa-ml-dsa-65", "ML-DSA-65 with SHA-512 beside it (RFC 9882)"),
    ] {
        let signer = pki.signer(signer);
        add(v, name, (Valid, &[]), why, &Recipe::good(signer, &[signer, &pki.issuing]));
    }
    let sm2 = pki.signer("tsa-sm2");
    let mut recipe = Recipe::good(sm2, &[sm2, &pki.issuing]);
    recipe.outer_type = oid::SM2_SIGNED_DATA;
    recipe.imprint_with(DigestAlgorithm::Sm3);
    add(v, "good-sm2-gmt0010", (Valid, &[]), "SM2 under the GM/T 0010 content type", &recipe);
    let mut recipe = Recipe::good(sm2, &[sm2, &pki.issuing]);
    recipe.change_signature = raw_pair;
    add(v, "good-sm2-raw-signature", (Valid, &[]), "an SM2 signature as 64 raw bytes, as some products emit", &recipe);
    let ml_dsa = pki.signer("tsa-ml-dsa-65");
    let mut recipe = Recipe::good(ml_dsa, &[ml_dsa, &pki.issuing]);
    recipe.change_signature = |signature| signature[3000] ^= 1;
    add(v, "bad-ml-dsa-65", (Invalid, &[SignatureWrong]), "ML-DSA-65 with one bit changed", &recipe);
    let mut recipe = Recipe::good(ml_dsa, &[ml_dsa, &pki.issuing]);
    recipe.signature_identifier = super::pki::encoded(|w| w.algorithm(oid::ML_DSA_65, true));
    let why = "ML-DSA-65 with NULL parameters, which RFC 9881 forbids";
    add(v, "bad-ml-dsa-65-parameters", (Invalid, &[SignatureUnsupported]), why, &recipe);
    let rsa = pki.signer("tsa-rsa-2048");
    let rsa_recipe = || Recipe::good(rsa, &[rsa, &pki.issuing]);
    let mut recipe = rsa_recipe();
    recipe.signature_identifier = super::pki::encoded(|w| w.algorithm(oid::RSA, true));
    add(v, "good-rsa-plain-identifier", (Valid, &[]), "rsaEncryption as signature algorithm (RFC 3370)", &recipe);
    let mut recipe = rsa_recipe();
    recipe.scheme = Scheme::RsaPss;
    recipe.signature_identifier = Scheme::RsaPss.identifier();
    add(v, "good-rsa-pss", (Valid, &[]), "RSASSA-PSS", &recipe);
    let weak = pki.signer("tsa-rsa-1024");
    let recipe = Recipe::good(weak, &[weak, &pki.issuing]);
    add(v, "bad-rsa-1024", (Invalid, &[KeyUnsupported]), "a key of 1024 bits", &recipe);
    let mut recipe = rsa_recipe();
    (recipe.scheme, recipe.digest) = (Scheme::RsaPkcs1(DigestAlgorithm::Sha1), DigestAlgorithm::Sha1);
    recipe.signature_identifier = recipe.scheme.identifier();
    let codes = &[DigestUnsupported, SignatureUnsupported];
    add(v, "bad-sha1-signature", (Invalid, codes), "a signature over SHA-1", &recipe);
    let mut recipe = pki.good();
    recipe.signature_identifier = super::pki::encoded(|w| w.algorithm(oid::ED25519, false));
    add(v, "bad-algorithm-of-other-key", (Invalid, &[SignatureUnsupported]), "Ed25519 named, P-256 key", &recipe);
    let mut recipe = pki.good();
    recipe.signature_identifier = super::pki::encoded(|w| w.algorithm(oid::ECDSA_SHA512, false));
    add(v, "bad-digests-differ", (Invalid, &[SignatureUnsupported]), "two digests named for one signature", &recipe);

    for (name, code, why) in [
        ("tsa-no-purpose", PurposeMissing, "no extended key usage"),
        ("tsa-purpose-not-critical", PurposeNotCritical, "the purpose is not critical"),
        ("tsa-two-purposes", PurposeNotSole, "a second purpose"),
        ("tsa-other-purpose", PurposeMissing, "another purpose only"),
        ("tsa-any-purpose", PurposeMissing, "any purpose is not the purpose"),
        ("tsa-is-ca", SignerIsCa, "the signer is a CA"),
        ("tsa-cert-sign", SignerIsCa, "the signer may sign certificates"),
        ("tsa-encipherment-only", KeyUsageWrong, "the key may not sign"),
        ("tsa-unknown-critical", PathConstraint, "a critical extension nobody knows"),
        ("tsa-not-yet-valid", TimeOutsideCertificate, "genTime before the certificate's validity"),
        ("tsa-expired", TimeOutsideCertificate, "genTime after the certificate's validity"),
        ("tsa-spoilt-signature", PathSignatureWrong, "the issuing CA did not sign the certificate"),
    ] {
        let signer = pki.faulty(name);
        let name = BAD_NAMES.iter().find(|(from, _)| *from == name).expect("a name for the vector").1;
        add(v, name, (Invalid, &[code]), why, &Recipe::good(signer, &[signer, &pki.issuing]));
    }
    for (name, signer, codes, why) in [
        ("good-broad-key-usage", "tsa-broad-usage", &[KeyUsageBroad][..], "keyEncipherment beside digitalSignature"),
        ("good-no-key-usage", "tsa-no-key-usage", &[], "no key usage extension at all"),
        ("good-non-repudiation", "tsa-non-repudiation", &[], "nonRepudiation only"),
        ("good-uuid-extension", "tsa-uuid-extension", &[], "an extension with an arc over 32 bits"),
        ("good-expired-now", "tsa-expires-soon", &[], "valid at genTime, expired when it is checked"),
        ("good-certificate-negative-serial", "tsa-negative-serial", &[], "a negative certificate serial"),
        ("good-certificate-160-bit-serial", "tsa-160-bit-serial", &[], "a certificate serial of 160 bits"),
    ] {
        let signer = pki.faulty(signer);
        add(v, name, (Valid, codes), why, &Recipe::good(signer, &[signer, &pki.issuing]));
    }
}

const BAD_NAMES: &[(&str, &str)] = &[
    ("tsa-no-purpose", "bad-no-purpose"),
    ("tsa-purpose-not-critical", "bad-purpose-not-critical"),
    ("tsa-two-purposes", "bad-two-purposes"),
    ("tsa-other-purpose", "bad-other-purpose"),
    ("tsa-any-purpose", "bad-any-purpose"),
    ("tsa-is-ca", "bad-signer-is-ca"),
    ("tsa-cert-sign", "bad-signer-signs-certificates"),
    ("tsa-encipherment-only", "bad-key-may-not-sign"),
    ("tsa-unknown-critical", "bad-unknown-critical-extension"),
    ("tsa-not-yet-valid", "bad-time-before-certificate"),
    ("tsa-expired", "bad-time-after-certificate"),
    ("tsa-spoilt-signature", "bad-certificate-signature"),
];

/// `SEQUENCE { r, s }` of 32-byte numbers to r ‖ s.
fn raw_pair(signature: &mut Vec<u8>) {
    let mut fields = proof::der::Element::parse(signature).and_then(|e| e.inside(0x30)).expect("a pair");
    let mut raw = Vec::new();
    for _ in 0..2 {
        let number = fields.integer().expect("a number").unsigned().expect("not negative").to_vec();
        raw.extend(std::iter::repeat_n(0, 32 - number.len()));
        raw.extend(number);
    }
    *signature = raw;
}

fn path_cases(pki: &Pki, v: &mut Vec<Vector>) {
    let f = |name| pki.faulty(name);
    for (name, tsa, ca, verdict, why) in [
        ("bad-ca-not-ca", "tsa-below-not-ca", "ca-not-ca", (Invalid, &[PathNotCa][..]), "the issuer is no CA"),
        (
            "bad-ca-no-cert-sign",
            "tsa-below-no-cert-sign",
            "ca-no-cert-sign",
            (Invalid, &[PathNotCa]),
            "the CA may sign CRLs only",
        ),
        (
            "bad-ca-expired",
            "tsa-below-expired",
            "ca-expired",
            (Invalid, &[TimeOutsideCertificate]),
            "the CA had expired at genTime",
        ),
        (
            "bad-ca-signature",
            "tsa-below-spoilt",
            "ca-spoilt",
            (Invalid, &[PathSignatureWrong]),
            "the root did not sign the CA",
        ),
        (
            "bad-ca-other-purpose",
            "tsa-below-other-purpose",
            "ca-other-purpose",
            (Invalid, &[PathConstraint]),
            "a CA confined to TLS servers",
        ),
        (
            "bad-name-outside",
            "tsa-name-outside",
            "ca-name-outside",
            (Invalid, &[PathConstraint]),
            "a name outside the CA's constraints",
        ),
        ("good-name-inside", "tsa-name-inside", "ca-name-inside", (Valid, &[]), "a name inside the CA's constraints"),
        (
            "bad-policy-constraints",
            "tsa-below-policy-constraints",
            "ca-policy-constraints",
            (Invalid, &[PathConstraint]),
            "a critical constraint that is not processed",
        ),
    ] {
        add(v, name, verdict, why, &Recipe::good(f(tsa), &[f(tsa), f(ca)]));
    }
    let leaf = f("tsa-below-path-length-0");
    let recipe = Recipe::good(leaf, &[leaf, f("ca-below-path-length-0"), f("ca-path-length-0")]);
    add(v, "bad-path-length", (Invalid, &[PathTooLong]), "a CA below a CA that allows none", &recipe);

    let foreign = f("tsa-foreign");
    let recipe = Recipe::good(foreign, &[foreign, f("foreign-root")]);
    let unconfirmed = (Unconfirmed, &[AuthorityUnconfirmed][..]);
    add(v, "bad-root-in-bag", unconfirmed, "a root that travels inside the token is no anchor", &recipe);
    add(v, "good-foreign-root-pinned", (Valid, &[]), "the same token with its root pinned", &recipe).anchors =
        vec!["foreign-root"];
    let lonely = f("tsa-self-signed");
    add(v, "bad-self-signed", unconfirmed, "a signer that vouches for itself", &Recipe::good(lonely, &[lonely]));
    add(
        v,
        "good-pinned-signer",
        (Valid, &[]),
        "the signer's own certificate is pinned",
        &Recipe::good(lonely, &[lonely]),
    )
    .anchors = vec!["tsa-self-signed"];
    let good = pki.good();
    add(v, "bad-no-anchor", unconfirmed, "nothing is pinned", &good).anchors = vec![];
    add(v, "bad-wrong-root", unconfirmed, "another root is pinned", &good).anchors = vec!["other-root"];
    add(v, "good-two-anchors", (Valid, &[]), "the right root among several", &good).anchors =
        vec!["other-root", "root"];
    let impostor = f("tsa-of-impostor");
    let recipe = Recipe::good(impostor, &[impostor, f("impostor-root")]);
    let codes = (Invalid, &[PathSignatureWrong][..]);
    add(v, "bad-impostor-root", codes, "a root with the pinned root's name and another key", &recipe);
    let weak = f("tsa-sha1-certificate");
    add(
        v,
        "bad-sha1-certificate",
        (Invalid, &[PathSignatureWeak]),
        "a certificate signed over SHA-1",
        &Recipe::good(weak, &[weak]),
    )
    .anchors = vec!["weak-root"];

    let mut recipe = pki.good();
    recipe.certificates = vec![pki.tsa.der.clone()];
    add(v, "bad-issuer-missing", unconfirmed, "the issuing CA's certificate is nowhere", &recipe);
    add(v, "good-issuer-supplied", (Valid, &[]), "the issuing CA's certificate is supplied", &recipe).certificates =
        vec!["issuing"];
    let mut recipe = pki.good();
    recipe.certificates = vec![];
    let missing = (Incomplete, &[SignerCertificateMissing][..]);
    add(v, "bad-no-certificates", missing, "no certificate in the token, none supplied", &recipe);
    add(v, "good-certificates-supplied", (Valid, &[]), "no certificate in the token, all supplied", &recipe)
        .certificates = vec!["tsa", "issuing"];
    let mut recipe = pki.good();
    recipe.certificates = [foreign, &pki.other_root, &pki.issuing, &pki.tsa].map(|i| i.der.clone()).to_vec();
    add(v, "good-injected-certificates", (Valid, &[]), "foreign certificates before the signer's", &recipe);
    let mut recipe = pki.good();
    recipe.certificates = vec![pki.tsa.der.clone(), pki.issuing.der.clone(), pki.root.der.clone()];
    add(v, "good-root-included", (Valid, &[]), "the root is in the token and pinned", &recipe);
    let mut recipe = pki.good();
    recipe.certificates.push(b"\x30\x03\x02\x01\x01".to_vec());
    add(v, "good-junk-certificate", (Valid, &[]), "an element among the certificates that is none", &recipe);
    let mut recipe = pki.good();
    recipe.certificates = (0..40).map(|_| pki.issuing.der.clone()).collect();
    add(v, "bad-forty-certificates", (Invalid, &[TokenMalformed]), "more certificates than are read", &recipe);
    let mut recipe = pki.good();
    recipe.certificates = vec![recipe::swap_subject_key(&pki.tsa, foreign), pki.issuing.der.clone()];
    let codes = &[SignatureWrong, CertificateIdWrong, PathSignatureWrong];
    add(v, "bad-certificate-key-swapped", (Invalid, codes), "the signer's certificate with another key in it", &recipe);
}

fn revocation_cases(pki: &Pki, v: &mut Vec<Vector>) {
    let good = pki.good();
    for (name, crls, verdict, why) in [
        ("good-not-revoked", &["crl-clean", "crl-root"][..], (Valid, &[][..]), "on no list"),
        ("good-superseded-later", &["crl-superseded-after"], (Valid, &[]), "revoked later for a harmless reason"),
        ("good-cessation-later", &["crl-cessation-after"], (Valid, &[]), "the authority closed later"),
        ("bad-superseded-before", &["crl-superseded-before"], (Invalid, &[Revoked]), "revoked before genTime"),
        ("bad-compromised-later", &["crl-compromised-after"], (Invalid, &[Revoked]), "the key was compromised later"),
        (
            "bad-revoked-without-reason",
            &["crl-no-reason-after"],
            (Invalid, &[Revoked]),
            "revoked later, no reason given",
        ),
        ("bad-on-hold", &["crl-hold-after"], (Invalid, &[Revoked]), "on hold"),
        (
            "bad-issuer-revoked",
            &["crl-issuing-revoked", "crl-clean"],
            (Invalid, &[Revoked]),
            "the issuing CA was compromised",
        ),
        ("good-forged-list", &["crl-forged"], (Valid, &[]), "a list that the CA did not sign is left aside"),
        ("good-partial-list", &["crl-partial"], (Valid, &[]), "a list with a critical extension is left aside"),
        ("good-ocsp", &["ocsp-good"], (Valid, &[]), "an OCSP response says that it is good"),
        ("good-ocsp-superseded-later", &["ocsp-superseded-after"], (Valid, &[]), "the same reasons as in a list"),
        ("bad-ocsp-compromised-later", &["ocsp-compromised-after"], (Invalid, &[Revoked]), "told by OCSP"),
        ("good-ocsp-unknown", &["ocsp-unknown"], (Valid, &[]), "a responder that does not know says nothing"),
        ("good-ocsp-forged", &["ocsp-forged"], (Valid, &[]), "a response that the CA did not sign is left aside"),
        ("good-old-list", &["crl-old"], (Valid, &[RevocationDataOld]), "a list past its next update"),
        (
            "bad-newest-list-decides",
            &["crl-old", "crl-compromised-after"],
            (Invalid, &[Revoked]),
            "the newer list counts",
        ),
    ] {
        add(v, name, verdict, why, &good).crls = crls.to_vec();
    }
    let mut recipe = pki.good();
    recipe.crls = pki.crls.iter().filter(|(n, _)| *n == "crl-compromised-after").map(|(_, d)| d.clone()).collect();
    add(v, "bad-revoked-by-embedded-list", (Invalid, &[Revoked]), "the list came inside the token", &recipe);
    let mut recipe = pki.good();
    recipe.crls = vec![b"\x30\x03\x02\x01\x01".to_vec()];
    add(v, "good-junk-list", (Valid, &[RevocationListMalformed]), "an element among the lists that is none", &recipe);
}
