//! Who may ask for what of this floor's rooms.

use super::{begun, confirmed, house, told};
use registry::testing::Who::{Holder, Person, Program};
use registry::testing::{Route, check_routes};

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    ("GET", "/protect", Person),
    ("GET", "/protect/{id}", Holder),
    ("POST", "/protect/{id}", Holder),
    ("GET", "/protect/{id}/about", Holder),
    ("POST", "/protect/{id}/about", Holder),
    ("GET", "/protect/{id}/confirm", Holder),
    ("POST", "/protect/{id}/confirm", Holder),
    ("POST", "/protect/{id}/drop", Holder),
    ("GET", "/protect/{id}/files", Holder),
    ("POST", "/protect/{id}/files", Holder),
    ("GET", "/protect/{id}/list", Holder),
    ("GET", "/protect/{id}/originals", Holder),
    ("POST", "/protect/{id}/added", Person),
    ("GET", "/works", Person),
    ("GET", "/works/{id}", Holder),
    ("POST", "/works/{id}/whole", Holder),
    ("GET", "/works/{id}/chain.json", Holder),
    ("GET", "/api/v1/works", Program),
    ("POST", "/api/v1/works", Program),
    ("GET", "/api/v1/works/{id}", Program),
    ("POST", "/api/v1/works/{id}/whole", Program),
    ("GET", "/api/v1/vocabulary", Program),
    ("GET", "/api/v1/batches", Program),
    ("POST", "/api/v1/batches", Program),
    ("GET", "/api/v1/batches/{id}", Program),
    ("PATCH", "/api/v1/batches/{id}", Program),
    ("DELETE", "/api/v1/batches/{id}", Program),
    ("POST", "/api/v1/batches/{id}/confirm", Program),
];

#[tokio::test]
async fn nobody_gets_where_he_or_she_may_not() {
    let house = house().await;
    check_routes(&house, ROUTES, &["intake/src"], async |lin| {
        let first = begun(lin, "photo", &["a.jpg"]).await;
        told(lin, &first, "Harbour", "finished", &[]).await;
        confirmed(lin, &first).await;
        let open = begun(lin, "photo", &["b.jpg"]).await;
        told(lin, &open, "Lighthouse", "finished", &[]).await;
        let work = lin.page("/works").await;
        let work = work.split("/works/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        vec![("/protect/{id}", format!("/protect/{open}")), ("/works/{id}", format!("/works/{work}"))]
    })
    .await;
}
