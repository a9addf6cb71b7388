//! The verifier that browsers run, run here: over every vector it says what the native one says.

use proof::crypto::RustCrypto;
use proof::der::{Precision, Time};
use proof::digest::DigestAlgorithm;
use proof::report::{JsonReport, Language};
use proof::verify::{self, Context};
use proof_wasm::browser::VERIFIER;
use std::path::{Path, PathBuf};
use wasmi::{Engine, Instance, Linker, Memory, Module, Store, Val};

/// The verifier behind its wall.
struct Browser {
    store: Store<()>,
    wall: Instance,
    memory: Memory,
}

impl Browser {
    fn new(module: &Module) -> Self {
        let mut store = Store::new(module.engine(), ());
        let wall = Linker::new(module.engine()).instantiate_and_start(&mut store, module).unwrap();
        let memory = wall.get_memory(&store, "memory").unwrap();
        Self { store, wall, memory }
    }

    fn call(&mut self, name: &str, arguments: &[Val]) -> i32 {
        let function = self.wall.get_func(&self.store, name).unwrap_or_else(|| panic!("no {name}"));
        let count = function.ty(&self.store).results().len();
        let mut results = vec![Val::I32(1); count];
        function.call(&mut self.store, arguments, &mut results).unwrap();
        results.first().and_then(Val::i32).unwrap_or(1)
    }

    fn put(&mut self, bytes: &[u8]) {
        let at = self.call("input", &[Val::I32(bytes.len() as i32)]);
        self.memory.write(&mut self.store, at as usize, bytes).unwrap();
    }

    fn heard(&mut self) -> String {
        let (at, length) = (self.call("output", &[]), self.call("output_length", &[]));
        let mut bytes = vec![0; length as usize];
        self.memory.read(&self.store, at as usize, &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    fn offer(&mut self, name: &str, bytes: &[u8]) {
        self.put(&[name.as_bytes(), bytes].concat());
        let (length, size) = (Val::I32(name.len() as i32), Val::F64((bytes.len() as f64).into()));
        assert_eq!(self.call("offer", &[length, size, Val::I32(1)]), 1);
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}

struct Entry {
    name: String,
    fields: Vec<(String, String)>,
}

impl Entry {
    fn files(&self, key: &str) -> Vec<Vec<u8>> {
        let named = self.fields.iter().filter(|(k, _)| k == key);
        named.map(|(_, name)| std::fs::read(root().join(name)).unwrap()).collect()
    }

    fn now(&self) -> Time {
        let text = &self.fields.iter().find(|(k, _)| k == "now").unwrap().1;
        let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == 'Z').collect();
        Time::from_generalized(digits.as_bytes(), Precision::Second).unwrap()
    }
}

fn index(name: &str) -> Vec<Entry> {
    let text = std::fs::read_to_string(root().join(name)).unwrap();
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        match line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            Some(name) => entries.push(Entry { name: name.to_owned(), fields: Vec::new() }),
            None => {
                let (key, value) = line.split_once(" = ").unwrap();
                entries.last_mut().unwrap().fields.push((key.to_owned(), value.to_owned()));
            }
        }
    }
    entries
}

#[test]
fn the_browsers_verifier_agrees_with_the_native_one_on_every_vector() {
    let module = Module::new(&Engine::default(), VERIFIER).unwrap();
    let mut compared = 0;
    for (of, folder) in [("tokens.txt", "tokens"), ("public.txt", "public/tokens")] {
        for entry in index(of) {
            let token = std::fs::read(root().join(format!("{folder}/{}.tsr", entry.name))).unwrap();
            let contents = entry.files("content");
            // What only an answer to a request can show is no matter of files that are put down.
            if contents.len() != 1 || !entry.files("request").is_empty() {
                continue;
            }
            let (anchors, certificates, crls) = (entry.files("anchor"), entry.files("certificate"), entry.files("crl"));
            let content: Vec<_> =
                verify::imprint_algorithm(&token).map(|a| a.digest(&contents[0])).into_iter().collect();
            let cx = Context {
                content: &content,
                anchors: &anchors,
                certificates: &certificates,
                crls: &crls,
                ..Context::new(&RustCrypto, entry.now())
            };
            let expected = JsonReport::new(&verify::verify(&token, &cx), Language::En);
            let expected = serde_json::to_value(&expected).unwrap();
            let mut browser = Browser::new(&module);
            for anchor in &anchors {
                browser.put(anchor);
                browser.call("anchor", &[]);
            }
            for list in &crls {
                browser.put(list);
                browser.call("list", &[]);
            }
            browser.offer("content.bin", &contents[0]);
            browser.offer("token.tsr", &token);
            certificates.iter().for_each(|der| browser.offer("ca.cer", der));
            browser.call("plan", &[]);
            let jobs: serde_json::Value = serde_json::from_str(&browser.heard()).unwrap();
            for job in jobs.as_array().unwrap() {
                let item = job["item"].as_u64().unwrap() as usize;
                let bytes = match item {
                    0 => &contents[0],
                    1 => &token,
                    item => &certificates[item - 2],
                };
                let names: Vec<&str> =
                    job["algorithms"].as_array().unwrap().iter().map(|a| a.as_str().unwrap()).collect();
                browser.put(names.join("\n").as_bytes());
                assert_eq!(browser.call("hash_begin", &[]), 1);
                browser.put(bytes);
                browser.call("hash_update", &[]);
                browser.call("hash_finish", &[]);
                let digests = browser.heard();
                for line in digests.lines() {
                    let (name, value) = line.split_once(':').unwrap();
                    let algorithm = DigestAlgorithm::ALL.into_iter().find(|a| a.name() == name).unwrap();
                    assert_eq!(algorithm.digest(bytes).to_string(), value, "{}", entry.name);
                }
                browser.put(digests.as_bytes());
                assert_eq!(browser.call("hashed", &[Val::I32(item as i32), Val::I32(0)]), 1);
            }
            let now = Val::F64((entry.now().unix_s() as f64).into());
            assert_eq!(browser.call("judge", &[now, Val::I32(1), Val::I32(0)]), 1);
            let seen: serde_json::Value = serde_json::from_str(&browser.heard()).unwrap();
            let mut seen = seen["data"]["subjects"][0]["tokens"][0].clone();
            seen.as_object_mut().unwrap().remove("name");
            assert_eq!(seen, expected, "{}", entry.name);
            compared += 1;
        }
    }
    assert!(compared > 150, "{compared}");
}
