//! What a certificate, or another signed PDF, has on its page otherwise than a token: who signed, at which
//! level, and by when that is proven.

use super::{Page, escape, mark, moment};
use crate::judge::{PdfView, Subject};
use crate::parts::Part;
use crate::words::Word;
use std::fmt::Write as _;

/// How the record inside is checked without this program.
pub(super) const BY_HAND: &str = "pdfsig FILE.pdf\npdfdetach -saveall FILE.pdf\n\
    openssl ts -verify -data record.json -in record.tsr -CAfile root.pem";

impl Page {
    pub(super) fn pdf_time(&mut self, subject: &Subject, pdf: &PdfView) {
        match pdf.time() {
            Some(time) => {
                let [earlier, note, no_later, means] =
                    [Word::Earlier, Word::EarlierNote, Word::NoLaterThan, Word::PdfTimeMeans].map(|w| self.say(w));
                let moment = moment(time, self.language, true);
                self.add(&format!(
                    "<figure class=\"interval\"><ol><li class=\"before\"><b>{earlier}</b><small>{note}</small></li>\
                     <li class=\"since\"><b>{no_later}</b>{moment}</li></ol></figure><p>{means}</p>"
                ));
            }
            None => {
                let none = mark("absent", self.say(Word::PdfNoTime));
                self.add(&format!("<p>{none}</p>"));
            }
        }
        self.list(&subject.tokens, Part::Time);
    }

    /// Who signed, as their certificates say, with the level of each signature.
    pub(super) fn pdf_signers(&mut self, pdf: &PdfView) {
        let [signer, level] = [Word::Signer, Word::Level].map(|w| self.say(w));
        let mut rows = String::new();
        for one in pdf.signatures() {
            let name = one.signer.as_deref().map_or_else(|| mark("absent", self.say(Word::MarkNotShown)), escape);
            let _ = write!(rows, "<div><dt>{signer}<small>{}</small></dt><dd>{name}</dd></div>", escape(&one.field));
            if let Some(of) = one.level {
                let _ =
                    write!(rows, "<div><dt>{level}</dt><dd><span class=\"mono\">PAdES {}</span></dd></div>", of.name());
            }
        }
        if !rows.is_empty() {
            self.add(&format!("<dl class=\"record\">{rows}</dl>"));
        }
    }

    pub(super) fn pdf_who(&mut self, pdf: &PdfView) {
        let word = if pdf.is_certificate { Word::CertificateWho } else { Word::DocumentWho };
        let note = self.say(word);
        self.add(&format!("<p>{note}</p>"));
    }
}
