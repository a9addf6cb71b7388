//! Whether a token is in the log that its authority names, and who else saw it there.

use super::{Context, Depth, Findings, check_token};
use crate::cms::SignerInfo;
use crate::crypto::Verifier;
use crate::der::Time;
use crate::digest::Digest;
use crate::logged::{LogIdentity, LogProof, token_entry};
use crate::report::{Code, IndependentTime, LogPlace, TokenFacts, Verdict};
use crate::tlog::{Checkpoint, NoteKey, Receipt, TlogError, leaf_hash};
use crate::tsp::TstInfo;
use crate::x509::Certificate;

/// Proofs looked at in one token; an authority puts in one.
const PROOFS_MAX: usize = 4;
/// How far two honest clocks may differ.
const CLOCKS_DIFFER_S: i64 = 60;

pub(super) fn check(
    signer: &SignerInfo<'_>,
    certificate: &Certificate<'_>,
    info: &TstInfo<'_>,
    token_digest: Option<Digest>,
    cx: &Context<'_>,
    facts: &mut TokenFacts,
    findings: &mut Findings,
) {
    let identity = match LogIdentity::of(certificate) {
        Ok(Some(identity)) => identity,
        Ok(None) => {
            if LogProof::values(signer).next().is_some() {
                findings.add(Code::LogNotNamed);
            }
            return;
        }
        Err(cause) => {
            findings.with(Code::LogIdentityMalformed, [("cause", cause.to_string())]);
            return;
        }
    };
    let origin = ("origin", identity.origin.clone());
    let mut values = LogProof::values(signer).peekable();
    let (Some(_), Some(token_digest)) = (values.peek(), token_digest) else {
        findings.with(Code::LogProofMissing, [origin]);
        return;
    };
    let leaf = leaf_hash(&token_entry(info.gen_time, &token_digest));
    for value in values.take(PROOFS_MAX) {
        let Ok(proof) = LogProof::parse(value) else {
            let cause = TlogError::Malformed("log proof").to_string();
            findings.with(Code::LogProofWrong, [origin.clone(), ("cause", cause)]);
            continue;
        };
        let checked = Receipt::parse(proof.receipt).and_then(|receipt| {
            let checkpoint = signed_checkpoint(&identity, receipt.checkpoint, cx)?;
            receipt.inclusion.verify(leaf, &checkpoint.head)?;
            Ok((receipt.inclusion.index, checkpoint.head.size, receipt.checkpoint))
        });
        match checked {
            Ok((index, size, checkpoint)) => {
                let (i, s) = (("index", index.to_string()), ("size", size.to_string()));
                findings.with(Code::LogIncluded, [origin.clone(), i, s]);
                facts.log = Some(LogPlace { origin: identity.origin.clone(), index, size });
                for stamp in proof.stamps {
                    check_stamp(stamp, checkpoint, info.gen_time, cx, facts, findings);
                }
            }
            Err(cause) => findings.with(Code::LogProofWrong, [origin.clone(), ("cause", cause.to_string())]),
        }
    }
}

/// The checkpoint, signed by one of the log's keys and by none of them wrongly.
fn signed_checkpoint<'a>(identity: &LogIdentity, text: &'a str, cx: &Context<'_>) -> Result<Checkpoint<'a>, TlogError> {
    let checkpoint = Checkpoint::parse(text)?;
    if checkpoint.origin != identity.origin {
        return Err(TlogError::Malformed("checkpoint: it is of another log"));
    }
    let verify = |key: &NoteKey, verifier: &dyn Verifier| match cx.memo {
        Some(memo) => memo.checkpoint(key, text, || key.verify(&checkpoint.note, verifier).map(drop)),
        None => key.verify(&checkpoint.note, verifier).map(drop),
    };
    let mut result = Err(TlogError::NoSignature);
    for key in &identity.keys {
        match verify(key, cx.verifier) {
            Ok(()) => result = Ok(()),
            Err(TlogError::NoSignature) => {}
            Err(error) => return Err(error),
        }
    }
    result.map(|()| checkpoint)
}

/// A token of another authority over the checkpoint: the log held our token when it was made.
fn check_stamp(
    stamp: &[u8],
    checkpoint: &str,
    gen_time: Time,
    cx: &Context<'_>,
    facts: &mut TokenFacts,
    findings: &mut Findings,
) {
    let content = super::imprint_algorithm(stamp).map(|a| cx.verifier.digest(a, &[checkpoint.as_bytes()]));
    let inner = Context { content: content.as_slice(), request: None, ..*cx };
    let report = check_token(stamp, false, &inner, Findings::default(), Depth::Stamp);
    let Some(stamp) = report.facts else {
        findings.with(Code::StampWrong, [("authority", "—".to_owned())]);
        return;
    };
    let authority = stamp.path.last().or(stamp.signer.as_ref()).cloned().unwrap_or_else(|| "—".to_owned());
    match report.verdict {
        Verdict::Invalid => findings.with(Code::StampWrong, [("authority", authority)]),
        Verdict::Unconfirmed | Verdict::Incomplete => findings.with(Code::StampUnconfirmed, [("authority", authority)]),
        // The authority's own word does not become another's by being said twice.
        Verdict::Valid if stamp.authority_fingerprint == facts.authority_fingerprint => {
            findings.with(Code::StampNotIndependent, [("authority", authority)]);
        }
        Verdict::Valid => {
            let time = stamp.gen_time;
            if time.plus_s(CLOCKS_DIFFER_S) < gen_time {
                let times = [("time", gen_time.to_string()), ("other", time.to_string()), ("authority", authority)];
                findings.with(Code::TimesContradict, times);
            } else if facts.independent.as_ref().is_none_or(|known| time < known.time) {
                facts.independent = Some(IndependentTime { time, authority });
            }
        }
    }
}
