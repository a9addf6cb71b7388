//! Names in a query that an operation does not know are refused, in one place for all operations: a filter that is mistyped
//! would otherwise be no filter.

use super::{At, Operation};
use crate::web::{Cx, Fault, Site};
use axum::body::Body;
use axum::extract::{FromRef, MatchedPath, Request, State};
use axum::http::{Method, Response};
use axum::middleware::Next;
use std::collections::HashMap;
use std::sync::Arc;

/// What operations are below.
const PLACE: &str = "/api/v1/";
/// Every operation answers in a language that is asked for.
const LANGUAGE: &str = "lang";
/// Letters of an unknown name that are told.
const TOLD_CHARS: usize = 60;

/// The names that each operation knows.
#[derive(Clone)]
pub(in crate::web) struct Names {
    site: Arc<Site>,
    of: Arc<HashMap<(&'static str, &'static str), Vec<&'static str>>>,
}

impl FromRef<Names> for Arc<Site> {
    fn from_ref(names: &Names) -> Self {
        Arc::clone(&names.site)
    }
}

impl Names {
    pub(in crate::web) fn new(site: &Arc<Site>, operations: &[Operation]) -> Self {
        let known = |operation: &Operation| {
            let names = operation.parameters.iter().filter(|parameter| parameter.at == At::Query);
            let names = names.map(|parameter| parameter.name).chain([LANGUAGE]).collect();
            ((operation.method, operation.path), names)
        };
        let below = operations.iter().filter(|operation| operation.path.starts_with(PLACE));
        Self { site: Arc::clone(site), of: Arc::new(below.map(known).collect()) }
    }

    /// The first name of a query that is none of the operation's.
    fn unknown(&self, method: &Method, path: &str, cx: &Cx) -> Option<Fault> {
        // HEAD asks what GET would answer.
        let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let names = self.of.iter().find(|((known, at), _)| *known == method && *at == path).map(|(_, names)| names)?;
        let (name, _) = cx.pairs().into_iter().find(|(name, _)| !names.contains(&name.as_str()))?;
        Some(Fault::Query { name: name.chars().take(TOLD_CHARS).collect(), names: names.join(", ") })
    }
}

/// The layer within the guard.
pub(in crate::web) async fn only_known(
    State(names): State<Names>,
    path: Option<MatchedPath>,
    cx: Cx,
    request: Request,
    next: Next,
) -> Response<Body> {
    match path.and_then(|path| names.unknown(request.method(), path.as_str(), &cx)) {
        Some(fault) => fault.answer(&cx),
        None => next.run(request).await,
    }
}
