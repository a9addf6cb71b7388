//! `shiyin inspect`: what is in a request, response, token, certificate, revocation list or manifest.
//!
//! Explains and does not judge; `verify` does that.

use crate::exit::{Exit, Failure};
use crate::manifest::Manifest;
use crate::words::{Words, visible};
use crate::{input, tell};
use clap::ArgMatches;
use proof::cms::{self, SignedData, SignerId};
use proof::crypto::{AlgorithmIdentifier, RustCrypto};
use proof::der::Element;
use proof::digest::{DigestAlgorithm, hex};
use proof::logged::{LogIdentity, LogProof};
use proof::oid::{self, Oid};
use proof::tlog::{Checkpoint, Receipt};
use proof::tsp::{MessageImprint, TimeStampReq, TimeStampResp, TstInfo};
use proof::verify::token_der;
use proof::x509::Certificate;
use proof::x509::crl::{Crl, Reason};
use proof::x509::ocsp::{OcspResponse, Status, responder_name};
use serde::Serialize;
use std::fmt::Write as _;

/// Runs the command.
pub fn run(matches: &ArgMatches, words: &Words) -> Result<Exit, Failure> {
    let path = input::path(matches, "file");
    let bytes = input::read(path, input::LARGE_BYTES_MAX, words)?;
    let nodes = explain(&bytes)
        .ok_or_else(|| Failure::new(Exit::Input, words.say("err-inspect", &[("path", &path.to_string_lossy())])))?;
    if matches.get_flag("json") {
        tell(&serde_json::to_string_pretty(&nodes).unwrap_or_default());
    } else {
        let mut text = String::new();
        nodes.iter().for_each(|node| node.write(0, &mut text));
        tell(text.trim_end());
    }
    Ok(Exit::Valid)
}

/// An explanation of whatever `bytes` are; none where they are nothing known.
fn explain(bytes: &[u8]) -> Option<Vec<Node>> {
    let mut out = Tree::default();
    for label in ["CERTIFICATE", "X509 CRL"] {
        for der in proof::pem::blocks(bytes, label) {
            if let Ok(certificate) = Certificate::parse(&der) {
                out.certificate(&certificate);
            } else {
                out.revocation(&der);
            }
        }
        if !out.nodes.is_empty() {
            return Some(out.nodes);
        }
    }
    if let Ok(request) = TimeStampReq::parse(bytes) {
        out.request(&request);
        return Some(out.nodes);
    }
    if let Ok(manifest) = Manifest::parse(bytes) {
        out.manifest(&manifest);
        return Some(out.nodes);
    }
    let (der, rewritten) = cms::normalise(bytes).ok()?;
    if rewritten {
        out.line("Encoding", "BER (not DER)");
    }
    let Ok(response) = TimeStampResp::parse(&der) else {
        let token = token_der(&der).ok()?;
        out.token(&SignedData::parse(&token).ok()?);
        return Some(out.nodes);
    };
    out.inside("TimeStampResp", "RFC 3161 section 2.4.2", |out| {
        out.line("status", response.status.name());
        response.status_strings.iter().for_each(|text| out.line("statusString", text));
        response.failures.iter().for_each(|failure| out.line("failInfo", failure.name()));
        if let Some(token) = response.token {
            match SignedData::parse(token) {
                Ok(signed) => out.token(&signed),
                Err(cause) => out.line("TimeStampToken", &cause.to_string()),
            }
        }
    });
    Some(out.nodes)
}

/// A named value and what is inside it.
#[derive(Serialize)]
struct Node {
    name: String,
    value: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inside: Vec<Node>,
}

impl Node {
    fn write(&self, depth: usize, text: &mut String) {
        let _ = writeln!(text, "{:indent$}{}: {}", "", self.name, visible(&self.value), indent = depth * 2);
        self.inside.iter().for_each(|node| node.write(depth + 1, text));
    }
}

#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
}

fn named(oid: Oid<'_>) -> String {
    oid.name().map_or_else(|| oid.to_string(), |name| format!("{name} ({oid})"))
}

fn algorithm(identifier: &AlgorithmIdentifier<'_>) -> String {
    let parameters = if identifier.has_no_parameters() { "" } else { " with parameters" };
    named(identifier.oid) + parameters
}

impl Tree {
    fn line(&mut self, name: &str, value: &str) {
        self.inside(name, value, |_| {});
    }

    fn inside(&mut self, name: &str, value: &str, fill: impl FnOnce(&mut Self)) {
        let mut inside = Self::default();
        fill(&mut inside);
        self.nodes.push(Node { name: name.to_owned(), value: value.to_owned(), inside: inside.nodes });
    }

    fn manifest(&mut self, manifest: &Manifest) {
        self.inside("Manifest", &format!("{} files", manifest.files.len()), |out| {
            for entry in &manifest.files {
                out.inside("file", &entry.path, |out| {
                    out.line("size", &entry.size.to_string());
                    out.line(if entry.is_salted() { "commitment" } else { "SHA-256" }, entry.value());
                });
            }
        });
    }

    fn imprint(&mut self, imprint: &MessageImprint<'_>) {
        self.line("messageImprint", &format!("{} {}", algorithm(&imprint.algorithm), hex(imprint.value)));
    }

    fn request(&mut self, request: &TimeStampReq<'_>) {
        self.inside("TimeStampReq", "RFC 3161 section 2.4.1", |out| {
            out.line("version", "1");
            out.imprint(&request.imprint);
            if let Some(policy) = request.policy {
                out.line("reqPolicy", &named(policy));
            }
            if let Some(nonce) = request.nonce {
                out.line("nonce", &nonce.to_string());
            }
            out.line("certReq", &request.cert_req.to_string());
            out.line("extensions", &request.has_extensions.to_string());
        });
    }

    fn token(&mut self, signed: &SignedData<'_>) {
        self.inside("TimeStampToken", &named(signed.outer_type), |out| {
            out.line("version", &signed.version.to_string());
            out.line("eContentType", &named(signed.content_type));
            match TstInfo::parse(signed.content) {
                Ok(info) => out.info(&info),
                Err(cause) => out.line("TSTInfo", &cause.to_string()),
            }
            for der in &signed.certificates {
                match Certificate::parse(der) {
                    Ok(certificate) => out.certificate(&certificate),
                    Err(cause) => out.line("Certificate", &cause.to_string()),
                }
            }
            for der in &signed.crls {
                if !out.revocation(der) {
                    out.line("RevocationInfoChoice", "?");
                }
            }
            for signer in &signed.signers {
                out.inside("SignerInfo", "", |out| {
                    match &signer.sid {
                        SignerId::IssuerAndSerial(issuer, serial) => {
                            out.line("issuer", &issuer.to_string());
                            out.line("serialNumber", &serial.to_string());
                        }
                        SignerId::SubjectKeyId(id) => out.line("subjectKeyIdentifier", &hex(id)),
                    }
                    out.line("digestAlgorithm", &algorithm(&signer.digest_algorithm));
                    for attribute in &signer.attributes {
                        out.line("signedAttribute", &named(attribute.oid));
                    }
                    out.line("signatureAlgorithm", &algorithm(&signer.signature_algorithm));
                    out.line("signature", &format!("{} bytes", signer.signature.len()));
                    for attribute in &signer.unsigned_attributes {
                        out.line("unsignedAttribute", &named(attribute.oid));
                        if attribute.oid == oid::LOG_PROOF {
                            attribute.values.iter().for_each(|value| out.log_proof(value));
                        }
                    }
                    if let Some(digest) = signer.token_digest(&RustCrypto) {
                        out.line("token digest", &digest.to_string());
                    }
                });
            }
        });
    }

    fn log_proof(&mut self, value: &Element<'_>) {
        let proof = LogProof::parse(value).ok();
        let receipt = proof.as_ref().and_then(|p| Receipt::parse(p.receipt).ok());
        let checkpoint = receipt.as_ref().and_then(|r| Checkpoint::parse(r.checkpoint).ok());
        let (Some(proof), Some(receipt), Some(checkpoint)) = (proof, receipt, checkpoint) else {
            self.line("log proof", "malformed");
            return;
        };
        self.inside("log proof", "", |out| {
            out.line("origin", checkpoint.origin);
            out.line("index", &receipt.inclusion.index.to_string());
            out.line("tree size", &checkpoint.head.size.to_string());
            out.line("root", &checkpoint.head.root.to_string());
            for signature in &checkpoint.note.signatures {
                out.line("signed by", signature.name);
            }
            for stamp in &proof.stamps {
                let signed = SignedData::parse(stamp).ok();
                let info = signed.as_ref().and_then(|s| TstInfo::parse(s.content).ok());
                out.line("stamped", &info.map_or_else(|| "malformed".to_owned(), |i| i.gen_time.to_string()));
            }
        });
    }

    fn info(&mut self, info: &TstInfo<'_>) {
        self.inside("TSTInfo", "", |out| {
            out.line("version", &info.version.to_string());
            out.line("policy", &named(info.policy));
            out.imprint(&info.imprint);
            out.line("serialNumber", &info.serial.to_string());
            out.line("genTime", &info.gen_time.to_string());
            if let Some(accuracy) = info.accuracy {
                out.line("accuracy", &accuracy.to_string());
            }
            out.line("ordering", &info.ordering.to_string());
            if let Some(nonce) = info.nonce {
                out.line("nonce", &nonce.to_string());
            }
            if let Some(name) = info.tsa_name() {
                out.line("tsa", &name.to_string());
            }
            for extension in &info.extensions {
                let critical = if extension.critical { ", critical" } else { "" };
                out.line("extension", &format!("{}{critical}", named(extension.oid)));
            }
        });
    }

    fn certificate(&mut self, certificate: &Certificate<'_>) {
        self.inside("Certificate", &certificate.subject.to_string(), |out| {
            out.line("issuer", &certificate.issuer.to_string());
            out.line("serialNumber", &certificate.serial.to_string());
            out.line("validity", &format!("{} – {}", certificate.not_before, certificate.not_after));
            let key = certificate.public_key().map_or_else(|e| format!("{e:?}"), |key| key.describe());
            out.line("publicKey", &key);
            out.line("signatureAlgorithm", &algorithm(&certificate.signature_algorithm));
            for extension in certificate.extensions() {
                let critical = if extension.critical { ", critical" } else { "" };
                out.line("extension", &format!("{}{critical}", named(extension.oid)));
            }
            if let Ok(Some(purposes)) = certificate.extended_key_usage() {
                purposes.iter().for_each(|p| out.line("purpose", &named(*p)));
            }
            if let Ok(Some(log)) = LogIdentity::of(certificate) {
                log.keys.iter().for_each(|key| out.line("log", &key.to_string()));
            }
            out.line("SHA-256", &DigestAlgorithm::Sha256.digest(certificate.der).to_string());
        });
    }

    /// A revocation list or an OCSP response; false where it is neither.
    fn revocation(&mut self, der: &[u8]) -> bool {
        if let Ok(list) = Crl::parse(der) {
            self.crl(&list);
        } else if let Ok(response) = OcspResponse::parse(der) {
            self.ocsp(&response);
        } else {
            return false;
        }
        true
    }

    fn ocsp(&mut self, response: &OcspResponse<'_>) {
        self.inside("OCSPResponse", "", |out| {
            if let Some(name) = responder_name(response) {
                out.line("responderID", &name.to_string());
            }
            out.line("producedAt", &response.produced_at.to_string());
            for answer in &response.answers {
                let status = match answer.status {
                    Status::Good => "good".to_owned(),
                    Status::Unknown => "unknown".to_owned(),
                    Status::Revoked(revocation) => {
                        let reason = revocation.reason.map_or("no reason given", Reason::name);
                        format!("revoked {} ({reason})", revocation.date)
                    }
                };
                out.line(&answer.certificate.serial().to_string(), &status);
            }
        });
    }

    fn crl(&mut self, list: &Crl<'_>) {
        self.inside("CertificateList", &list.issuer.to_string(), |out| {
            if let Some(number) = list.number() {
                out.line("cRLNumber", &number.to_string());
            }
            out.line("thisUpdate", &list.this_update.to_string());
            if let Some(due) = list.next_update {
                out.line("nextUpdate", &due.to_string());
            }
            out.line("entries", &list.count().map_or_else(|e| e.to_string(), |n| n.to_string()));
        });
    }
}
