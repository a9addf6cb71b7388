//! Issuing: verify the token, set the document, sign it, keep it. Who asks again gets the same bytes.
//!
//! The signature reaches PAdES B-LTA or there is no certificate: a level that was not reached is never
//! passed over in silence. Nothing is awaited from the authority inside a transaction.

use super::compose::Subject;
use super::{Certificates, WORDS};
use crate::sealed::sealed;
use crate::verification::anchors;
use proof::crypto::RustCrypto;
use proof::digest::DigestAlgorithm;
use proof::report::{TokenFacts, Verdict};
use proof::verify::{Context, token_der, verify};
use registry::evidence::{Entry, Kept, Party};
use registry::web::Fault;
use std::collections::HashSet;
use trust::TrustError;

impl Certificates {
    /// The certificate of a record, for a party that may see it: issued now, or as it was issued.
    ///
    /// # Errors
    /// A field fault where the record is not stamped yet, or nothing can be signed now; then nothing was issued.
    pub async fn of(&self, by: &Party, kept: &Kept) -> Result<Vec<u8>, Fault> {
        let entry = &kept.entry;
        if let Some(issued) = self.issued(entry).await? {
            return Ok(issued);
        }
        let pdf = self.sign(by, &self.unsigned(by, kept).await?).await?;
        let sealed = by.seal(&place(entry), &pdf)?;
        let digest = DigestAlgorithm::Sha256.digest(&pdf).to_string();
        let made = by.now.unix_s() * 1000;
        let kept_now: Result<u64, TrustError> = store::transaction!(self.db(), tx => {
            let sql = "insert into certificate (id, owner, digest, made_ms, pdf) values ($1, $2, $3, $4, $5) \
                       on conflict do nothing";
            let owner = entry.owner.name();
            let values =
                [entry.id.into(), owner.into(), digest.as_str().into(), made.into(), sealed.clone().into()];
            Ok(tx.execute(sql, &values).await?)
        });
        match kept_now? {
            0 => self.issued(entry).await?.ok_or_else(|| Fault::broken("a certificate that is not there")),
            _ => Ok(pdf),
        }
    }

    /// The certificate of a record as it was issued; none where none was, or the owner is gone. Who may have it
    /// is for the caller to know.
    ///
    /// # Errors
    /// Where the database or the vault fails.
    pub(crate) async fn issued(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Fault> {
        let owner = entry.owner.name();
        let sql = "select pdf from certificate where id = $1 and owner = $2";
        let rows = self.db().rows(sql, &[entry.id.into(), owner.as_str().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let Some(key) = self.evidence().accounts().key_of(&owner).await? else { return Ok(None) };
        Ok(Some(key.open(&place(entry), row.bytes(0)?)?.to_vec()))
    }

    /// The document before it is signed: the same bytes for the same record.
    ///
    /// # Errors
    /// As [`Certificates::of`].
    pub async fn unsigned(&self, by: &Party, kept: &Kept) -> Result<Vec<u8>, Fault> {
        let w = WORDS.of(by.language);
        let waits = || Fault::Field { field: "record", what: w.say("certificate-waits") };
        let token = kept.token.as_deref().ok_or_else(waits)?;
        let facts = self.facts(kept, token)?;
        let others = self.others(by, kept).await?;
        let public = self.node().public();
        let root = facts.authority_fingerprint.as_ref().and_then(|print| {
            let ders = public.instance.suites.iter().map(|suite| &suite.root.der);
            ders.into_iter().find(|der| DigestAlgorithm::Sha256.digest(der).to_string() == *print)
        });
        let address = format!("{}/v/{}", self.node().profile.url, kept.entry.number);
        let subject = Subject {
            kept,
            facts: &facts,
            others: &others,
            address: &address,
            root: root.ok_or_else(|| Fault::broken("the token leads to no root of this node"))?,
            is_evaluation: self.node().is_evaluation(),
        };
        let document = subject.document()?;
        let set = self.node().check(move || document.to_pdf()).await.map_err(Fault::Broken)?;
        set.map_err(Fault::broken)
    }

    /// What the token says. One that does not hold is certified by nobody.
    fn facts(&self, kept: &Kept, token: &[u8]) -> Result<TokenFacts, Fault> {
        let content = [DigestAlgorithm::Sha256.digest(&kept.record.to_canonical_json())];
        let anchors = anchors(self.node());
        let public = self.node().public();
        let lists: Vec<Vec<u8>> = public.lists.iter().map(|(_, list)| list.der.clone()).collect();
        let now = self.node().now();
        let cx = Context { content: &content, anchors: &anchors, crls: &lists, ..Context::new(&RustCrypto, now) };
        let token = token_der(token).map_err(Fault::broken)?;
        let report = verify(&token, &cx);
        match report.facts {
            Some(facts) if report.verdict == Verdict::Valid => Ok(facts),
            _ => Err(Fault::broken(format!("the token of {} does not hold: {:?}", kept.entry.number, report.findings))),
        }
    }

    /// Of a whole work its parts; of any other record what it follows. The oldest first.
    async fn others(&self, by: &Party, kept: &Kept) -> Result<Vec<Entry>, Fault> {
        if kept.said("whole").is_none() {
            return self.evidence().of_digests(by, &kept.record.previous).await;
        }
        let names = kept.names();
        let numbers: HashSet<&str> = names.iter().filter_map(|name| name.split('.').next()).collect();
        let all = self.evidence().of_origin(by, &kept.entry.origin).await?;
        Ok(all.into_iter().filter(|entry| numbers.contains(&*entry.number.to_string())).collect())
    }

    async fn sign(&self, by: &Party, pdf: &[u8]) -> Result<Vec<u8>, Fault> {
        let w = WORDS.of(by.language);
        let sealed = sealed(self.node(), pdf).await;
        sealed.map_err(|why| why.fault("certificate", w.say("certificate-no-seal"), w.say("certificate-no-stamp")))
    }
}

/// Under which name a certificate is sealed.
fn place(entry: &Entry) -> String {
    format!("record/{}/certificate", entry.id)
}
