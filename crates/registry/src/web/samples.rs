//! A page with every component of the kit, for tests to photograph and for builders to look at.
//!
//! Its texts are in the template, in both languages, since they say nothing to a user.
//! It is served by evaluation instances only.

use super::{Cx, Fault, Page};
use askama::Template;
use axum::body::Body;
use axum::http::Response;
use proof::report::Language;

#[derive(Template)]
#[template(path = "web/samples.html")]
struct Samples {
    zh: bool,
}

impl Page for Samples {
    fn title(&self) -> String {
        (if self.zh { "样例" } else { "Samples" }).to_owned()
    }
}

/// `GET /samples`
pub async fn show(cx: Cx) -> Response<Body> {
    match cx.site.node.is_evaluation() {
        true => cx.page(&Samples { zh: cx.language == Language::Zh }),
        false => Fault::NotFound.answer(&cx),
    }
}
