//! What programs may do at this node: the operations of all rooms.

use registry::web::api::Operation;

/// The operations, as the reference lists them.
pub(super) fn operations() -> Vec<Operation> {
    let of_registry = registry::holdings::operations().into_iter().chain(registry::accounts::keys::operations());
    let of_registry = of_registry.chain(registry::webhooks::operations()).chain(registry::billing::operations());
    intake::works::operations().into_iter().chain(exhibit::operations()).chain(of_registry).collect()
}

#[cfg(test)]
mod tests {
    use super::operations;
    use proof::report::Language;
    use registry::testing::routes_in;
    use registry::web::api::document;
    use serde_json::Value;
    use std::collections::BTreeSet;

    /// What programs call; HEAD beside GET says only that asking makes nothing.
    fn is_of_programs((method, path): &(String, String)) -> bool {
        path.starts_with("/uploads") || (path.starts_with("/api/v1/") && method != "HEAD")
    }

    #[test]
    fn every_route_stands_in_the_document_and_no_other() {
        let routes: BTreeSet<_> =
            routes_in(&["registry/src", "intake/src", "exhibit/src"]).into_iter().filter(is_of_programs).collect();
        let asked: Vec<_> = operations().into_iter().filter(|operation| !operation.is_event()).collect();
        let told: BTreeSet<_> = asked.iter().map(|operation| operation.route()).collect();
        let missing: Vec<_> = routes.difference(&told).collect();
        let gone: Vec<_> = told.difference(&routes).collect();
        assert!(missing.is_empty() && gone.is_empty(), "not in the document: {missing:?}; no route: {gone:?}");
        assert_eq!(told.len(), asked.len(), "one of them stands twice");
    }

    fn walk(value: &Value, path: &str, seen: &mut impl FnMut(&str, &Value)) {
        seen(path, value);
        match value {
            Value::Object(members) => members.iter().for_each(|(name, one)| walk(one, &format!("{path}/{name}"), seen)),
            Value::Array(items) => items.iter().for_each(|one| walk(one, path, seen)),
            _ => {}
        }
    }

    #[test]
    fn both_languages_say_everything() {
        let [zh, en] =
            [Language::Zh, Language::En].map(|language| document(&operations(), language, "https://x.example"));
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let mut faults = Vec::new();
        walk(&en, "", &mut |path, value| {
            let is_said = ["description", "summary", "title"].iter().any(|name| path.ends_with(&format!("/{name}")));
            if is_said && value.as_str().is_some_and(chinese) {
                faults.push(format!("en {path}: {value}"));
            }
            let fields = value.get("properties").and_then(Value::as_object).filter(|_| path.starts_with("/components"));
            for (name, field) in fields.into_iter().flatten() {
                if field["description"].as_str().is_none_or(str::is_empty) && field["$ref"].is_null() {
                    faults.push(format!("{path}/{name} says nothing"));
                }
            }
        });
        walk(&zh, "", &mut |path, value| {
            let is_field = path.ends_with("/description") && path.starts_with("/components/schemas");
            if is_field && value.as_str().is_some_and(|text| !chinese(text) && text.contains(' ')) {
                faults.push(format!("zh {path}: {value}"));
            }
        });
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        let mut left = 0;
        walk(&en, "", &mut |path, value| left += usize::from(path.ends_with("/x-zh") && value.is_string()));
        assert_eq!(left, 0, "the other language is in the document");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(&operations(), Language::En, "https://x.example");
        let mut broken = Vec::new();
        walk(&document, "", &mut |path, value| {
            if let Some(target) = value.as_str().filter(|_| path.ends_with("/$ref"))
                && document.pointer(target.trim_start_matches('#')).is_none()
            {
                broken.push(format!("{path}: {target}"));
            }
        });
        assert!(broken.is_empty(), "{broken:?}");
        let [paths, events] = ["paths", "webhooks"].map(|name| document[name].as_object().unwrap());
        assert_eq!(events.len(), registry::webhooks::Kind::CHOSEN.len() + 1, "every event, and the test");
        let ids: BTreeSet<_> = paths
            .values()
            .chain(events.values())
            .flat_map(|at| at.as_object().unwrap().values())
            .collect::<Vec<_>>()
            .iter()
            .map(|one| one["operationId"].as_str().unwrap())
            .collect();
        assert_eq!(ids.len(), operations().len());
    }
}
