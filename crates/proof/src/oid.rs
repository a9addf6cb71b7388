//! Object identifiers, kept as their content octets.
//!
//! Arcs of any size print right: our own identifiers live under 2.25 (X.667),
//! where an arc is a 128-bit UUID, which types with 32-bit arcs refuse.

use crate::der::DerError;
use core::fmt;

/// An object identifier: borrowed content octets, checked to be well formed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid<'a>(&'a [u8]);

/// Longer identifiers are refused: no registered one comes near.
const LENGTH_MAX: usize = 64;

impl<'a> Oid<'a> {
    /// Checks content octets: not empty, each arc minimal and finished (X.690 8.19).
    pub fn from_content(content: &'a [u8]) -> Result<Self, DerError> {
        if content.len() > LENGTH_MAX {
            return Err(DerError::TooLarge("object identifier"));
        }
        let mut starts_arc = true;
        for byte in content {
            if starts_arc && *byte == 0x80 {
                return Err(DerError::BadValue("object identifier"));
            }
            starts_arc = byte & 0x80 == 0;
        }
        if content.is_empty() || !starts_arc {
            return Err(DerError::BadValue("object identifier"));
        }
        Ok(Self(content))
    }

    /// From content octets that are known to be right, for constants.
    #[must_use]
    pub const fn known(content: &'a [u8]) -> Self {
        Self(content)
    }

    /// The content octets of dotted decimal, with arcs up to 2^128.
    #[must_use]
    pub fn parse_dotted(text: &str) -> Option<Vec<u8>> {
        let arc = |s: &str| s.bytes().all(|b| b.is_ascii_digit()).then(|| s.parse::<u128>().ok()).flatten();
        let arcs: Vec<u128> = text.split('.').map(arc).collect::<Option<_>>()?;
        let [first @ 0..=2, second, rest @ ..] = arcs.as_slice() else { return None };
        if *first < 2 && *second >= 40 {
            return None;
        }
        let mut out = Vec::new();
        for arc in std::iter::once(second.checked_add(first * 40)?).chain(rest.iter().copied()) {
            let groups = (128 - arc.leading_zeros()).div_ceil(7).max(1);
            let group = |n: u32| (arc >> (7 * n)) as u8 & 0x7f | if n > 0 { 0x80 } else { 0 };
            out.extend((0..groups).rev().map(group));
        }
        (out.len() <= LENGTH_MAX).then_some(out)
    }

    /// The content octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The name standards give to identifiers this crate knows.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        NAMES.iter().find(|(oid, _)| oid == self).map(|(_, name)| *name)
    }
}

/// Dotted decimal, as in RFC 4512.
impl fmt::Display for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        for arc in self.0.split_inclusive(|b| b & 0x80 == 0) {
            let mut digits = to_decimal(arc);
            if first {
                // The first two arcs share one number: 40 * first + second.
                let root = if digits.len() > 2 || digits.as_str() >= "80" && digits.len() == 2 {
                    2
                } else {
                    digits.parse::<u32>().unwrap_or(0) / 40
                };
                digits = subtract_small(&digits, root * 40);
                write!(f, "{root}.{digits}")?;
                first = false;
            } else {
                write!(f, ".{digits}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A base-128 number of any size in decimal.
fn to_decimal(arc: &[u8]) -> String {
    // Little-endian decimal digits; at most 64 octets, so quadratic work is small.
    let mut digits = vec![0u8];
    for byte in arc {
        let mut carry = u32::from(byte & 0x7f);
        for digit in &mut digits {
            let n = u32::from(*digit) * 128 + carry;
            *digit = (n % 10) as u8;
            carry = n / 10;
        }
        while carry > 0 {
            digits.push((carry % 10) as u8);
            carry /= 10;
        }
    }
    digits.iter().rev().map(|d| char::from(b'0' + d)).collect()
}

/// A decimal number less a small one that it is known to reach.
fn subtract_small(decimal: &str, small: u32) -> String {
    let mut digits: Vec<i32> = decimal.bytes().rev().map(|d| i32::from(d - b'0')).collect();
    let mut borrow = small as i32;
    for digit in &mut digits {
        let n = *digit - borrow % 10;
        borrow /= 10;
        if n < 0 {
            *digit = n + 10;
            borrow += 1;
        } else {
            *digit = n;
        }
    }
    let text: String = digits.iter().rev().map(|d| char::from(b'0' + *d as u8)).collect();
    let trimmed = text.trim_start_matches('0');
    if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() }
}

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = [$($byte:expr),+] $text:literal;)*) => {
        $($(#[$doc])* pub const $name: Oid<'static> = Oid::known(&[$($byte),+]);)*
        const NAMES: &[(Oid<'static>, &str)] = &[$(($name, $text)),*];
    };
}

oids! {
    /// RFC 5652
    SIGNED_DATA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02] "signedData";
    /// GM/T 0010
    SM2_SIGNED_DATA = [0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x06, 0x01, 0x04, 0x02, 0x02] "signedData (GM/T 0010)";
    /// RFC 5652
    DATA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01] "data";
    /// RFC 3161
    TST_INFO = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04] "id-ct-TSTInfo";
    /// RFC 5652
    CONTENT_TYPE = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03] "contentType";
    /// RFC 5652
    MESSAGE_DIGEST = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04] "messageDigest";
    /// RFC 5652
    SIGNING_TIME = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x05] "signingTime";
    /// RFC 2634
    SIGNING_CERTIFICATE = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c] "signingCertificate";
    /// RFC 5035
    SIGNING_CERTIFICATE_V2 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f] "signingCertificateV2";
    /// ETSI EN 319 122-1, RFC 3161 appendix A
    SIGNATURE_TIME_STAMP = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0e] "signatureTimeStampToken";
    /// RFC 6211
    CMS_ALGORITHM_PROTECTION = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x34] "CMSAlgorithmProtection";

    /// FIPS 180-4; broken, read only to name it
    MD5 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05] "MD5";
    /// FIPS 180-4
    SHA1 = [0x2b, 0x0e, 0x03, 0x02, 0x1a] "SHA-1";
    /// FIPS 180-4
    SHA224 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x04] "SHA-224";
    /// FIPS 180-4
    SHA256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01] "SHA-256";
    /// FIPS 180-4
    SHA384 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02] "SHA-384";
    /// FIPS 180-4
    SHA512 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03] "SHA-512";
    /// FIPS 202
    SHA3_256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x08] "SHA3-256";
    /// FIPS 202
    SHA3_384 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x09] "SHA3-384";
    /// FIPS 202
    SHA3_512 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x0a] "SHA3-512";
    /// GB/T 32905
    SM3 = [0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x11] "SM3";

    /// RFC 8017
    RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01] "rsaEncryption";
    /// RFC 8017
    SHA1_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05] "sha1WithRSAEncryption";
    /// RFC 8017
    SHA256_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b] "sha256WithRSAEncryption";
    /// RFC 8017
    SHA384_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c] "sha384WithRSAEncryption";
    /// RFC 8017
    SHA512_RSA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d] "sha512WithRSAEncryption";
    /// RFC 8017
    RSA_PSS = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a] "RSASSA-PSS";
    /// RFC 8017
    MGF1 = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08] "MGF1";
    /// RFC 5480
    EC_PUBLIC_KEY = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01] "ecPublicKey";
    /// RFC 5480
    P256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07] "P-256";
    /// RFC 5480
    P384 = [0x2b, 0x81, 0x04, 0x00, 0x22] "P-384";
    /// GM/T 0006
    SM2_CURVE = [0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d] "SM2";
    /// GM/T 0006
    SM2_SIGN = [0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x01] "SM2-sign";
    /// GM/T 0006
    SM2_SM3 = [0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x83, 0x75] "SM2-with-SM3";
    /// RFC 5758
    ECDSA_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02] "ecdsa-with-SHA256";
    /// RFC 5758
    ECDSA_SHA384 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03] "ecdsa-with-SHA384";
    /// RFC 5758
    ECDSA_SHA512 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04] "ecdsa-with-SHA512";
    /// RFC 8410
    ED25519 = [0x2b, 0x65, 0x70] "Ed25519";
    /// RFC 9881
    ML_DSA_65 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12] "ML-DSA-65";

    /// RFC 5280
    SUBJECT_KEY_ID = [0x55, 0x1d, 0x0e] "subjectKeyIdentifier";
    /// RFC 5280
    KEY_USAGE = [0x55, 0x1d, 0x0f] "keyUsage";
    /// RFC 5280
    SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11] "subjectAltName";
    /// RFC 5280
    BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13] "basicConstraints";
    /// RFC 5280
    CRL_NUMBER = [0x55, 0x1d, 0x14] "cRLNumber";
    /// RFC 5280
    REASON_CODE = [0x55, 0x1d, 0x15] "cRLReason";
    /// RFC 5280
    NAME_CONSTRAINTS = [0x55, 0x1d, 0x1e] "nameConstraints";
    /// RFC 5280
    CRL_DISTRIBUTION_POINTS = [0x55, 0x1d, 0x1f] "cRLDistributionPoints";
    /// RFC 5280
    CERTIFICATE_POLICIES = [0x55, 0x1d, 0x20] "certificatePolicies";
    /// RFC 5280
    AUTHORITY_KEY_ID = [0x55, 0x1d, 0x23] "authorityKeyIdentifier";
    /// RFC 5280
    EXT_KEY_USAGE = [0x55, 0x1d, 0x25] "extKeyUsage";
    /// RFC 5280
    ANY_EXT_KEY_USAGE = [0x55, 0x1d, 0x25, 0x00] "anyExtendedKeyUsage";
    /// RFC 5280
    PRIVATE_KEY_USAGE_PERIOD = [0x55, 0x1d, 0x10] "privateKeyUsagePeriod";
    /// RFC 5280
    INVALIDITY_DATE = [0x55, 0x1d, 0x18] "invalidityDate";
    /// RFC 5280
    AUTHORITY_INFO_ACCESS = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01] "authorityInfoAccess";
    /// RFC 5280
    CA_ISSUERS = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02] "id-ad-caIssuers";
    /// RFC 6960
    OCSP = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01] "id-ad-ocsp";
    /// RFC 6960
    OCSP_BASIC = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01] "id-pkix-ocsp-basic";
    /// RFC 9654
    OCSP_NONCE = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x02] "id-pkix-ocsp-nonce";
    /// RFC 6960
    OCSP_SIGNING = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09] "id-kp-OCSPSigning";
    /// RFC 5940
    RI_OCSP_RESPONSE = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x10, 0x02] "id-ri-ocsp-response";
    /// RFC 9336
    DOCUMENT_SIGNING = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24] "id-kp-documentSigning";
    /// RFC 5280
    EMAIL_PROTECTION = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04] "id-kp-emailProtection";
    /// RFC 5280
    CLIENT_AUTH = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02] "id-kp-clientAuth";
    /// Adobe: authentic documents trust
    ADOBE_DOCUMENT_SIGNING = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x2f, 0x01, 0x01, 0x05] "authenticDocumentsTrust";
    /// Microsoft: document signing
    MICROSOFT_DOCUMENT_SIGNING =
        [0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0a, 0x03, 0x0c] "szOID_KP_DOCUMENT_SIGNING";
    /// RFC 3161
    TIME_STAMPING = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08] "id-kp-timeStamping";
    /// RFC 3739; in a token, ETSI EN 319 422 clause 9.1
    QC_STATEMENTS = [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x03] "qcStatements";

    /// RFC 4519
    COMMON_NAME = [0x55, 0x04, 0x03] "CN";
    /// RFC 4519
    SURNAME = [0x55, 0x04, 0x04] "SN";
    /// RFC 4519
    SERIAL_NUMBER = [0x55, 0x04, 0x05] "serialNumber";
    /// RFC 4519
    COUNTRY = [0x55, 0x04, 0x06] "C";
    /// RFC 4519
    LOCALITY = [0x55, 0x04, 0x07] "L";
    /// RFC 4519
    STATE = [0x55, 0x04, 0x08] "ST";
    /// RFC 4519
    ORGANIZATION = [0x55, 0x04, 0x0a] "O";
    /// RFC 4519
    ORGANIZATIONAL_UNIT = [0x55, 0x04, 0x0b] "OU";
    /// X.520
    ORGANIZATION_ID = [0x55, 0x04, 0x61] "organizationIdentifier";
    /// RFC 2985
    EMAIL_ADDRESS = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01] "emailAddress";

    /// Ours, 2.25 and the UUID 4b074546-53dc-4385-84e9-cbc37f94d860: certificate extension
    LOG_IDENTITY = [0x69, 0x81, 0x96, 0x87, 0xa2, 0xd1, 0xca, 0xbd, 0xe2, 0x8e, 0x8b, 0x84, 0xf4, 0xf2, 0xf8, 0xb7, 0xfc, 0xd3, 0xb0, 0x60] "Shiyin log identity";
    /// Ours, 2.25 and the UUID 25a43ace-1dd7-43ad-80b8-9252385eaa6d: unsigned attribute
    LOG_PROOF = [0x69, 0xcb, 0xa4, 0x9d, 0xb3, 0xc3, 0xdd, 0xba, 0x8e, 0xdb, 0x80, 0xdc, 0xa4, 0xca, 0xa3, 0xc2, 0xfa, 0xd4, 0x6d] "Shiyin log proof";

    /// ETSI EN 319 421: best-practices time-stamp policy
    BEST_PRACTICES_POLICY = [0x04, 0x00, 0x8f, 0x67, 0x01, 0x01] "ETSI best-practices-ts-policy";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_decimal_of_any_size() {
        assert_eq!(SHA256.to_string(), "2.16.840.1.101.3.4.2.1");
        assert_eq!(TIME_STAMPING.to_string(), "1.3.6.1.5.5.7.3.8");
        assert_eq!(DOCUMENT_SIGNING.to_string(), "1.3.6.1.5.5.7.3.36");
        assert_eq!(ADOBE_DOCUMENT_SIGNING.to_string(), "1.2.840.113583.1.1.5");
        assert_eq!(MICROSOFT_DOCUMENT_SIGNING.to_string(), "1.3.6.1.4.1.311.10.3.12");
        assert_eq!(SIGNATURE_TIME_STAMP.to_string(), "1.2.840.113549.1.9.16.2.14");
        assert_eq!(SM3.to_string(), "1.2.156.10197.1.401");
        assert_eq!(SM2_SIGNED_DATA.to_string(), "1.2.156.10197.6.1.4.2.2");
        assert_eq!(BEST_PRACTICES_POLICY.to_string(), "0.4.0.2023.1.1");
        // X.667: the UUID f81d4fae-7dec-11d0-a765-00a0c91e6bf6 as one arc.
        let uuid = [
            0x69, 0x83, 0xf8, 0x8e, 0xd4, 0xf5, 0xb7, 0xef, 0xb1, 0x91, 0xe8, 0xa9, 0xf2, 0x81, 0x80, 0x94, 0x99, 0x8f,
            0x9a, 0x88, 0x68,
        ];
        assert!(Oid::from_content(&uuid).unwrap().to_string().starts_with("2.25."));
        assert_eq!(Oid::known(&[0x88, 0x37]).to_string(), "2.999");
        assert_eq!(Oid::known(&[0x50]).to_string(), "2.0");
        assert_eq!(Oid::known(&[0x4f]).to_string(), "1.39");
    }

    #[test]
    fn dotted_decimal_is_read_back() {
        for text in
            ["2.16.840.1.101.3.4.2.1", "0.4.0.2023.1.1", "2.999", "2.25.340282366920938463463374607431768211455"]
        {
            assert_eq!(Oid::from_content(&Oid::parse_dotted(text).unwrap()).unwrap().to_string(), text);
        }
        for bad in
            ["", "1", "3.1", "1.40", "1..2", "1.2.", "1.+2", "1.2.x", "2.340282366920938463463374607431768211455"]
        {
            assert_eq!(Oid::parse_dotted(bad), None, "{bad}");
        }
    }

    #[test]
    fn malformed_identifiers_are_refused() {
        for bad in [&[][..], &[0x80, 0x01], &[0x2a, 0x86], &[0x2a, 0x80, 0x01], &[0x2a; 65]] {
            assert!(Oid::from_content(bad).is_err(), "{bad:02x?}");
        }
    }
}
