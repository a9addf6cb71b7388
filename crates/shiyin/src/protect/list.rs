//! `shiyin protect --list`: the types with their stages, the tags with their fields, the templates.

use crate::exit::{Exit, Failure};
use crate::node::Node;
use crate::tell;
use crate::words::{Words, visible};
use proof::report::Language;
use serde_json::Value;

pub fn run(node: &Node, json: bool, words: &Words) -> Result<Exit, Failure> {
    let all = node.client.get("/api/v1/vocabulary", words)?;
    if json {
        tell(&all.to_string());
        return Ok(Exit::Valid);
    }
    let language = if words.language() == Language::Zh { "zh" } else { "en" };
    let said = |both: &Value| visible(both[language].as_str().unwrap_or_default());
    let offered = |name: &str| {
        let all = all[name].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|one| one["is_off"] != Value::Bool(true)).collect::<Vec<_>>()
    };
    let line = |one: &Value| {
        let id = visible(one["id"].as_str().unwrap_or_default());
        tell(&format!("  {id:<24} {}", said(&one["name"])));
    };
    tell(&words.say("list-types", &[]));
    for kind in offered("kinds") {
        line(&kind);
        for stage in kind["stages"].as_array().into_iter().flatten() {
            let id = visible(stage["id"].as_str().unwrap_or_default());
            tell(&format!("      {id:<20} {}", said(&stage["name"])));
        }
    }
    tell(&format!("      {:<20} {}", "own", words.say("list-own", &[])));
    tell(&format!("\n{}", words.say("list-tags", &[])));
    for tag in offered("tags") {
        line(&tag);
        let fields: Vec<String> = tag["fields"].as_array().into_iter().flatten().map(said).collect();
        if !fields.is_empty() {
            tell(&format!("      {}", fields.join("; ")));
        }
    }
    tell(&format!("\n{}", words.say("list-templates", &[])));
    for template in offered("templates") {
        line(&template);
        for text in said(&template["text"]).lines() {
            tell(&format!("      {text}"));
        }
    }
    Ok(Exit::Valid)
}
