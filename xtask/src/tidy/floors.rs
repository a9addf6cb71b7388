//! Floors: a crate uses the crates below it, never one beside or above. And the
//! lowest floor stays pure.

use super::Breach;

/// The crates and the floor each is on.
const FLOORS: [(&str, u32); 12] = [
    ("proof", 0),
    ("store", 0),
    ("media", 0),
    ("preview", 0),
    ("browser", 0),
    ("proof-wasm", 1),
    ("paper", 1),
    ("trust", 1),
    ("registry", 2),
    ("intake", 3),
    ("exhibit", 3),
    ("shiyin", 4),
];

/// What would give the pure floor a way to the world.
const IMPURE: [&str; 12] = [
    "std::fs",
    "std::net",
    "std::time",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::",
    "tokio",
    "async fn",
    "static mut",
    "thread_local",
    "LazyLock",
];

fn floor(name: &str) -> Option<u32> {
    FLOORS.iter().find(|(n, _)| *n == name).map(|(_, floor)| *floor)
}

pub(super) fn check(path: &str, content: &str) -> Vec<Breach> {
    if path.starts_with("crates/proof/src/") {
        return impurities(path, content);
    }
    match path.strip_prefix("crates/").and_then(|p| p.strip_suffix("/Cargo.toml")) {
        Some(name) => arrows(path, name, content),
        None => Vec::new(),
    }
}

fn impurities(path: &str, content: &str) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (number, line) in content.lines().enumerate() {
        for word in IMPURE.iter().filter(|w| line.contains(**w)) {
            breaches.push(Breach::new(path, number + 1, format!("`{word}` in the pure floor: make it an argument")));
        }
    }
    breaches
}

fn arrows(path: &str, name: &str, content: &str) -> Vec<Breach> {
    let Some(own) = floor(name) else {
        return vec![Breach::new(path, 1, "this crate has no floor: give it one in xtask/src/tidy/floors.rs")];
    };
    let mut breaches = Vec::new();
    let mut in_dependencies = false;
    for (number, line) in content.lines().enumerate() {
        if line.starts_with('[') {
            in_dependencies = line.contains("dependencies");
        }
        let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
        // A crate's tests may name it with the features they need.
        let is_itself = used == name && line.contains("testing");
        if in_dependencies && !is_itself && floor(used).is_some_and(|below| below >= own) {
            let remedy = format!("{name} (floor {own}) may not use {used}: move what it needs down");
            breaches.push(Breach::new(path, number + 1, remedy));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_up_or_sideways_is_seen() {
        let uses = |name: &str| format!("[dependencies]\n{name}.workspace = true\n");
        assert!(check("crates/trust/Cargo.toml", &uses("proof")).is_empty());
        assert_eq!(check("crates/store/Cargo.toml", &uses("proof")).len(), 1);
        assert_eq!(check("crates/trust/Cargo.toml", &uses("shiyin")).len(), 1);
        assert_eq!(check("crates/new/Cargo.toml", "").len(), 1);
    }

    #[test]
    fn the_pure_floor_may_not_look_at_the_clock() {
        assert_eq!(check("crates/proof/src/x.rs", "let t = std::time::SystemTime::now();").len(), 2);
        assert!(check("crates/trust/src/x.rs", "std::time").is_empty());
    }
}
