//! A package with all that is in it, made in the test: records, lists, openings, tokens, archives.

use miniz_oxide::deflate::compress_to_vec;
use p256::ecdsa::signature::hazmat::PrehashSigner as _;
use proof::cms::TokenTemplate;
use proof::der::{Time, Writer, tag};
use proof::digest::DigestAlgorithm;
use proof::manifest::{Entry, Manifest};
use proof::oid::{self, Oid};
use proof::package::{self, Part as PackagePart, RecordPart};
use proof::record::{
    Commitment, Content, Disclosure, EvidenceNumber, File, Files, Opening, Openings, Part, Record, Statement,
};
use proof::zip::{Crc, Source as _};
use proof_wasm::desk::Desk;
use proof_wasm::judge::Outcome;
use std::collections::BTreeMap;
use std::path::Path;

/// The authorities of the vectors: the one that is trusted, and another.
pub const OWN: &str = "tsa";
pub const FOREIGN: &str = "tsa-foreign";
pub const NOW: Time = Time::from_unix(1_795_248_000);

/// Files by their paths.
pub type Folder = BTreeMap<String, Vec<u8>>;

pub fn vector(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name)).unwrap()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    DigestAlgorithm::Sha256.digest(bytes).as_bytes().try_into().unwrap()
}

fn encoded(fill: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    fill(&mut w);
    w.into_bytes()
}

/// A response by an authority of the vectors, whose keys are made of their names.
pub fn token(content: &[u8], signer: &str) -> Vec<u8> {
    let issuer = if signer == OWN { "issuing" } else { "foreign-root" };
    let certificates = [vector(&format!("pki/{signer}.der")), vector(&format!("pki/{issuer}.der"))];
    let algorithm = encoded(|w| w.algorithm(oid::ECDSA_SHA256, false));
    let chain = [&certificates[0][..], &certificates[1][..]];
    let template = TokenTemplate::new(&chain, DigestAlgorithm::Sha256, algorithm).unwrap();
    let info = encoded(|w| {
        w.sequence(|w| {
            w.integer_u64(1);
            w.oid(Oid::known(&[0x88, 0x37, 0x01]));
            w.sequence(|w| {
                w.algorithm(oid::SHA256, false);
                w.octets(&sha256(content));
            });
            w.integer(&[1, 2, 3]);
            w.primitive(tag::GENERALIZED_TIME, Time::from_unix(1_780_315_200).to_generalized().as_bytes());
        });
    });
    let attributes = template.signed_attributes(&info);
    let key = p256::ecdsa::SigningKey::from_slice(&sha256(signer.as_bytes())).unwrap();
    let signature: p256::ecdsa::Signature = key.sign_prehash(&sha256(&attributes)).unwrap();
    let bytes = signature.to_bytes();
    let signature = encoded(|w| {
        w.sequence(|w| {
            w.integer_unsigned_as(tag::INTEGER, &bytes[..32]);
            w.integer_unsigned_as(tag::INTEGER, &bytes[32..]);
        });
    });
    let token = template.token(&info, &attributes, &signature, true, &[]);
    encoded(|w| {
        w.sequence(|w| {
            w.sequence(|w| w.integer_u64(0));
            w.raw(&token);
        });
    })
}

/// A record of files, with everything that belongs to it.
pub struct Made {
    pub record: Record,
    pub files: Files,
    pub openings: Openings,
    pub originals: Vec<(String, Vec<u8>)>,
}

const NAMES: [(&str, &[u8]); 3] = [
    ("月港.jpg", b"\xff\xd8 a picture \x00 of some bytes"),
    ("sub/notes.txt", "第一行\n第二行\n".as_bytes()),
    ("secret.txt", b"3:1 parts of glaze"),
];

/// Salts differ from part to part, as they do in life.
fn salt(seed: u8, at: usize) -> [u8; 32] {
    sha256(&[seed, at as u8])
}

impl Made {
    /// The last of three files is salted.
    pub fn new(seed: u8) -> Self {
        let mut openings =
            vec![Opening { part: Part::Applicant, salt: salt(seed, 200), text: Some("林月港".to_owned()) }];
        let file = |(at, (name, content)): (usize, &(&str, &[u8]))| {
            openings.push(Opening { part: Part::Name(at), salt: salt(seed, at), text: Some((*name).to_owned()) });
            let content_of = if at == 2 {
                openings.push(Opening { part: Part::Content(at), salt: salt(seed, 100 + at), text: None });
                let committed = [&salt(seed, 100 + at)[..], content].concat();
                Content::Salted(Commitment::from_digest(sha256(&committed)))
            } else {
                let sm3 = DigestAlgorithm::Sm3.digest(content).as_bytes().try_into().unwrap();
                Content::Digests { sha256: sha256(content), sm3: Some(sm3) }
            };
            let name = Commitment::to(&salt(seed, at), name);
            File { content: content_of, name, size: content.len() as u64, is_attached: false }
        };
        let files = Files::new(NAMES.iter().enumerate().map(file).collect()).unwrap();
        openings.push(Opening {
            part: Part::Statement("title".to_owned()),
            salt: salt(seed, 201),
            text: Some("月港 <b>".to_owned()),
        });
        let record = Record {
            number: EvidenceNumber::from_random(&[seed; 32]).unwrap(),
            maker: "work".to_owned(),
            operator: "Qingyu".to_owned(),
            relation: "independent".to_owned(),
            applicant: (Commitment::to(&salt(seed, 200), "林月港"), "papers".to_owned()),
            files: files.head(),
            statements: [
                ("title".to_owned(), Statement::Committed(Commitment::to(&salt(seed, 201), "月港 <b>"))),
                ("summary".to_owned(), Statement::Committed(Commitment::to(&salt(seed, 202), "nobody opens it"))),
                ("type".to_owned(), Statement::Open("photo".to_owned())),
            ]
            .into(),
            previous: Vec::new(),
        };
        let originals = NAMES.iter().map(|(name, content)| ((*name).to_owned(), content.to_vec())).collect();
        Self { record, files, openings: Openings::new(openings), originals }
    }

    pub fn number(&self) -> String {
        self.record.number.to_string()
    }

    /// The path of a part of the record in a package.
    pub fn path(&self, part: RecordPart) -> String {
        PackagePart::Of(self.record.number, part).path()
    }

    /// What lies in the folder of the record.
    pub fn folder(&self) -> Folder {
        let record = self.record.to_canonical_json();
        let mut folder = Folder::from([
            (self.path(RecordPart::Token), token(&record, OWN)),
            (self.path(RecordPart::Record), record),
            (self.path(RecordPart::Files), self.files.to_canonical_json()),
            (self.path(RecordPart::Openings), self.openings.to_canonical_json()),
            (self.path(RecordPart::Certificate), b"%PDF-1.7 a certificate".to_vec()),
            (self.path(RecordPart::Proof("root.pem.txt".to_owned())), b"a note on the root".to_vec()),
        ]);
        for (name, content) in &self.originals {
            folder.insert(self.path(RecordPart::Original(name.clone())), content.clone());
        }
        folder
    }

    /// One file of it, shown alone.
    pub fn disclosure(&self, place: usize) -> Disclosure {
        Disclosure {
            record: self.record.clone(),
            token: token(&self.record.to_canonical_json(), OWN),
            file: self.files.all()[place],
            proof: self.files.proof(place).unwrap(),
            openings: self.openings.of_file(place),
        }
    }
}

/// The manifest over what a package lists.
pub fn manifest(folder: &Folder) -> Vec<u8> {
    let listed = folder.iter().filter(|(path, _)| PackagePart::of(path).is_listed());
    let entry =
        |(path, content): (&String, &Vec<u8>)| Entry::new(path.clone(), content.len() as u64, &sha256(content), false);
    Manifest::new(listed.map(entry).collect()).to_canonical_json()
}

/// The folder of a package with its manifest and token.
pub fn sealed(mut folder: Folder, signer: &str) -> Folder {
    folder.insert(package::README.to_owned(), b"what this is".to_vec());
    folder.insert(package::VERIFIER.to_owned(), b"<!doctype html>".to_vec());
    let manifest = manifest(&folder);
    folder.insert(package::TOKEN.to_owned(), token(&manifest, signer));
    folder.insert(package::MANIFEST.to_owned(), manifest);
    folder
}

/// An archive of a folder below `top`.
pub fn zip(files: &[(String, Vec<u8>)], top: &str, is_deflated: bool) -> Vec<u8> {
    let le = |value: u64, bytes: usize| value.to_le_bytes()[..bytes].to_vec();
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (path, content) in files {
        let path = format!("{top}{path}");
        let data = if is_deflated { compress_to_vec(content, 6) } else { content.clone() };
        let method = if is_deflated { 8 } else { 0 };
        let sizes = [le(Crc::of(content).into(), 4), le(data.len() as u64, 4), le(content.len() as u64, 4)].concat();
        let head =
            [le(20, 2), le(1 << 11, 2), le(method, 2), le(0, 4), sizes, le(path.len() as u64, 2), le(0, 2)].concat();
        let offset = out.len() as u64;
        out.extend([&b"PK\x03\x04"[..], &head, path.as_bytes(), &data].concat());
        directory.extend([&b"PK\x01\x02\x14\x03"[..], &head, &[0; 10], &le(offset, 4), path.as_bytes()].concat());
    }
    let (count, size, at) = (le(files.len() as u64, 2), le(directory.len() as u64, 4), le(out.len() as u64, 4));
    [&out[..], &directory, b"PK\x05\x06\0\0\0\0", &count, &count, &size, &at, &[0, 0]].concat()
}

pub fn zipped(folder: &Folder) -> Vec<u8> {
    let files: Vec<_> = folder.iter().map(|(path, content)| (path.clone(), content.clone())).collect();
    zip(&files, "SY-package/", true)
}

/// A desk as a browser has it: archives opened, everything hashed that is asked for.
pub fn desk(contents: &[(String, Vec<u8>)]) -> Desk {
    let mut desk = Desk::new();
    desk.trust(&vector("pki/root.der"));
    let mut all: Vec<Option<Vec<u8>>> = Vec::new();
    for (name, bytes) in contents {
        desk.offer(name, bytes.len() as u64, Some(bytes)).unwrap();
        all.push(Some(bytes.clone()));
        for laid in desk.open(all.len() - 1, &bytes[..]).unwrap() {
            assert_eq!(laid.item, all.len());
            // What rides in a certificate was hashed when it was laid.
            let Some(entry) = &laid.entry else {
                all.push(None);
                continue;
            };
            assert!(entry.offset + entry.packed <= bytes[..].size());
            all.push(entry.read(&bytes[..], 1 << 20).ok());
        }
    }
    for job in desk.plan() {
        let Some(bytes) = &all[job.item] else {
            desk.unreadable(job.item, "its CRC does not fit");
            continue;
        };
        let salted = [job.salt.as_ref().map_or(&[][..], |salt| &salt[..]), bytes].concat();
        job.algorithms.iter().for_each(|a| desk.hashed(job.item, job.salt.is_some(), a.digest(&salted)));
    }
    desk
}

pub fn judged(contents: &[(String, Vec<u8>)]) -> Outcome {
    desk(contents).judge(NOW)
}

/// What comes of a package, dropped as an archive.
pub fn archived(folder: &Folder) -> Outcome {
    judged(&[("SY-package.zip".to_owned(), zipped(folder))])
}

/// What comes of a package, dropped as a folder.
pub fn unpacked(folder: &Folder) -> Outcome {
    let files: Vec<_> = folder.iter().map(|(path, content)| (format!("out/{path}"), content.clone())).collect();
    judged(&files)
}
