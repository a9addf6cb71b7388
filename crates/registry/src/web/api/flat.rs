//! A schema as rows for readers: each field with its type, whether it is needed, and what it says.

use serde_json::{Map, Value};

/// Objects within objects that rows go into.
const DEPTH_MAX: usize = 5;

/// A field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub name: String,
    pub kind: String,
    pub is_needed: bool,
    pub says: String,
}

fn target<'s>(schema: &'s Value, all: &'s Map<String, Value>) -> &'s Value {
    match schema["$ref"].as_str().and_then(|name| all.get(name.rsplit('/').next()?)) {
        Some(found) => found,
        None => schema,
    }
}

/// The alternatives of a schema but for null.
fn others(schema: &Value) -> Vec<&Value> {
    let listed = schema["anyOf"].as_array().or(schema["oneOf"].as_array());
    listed.into_iter().flatten().filter(|one| one["type"] != "null").collect()
}

/// What a value is, in a few words that both languages share.
pub(super) fn kind(schema: &Value, all: &Map<String, Value>) -> String {
    let schema = target(schema, all);
    let quoted = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().filter(|value| !value.is_null()).map(quoted).collect::<Vec<_>>().join(" | ");
    }
    if !schema["const"].is_null() {
        return quoted(&schema["const"]);
    }
    let alternatives = others(schema);
    if !alternatives.is_empty() {
        return alternatives.iter().map(|one| kind(one, all)).collect::<Vec<_>>().join(" | ");
    }
    let named = match &schema["type"] {
        Value::Array(types) => types.iter().find_map(|name| name.as_str().filter(|name| *name != "null")),
        other => other.as_str(),
    };
    let name = match named {
        Some("array") => return format!("[{}]", kind(&schema["items"], all)),
        Some(name) => name,
        None => "JSON",
    };
    let bounds = [("minimum", "≥ "), ("maximum", "≤ "), ("maxItems", "≤ "), ("maxLength", "≤ ")];
    let bound = |(bound, sign): (&str, &str)| Some(format!(", {sign}{}", schema[bound].as_i64().filter(|n| *n != 0)?));
    format!("{name}{}", bounds.into_iter().filter_map(bound).collect::<String>())
}

/// The fields of a schema, those of inner objects behind a dot, those of the items of a list behind `[]`.
pub(super) fn rows(schema: &Value, all: &Map<String, Value>) -> Vec<Row> {
    let mut rows = Vec::new();
    fill(schema, all, "", 0, &mut rows);
    rows
}

fn fill(schema: &Value, all: &Map<String, Value>, within: &str, depth: usize, rows: &mut Vec<Row>) {
    let schema = target(schema, all);
    let alternatives = others(schema);
    if let [only] = alternatives.as_slice() {
        return fill(only, all, within, depth, rows);
    }
    let is_list = schema["type"] == "array" || schema["type"].as_array().is_some_and(|t| t.contains(&"array".into()));
    if is_list {
        return fill(&schema["items"], all, &format!("{within}[]"), depth, rows);
    }
    let needed: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = if within.is_empty() { name.clone() } else { format!("{within}.{name}") };
        let own = property["description"].as_str().or_else(|| target(property, all)["description"].as_str());
        rows.push(Row {
            name: path.clone(),
            kind: kind(property, all),
            is_needed: needed.contains(&name.as_str()),
            // Marks of code are for documents, not for pages.
            says: own.unwrap_or_default().replace('`', ""),
        });
        if depth < DEPTH_MAX {
            fill(property, all, &path, depth + 1, rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn inner_fields_have_their_path() {
        let all = json!({ "File": { "type": "object", "required": ["size"], "properties": {
            "size": { "type": "integer", "minimum": 0, "description": "bytes" },
            "mode": { "enum": ["a", "b"] } } } });
        let schema = json!({ "type": "object", "properties": {
            "files": { "type": "array", "items": { "$ref": "#/components/schemas/File" } },
            "next": { "anyOf": [{ "type": "string" }, { "type": "null" }] } } });
        let rows = rows(&schema, all.as_object().unwrap());
        let text: Vec<String> =
            rows.iter().map(|r| format!("{} {} {} {}", r.name, r.kind, r.is_needed, r.says)).collect();
        assert_eq!(
            text,
            [
                "files [object] false ",
                "files[].mode a | b false ",
                "files[].size integer true bytes",
                "next string false "
            ]
        );
    }
}
