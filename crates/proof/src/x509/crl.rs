//! Certificate revocation lists (RFC 5280 section 5), read lazily: a list may
//! hold a million entries, and only one of them is asked for.
//! Absent: delta and indirect lists; a list with a critical extension that is
//! not known here is not used.

use super::{Certificate, Extension, key_usage, read_extensions};
use crate::crypto::{self, AlgorithmIdentifier, SignatureAlgorithm, Verifier};
use crate::der::{DerError, Element, Integer, Reader, Time, Writer, tag};
use crate::oid;
use crate::x509::name::Name;

/// A revocation list as received.
#[derive(Clone, Debug)]
pub struct Crl<'a> {
    tbs: &'a [u8],
    signature_algorithm: AlgorithmIdentifier<'a>,
    signature: &'a [u8],
    /// Who issued it.
    pub issuer: Name<'a>,
    /// When it was issued.
    pub this_update: Time,
    /// When the next one is due at the latest.
    pub next_update: Option<Time>,
    entries: &'a [u8],
    extensions: Vec<Extension<'a>>,
}

/// An entry of a revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// From when on the certificate is revoked.
    pub date: Time,
    /// Why; none where the list does not say.
    pub reason: Option<Reason>,
    /// From when on the key could no longer be relied on, where that is known to be earlier
    /// (RFC 5280 section 5.3.2).
    pub invalid_from: Option<Time>,
}

impl Revocation {
    /// From when on nothing under the key counts by itself.
    #[must_use]
    pub fn takes_force_from(&self) -> Time {
        self.invalid_from.map_or(self.date, |from| from.min(self.date))
    }
}

/// CRLReason (RFC 5280 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// unspecified (0)
    Unspecified,
    /// keyCompromise (1)
    KeyCompromise,
    /// cACompromise (2)
    CaCompromise,
    /// affiliationChanged (3)
    AffiliationChanged,
    /// superseded (4)
    Superseded,
    /// cessationOfOperation (5)
    CessationOfOperation,
    /// certificateHold (6)
    CertificateHold,
    /// any other number
    Other,
}

impl Reason {
    /// Whether tokens from before the revocation stay valid (RFC 3161 section 4, items 1 and 2).
    #[must_use]
    pub fn spares_earlier_tokens(self) -> bool {
        matches!(self, Self::Unspecified | Self::AffiliationChanged | Self::Superseded | Self::CessationOfOperation)
    }

    /// Reads the ENUMERATED of RFC 5280 section 5.3.1.
    pub fn from_enumerated(element: &Element<'_>) -> Result<Self, DerError> {
        if element.tag != tag::ENUMERATED {
            return Err(DerError::BadValue("CRL reason"));
        }
        Ok(match element.content {
            [0] => Self::Unspecified,
            [1] => Self::KeyCompromise,
            [2] => Self::CaCompromise,
            [3] => Self::AffiliationChanged,
            [4] => Self::Superseded,
            [5] => Self::CessationOfOperation,
            [6] => Self::CertificateHold,
            [_] => Self::Other,
            _ => return Err(DerError::BadValue("CRL reason")),
        })
    }

    /// The number in RFC 5280.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Unspecified | Self::Other => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
        }
    }

    /// The reason with this name in RFC 5280.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        use Reason::{
            AffiliationChanged, CaCompromise, CertificateHold, CessationOfOperation, KeyCompromise, Superseded,
            Unspecified,
        };
        let all = [
            Unspecified,
            KeyCompromise,
            CaCompromise,
            AffiliationChanged,
            Superseded,
            CessationOfOperation,
            CertificateHold,
        ];
        all.into_iter().find(|reason| reason.name() == name)
    }

    /// The name in RFC 5280.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::Other => "other",
        }
    }
}

impl<'a> Crl<'a> {
    /// Reads one list; its entries are read when asked for.
    pub fn parse(der: &'a [u8]) -> Result<Self, DerError> {
        let mut outer = Element::parse(der)?.inside(tag::SEQUENCE)?;
        let tbs = outer.expect(tag::SEQUENCE)?;
        let algorithm = outer.expect(tag::SEQUENCE)?;
        let signature = outer.expect(tag::BIT_STRING)?.bit_string()?;
        outer.finish()?;
        let mut fields = Reader::new(tbs.content);
        if let Some(version) = fields.optional(tag::INTEGER)?
            && version.content != [1]
        {
            return Err(DerError::BadValue("CRL version"));
        }
        if fields.expect(tag::SEQUENCE)?.full != algorithm.full {
            return Err(DerError::BadValue("CRL: two different signature algorithms"));
        }
        let issuer = Name::parse(fields.expect(tag::SEQUENCE)?.full)?;
        let this_update = Time::from_x509(&fields.any()?)?;
        let next_update = match fields.peek() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(Time::from_x509(&fields.any()?)?),
            _ => None,
        };
        let entries = fields.optional(tag::SEQUENCE)?.map_or(&[][..], |e| e.content);
        let extensions = match fields.optional(tag::context_constructed(0))? {
            Some(field) => read_extensions(Element::parse(field.content)?)?,
            None => Vec::new(),
        };
        fields.finish()?;
        Ok(Self {
            tbs: tbs.full,
            signature_algorithm: AlgorithmIdentifier::read_inside(&mut Reader::new(algorithm.content))?,
            signature,
            issuer,
            this_update,
            next_update,
            entries,
            extensions,
        })
    }

    /// Whether `issuer` signed this list and may sign lists, and the list is a plain, complete one.
    #[must_use]
    pub fn is_from(&self, issuer: &Certificate<'_>, verifier: &dyn Verifier) -> bool {
        let may_sign = issuer.key_usage().is_ok_and(|bits| bits.is_none_or(|b| b & key_usage::CRL_SIGN != 0));
        let is_plain = !self.extensions.iter().any(|e| e.critical);
        let signed = || {
            let algorithm = SignatureAlgorithm::from_identifier(&self.signature_algorithm, None)?;
            if !algorithm.digest().is_none_or(|d| d.is_collision_resistant()) {
                return None;
            }
            let key = issuer.public_key().ok()?;
            crypto::verify(verifier, algorithm, &key, self.tbs, self.signature).ok()
        };
        self.issuer.matches(&issuer.subject) && may_sign && is_plain && signed().is_some()
    }

    /// The entry for this serial number.
    ///
    /// # Errors
    /// Where an entry before it or itself is malformed: the list cannot be relied on.
    pub fn revocation(&self, serial: Integer<'_>) -> Result<Option<Revocation>, DerError> {
        let mut entries = Reader::new(self.entries);
        let mut found = None;
        while !entries.is_empty() {
            let mut fields = entries.sequence()?;
            if fields.integer()? != serial {
                continue;
            }
            let date = Time::from_x509(&fields.any()?)?;
            let (mut reason, mut invalid_from) = (None, None);
            if !fields.is_empty() {
                for extension in read_extensions(fields.any()?)? {
                    if extension.oid == oid::REASON_CODE {
                        reason = Some(Reason::from_enumerated(&Element::parse(extension.value)?)?);
                    } else if extension.oid == oid::INVALIDITY_DATE {
                        invalid_from = Some(Time::from_x509(&Element::parse(extension.value)?)?);
                    } else if extension.critical {
                        return Err(DerError::BadValue("CRL entry with an unknown critical extension"));
                    }
                }
            }
            fields.finish()?;
            found = Some(Revocation { date, reason, invalid_from });
        }
        Ok(found)
    }

    /// The list's number; none where it does not say.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let value = self.extensions.iter().find(|e| e.oid == oid::CRL_NUMBER)?.value;
        Element::parse(value).ok()?.integer().ok()?.to_u64()
    }

    /// The serial numbers and dates of all entries, for showing.
    pub fn count(&self) -> Result<usize, DerError> {
        let mut entries = Reader::new(self.entries);
        let mut count = 0;
        while !entries.is_empty() {
            entries.any()?;
            count += 1;
        }
        Ok(count)
    }
}

/// An entry to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewEntry<'a> {
    /// The certificate's serial number, as its INTEGER's content.
    pub serial: &'a [u8],
    /// What is said of it.
    pub revocation: Revocation,
}

/// The signed part of a list (TBSCertList, RFC 5280 section 5.1.2).
#[must_use]
pub fn encode_tbs(
    issuer: &Certificate<'_>,
    signature_algorithm: &[u8],
    number: u64,
    this_update: Time,
    next_update: Time,
    entries: &[NewEntry<'_>],
) -> Vec<u8> {
    let mut w = Writer::new();
    w.sequence(|w| {
        w.integer_u64(1);
        w.raw(signature_algorithm);
        w.raw(issuer.subject.der());
        w.x509_time(this_update);
        w.x509_time(next_update);
        if !entries.is_empty() {
            w.sequence(|w| entries.iter().for_each(|entry| write_entry(w, entry)));
        }
        w.nested(tag::context_constructed(0), |w| {
            w.sequence(|w| {
                if let Some(id) = issuer.subject_key_id() {
                    write_extension(w, oid::AUTHORITY_KEY_ID, |w| w.sequence(|w| w.primitive(tag::context(0), id)));
                }
                write_extension(w, oid::CRL_NUMBER, |w| w.integer_u64(number));
            });
        });
    });
    w.into_bytes()
}

fn write_entry(w: &mut Writer, entry: &NewEntry<'_>) {
    w.sequence(|w| {
        w.integer(entry.serial);
        w.x509_time(entry.revocation.date);
        if entry.revocation.reason.is_none() && entry.revocation.invalid_from.is_none() {
            return;
        }
        w.sequence(|w| {
            if let Some(reason) = entry.revocation.reason {
                write_extension(w, oid::REASON_CODE, |w| w.primitive(tag::ENUMERATED, &[reason.number()]));
            }
            if let Some(from) = entry.revocation.invalid_from {
                write_extension(w, oid::INVALIDITY_DATE, |w| w.generalized_time(from.truncate_to_second()));
            }
        });
    });
}

fn write_extension(w: &mut Writer, oid: oid::Oid<'_>, fill: impl Fn(&mut Writer)) {
    w.sequence(|w| {
        w.oid(oid);
        w.octets_of(|w| fill(w));
    });
}
