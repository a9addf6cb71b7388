//! The two crypto backends give equal reports over all vectors and over mutations of them.

use proof::crypto::{RustCrypto, Verifier};
use proof::der::Time;
use proof::digest::{Digest, DigestAlgorithm};
use proof::report::Report;
use proof::verify::{self, Context};
use std::path::{Path, PathBuf};
use trust::aws_lc::AwsLc;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

fn read_all(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> = std::fs::read_dir(root().join(folder)).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.to_string_lossy().ends_with(ending));
    paths.sort();
    paths.iter().map(|p| std::fs::read(p).unwrap()).collect()
}

struct Given {
    anchors: Vec<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    content: Vec<Digest>,
}

fn report(bytes: &[u8], given: &Given, verifier: &dyn Verifier) -> Report {
    let cx = Context {
        content: &given.content,
        anchors: &given.anchors,
        certificates: &given.certificates,
        ..Context::new(verifier, Time::from_unix(1_795_867_200))
    };
    verify::verify(bytes, &cx)
}

/// Small numbers that are the same in every run.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

#[test]
fn both_backends_hash_alike_in_any_pieces() {
    let mut lcg = Lcg(7);
    for algorithm in DigestAlgorithm::ALL {
        for length in [0, 1, 55, 56, 63, 64, 65, 111, 112, 127, 128, 135, 136, 137, 1000, 70_000] {
            let bytes: Vec<u8> = (0..length).map(|_| lcg.below(256) as u8).collect();
            let (left, right) = bytes.split_at(lcg.below(length + 1));
            let expected = algorithm.digest(&bytes);
            assert_eq!(AwsLc.digest(algorithm, &[left, right]), expected, "{algorithm} {length}");
            assert_eq!(RustCrypto.digest(algorithm, &[left, right]), expected, "{algorithm} {length}");
        }
    }
}

#[test]
fn both_backends_agree_on_vectors_and_mutations() {
    let content = std::fs::read(root().join("content/original.txt")).unwrap();
    let given = Given {
        anchors: ["root", "foreign-root", "weak-root"]
            .map(|n| std::fs::read(root().join(format!("pki/{n}.der"))).unwrap())
            .to_vec(),
        certificates: [read_all("pki", "issuing.der"), read_all("public/pki", ".der")].concat(),
        content: DigestAlgorithm::ALL.map(|a| a.digest(&content)).to_vec(),
    };
    let vectors = [read_all("tokens", ".tsr"), read_all("public/tokens", ".tsr")].concat();
    let mut lcg = Lcg(20_261_121);
    let mut compared = 0;
    for bytes in &vectors {
        assert_eq!(report(bytes, &given, &RustCrypto), report(bytes, &given, &AwsLc));
        for _ in 0..MUTATIONS_PER_VECTOR {
            let mut mutated = bytes.clone();
            if mutated.is_empty() {
                continue;
            }
            for _ in 0..=lcg.below(2) {
                let at = lcg.below(mutated.len());
                match lcg.below(4) {
                    0 => mutated[at] ^= 1 << lcg.below(8),
                    1 => mutated[at] = lcg.below(256) as u8,
                    2 => drop(mutated.remove(at)),
                    _ => mutated.insert(at, lcg.below(256) as u8),
                }
                if mutated.is_empty() {
                    mutated.push(0);
                }
            }
            let (a, b) = (report(&mutated, &given, &RustCrypto), report(&mutated, &given, &AwsLc));
            assert_eq!(a, b, "{}", proof::digest::hex(&mutated));
            compared += 1;
        }
    }
    assert!(compared >= 100_000, "{compared}");
}

/// Enough for a hundred thousand over all vectors.
const MUTATIONS_PER_VECTOR: usize = 520;
