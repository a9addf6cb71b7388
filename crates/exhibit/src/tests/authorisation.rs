//! Every route from outside: nobody, another person, a lower role, an ended session, a form that is
//! not of this session, a form of another site. The table is complete: a route that is not in it
//! fails the test.

use super::{Browser, House};
use axum::body::Body;
use axum::http::{Method, Request, header};
use std::collections::BTreeSet;
use std::path::Path;

/// Who may ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Anybody.
    Anyone,
    /// Whoever is signed in.
    Person,
    /// A member of the organisation.
    Member,
    /// An auditor of it, or an owner.
    Reader,
    /// An owner of it.
    Owner,
    /// An approver of it.
    Approver,
    /// The operator.
    Operator,
    /// A program with a key.
    Program,
}

use Who::{Anyone, Approver, Member, Operator, Owner, Person, Program, Reader};

#[rustfmt::skip]
const ROUTES: &[(&str, &str, Who)] = &[
    ("GET", "/", Anyone),
    ("GET", "/verify", Anyone),
    ("POST", "/verify", Anyone),
    ("GET", "/verify.html", Anyone),
    ("POST", "/api/v1/verify", Anyone),
    ("GET", "/authority", Anyone),
    ("GET", "/api/v1/authority", Anyone),
    ("GET", "/help", Anyone),
    ("GET", "/help/{topic}", Anyone),
    ("GET", "/help/pictures/{name}", Anyone),
    ("GET", "/assets/{name}", Anyone),
    ("GET", "/samples", Anyone),
    ("GET", "/register", Anyone),
    ("POST", "/register", Anyone),
    ("GET", "/register/code", Anyone),
    ("POST", "/register/code", Anyone),
    ("GET", "/administrator", Anyone),
    ("POST", "/administrator", Anyone),
    ("GET", "/signin", Anyone),
    ("POST", "/signin", Anyone),
    ("GET", "/signin/code", Anyone),
    ("POST", "/signin/code", Anyone),
    ("POST", "/signin/passkey", Anyone),
    ("POST", "/signin/passkey/begin", Anyone),
    ("GET", "/signin/again", Person),
    ("POST", "/signin/again", Person),
    ("POST", "/signout", Person),
    ("GET", "/recover", Anyone),
    ("POST", "/recover", Anyone),
    ("GET", "/recover/code", Anyone),
    ("POST", "/recover/code", Anyone),
    ("GET", "/report", Anyone),
    ("POST", "/report", Anyone),
    ("GET", "/identity/{id}", Anyone),
    ("GET", "/account", Person),
    ("POST", "/account/name", Person),
    ("GET", "/account/mail", Person),
    ("POST", "/account/mail", Person),
    ("GET", "/account/mail/code", Person),
    ("POST", "/account/mail/code", Person),
    ("POST", "/account/password", Person),
    ("POST", "/account/sessions/end", Person),
    ("GET", "/account/security", Person),
    ("POST", "/account/passkeys", Person),
    ("POST", "/account/passkeys/begin", Person),
    ("POST", "/account/passkeys/remove", Person),
    ("POST", "/account/totp", Person),
    ("POST", "/account/totp/code", Person),
    ("POST", "/account/totp/remove", Person),
    ("POST", "/account/recovery-codes", Person),
    ("GET", "/account/keys", Person),
    ("POST", "/account/keys", Person),
    ("POST", "/account/keys/end", Person),
    ("GET", "/account/identity", Person),
    ("POST", "/account/identity", Person),
    ("POST", "/account/identity/withdraw", Person),
    ("POST", "/account/identity/statement", Person),
    ("GET", "/account/identity/statement/{name}", Person),
    ("GET", "/account/privacy", Person),
    ("POST", "/account/privacy/export", Person),
    ("POST", "/account/privacy/consent", Person),
    ("POST", "/account/privacy/erase", Person),
    ("POST", "/account/privacy/erase/stop", Person),
    ("GET", "/account/history", Person),
    ("GET", "/account/history/{name}", Person),
    ("POST", "/invitations/{id}", Person),
    ("GET", "/organisations/new", Person),
    ("POST", "/organisations/new", Person),
    ("GET", "/organisations/{id}", Member),
    ("POST", "/organisations/{id}/leave", Member),
    ("POST", "/organisations/{id}/settings", Owner),
    ("POST", "/organisations/{id}/invitations", Owner),
    ("POST", "/organisations/{id}/invitations/end", Owner),
    ("GET", "/organisations/{id}/members/{person}", Owner),
    ("POST", "/organisations/{id}/members/{person}", Owner),
    ("POST", "/organisations/{id}/members/{person}/remove", Owner),
    ("POST", "/organisations/{id}/transfer", Owner),
    ("POST", "/organisations/{id}/approvals/{request}", Approver),
    ("GET", "/organisations/{id}/history", Reader),
    ("GET", "/organisations/{id}/history/{name}", Reader),
    ("GET", "/organisations/{id}/identity", Owner),
    ("POST", "/organisations/{id}/identity", Owner),
    ("POST", "/organisations/{id}/identity/withdraw", Owner),
    ("GET", "/operator", Operator),
    ("GET", "/operator/people", Operator),
    ("GET", "/operator/people/{id}", Operator),
    ("POST", "/operator/people/{id}/{act}", Operator),
    ("GET", "/operator/identities", Operator),
    ("GET", "/operator/identities/{id}", Operator),
    ("POST", "/operator/identities/{id}", Operator),
    ("GET", "/operator/identities/{id}/papers/{paper}", Operator),
    ("GET", "/operator/mail", Operator),
    ("POST", "/operator/mail/drop", Operator),
    ("GET", "/operator/reports", Operator),
    ("POST", "/operator/reports/{id}", Operator),
    ("GET", "/operator/blocks", Operator),
    ("POST", "/operator/blocks", Operator),
    ("POST", "/operator/blocks/end", Operator),
    ("GET", "/operator/disclosures", Operator),
    ("POST", "/operator/disclosures", Operator),
    ("GET", "/operator/history", Operator),
    ("GET", "/operator/history/{name}", Operator),
    ("GET", "/api/v1/account", Program),
    ("GET", "/api/v1/account/history", Program),
    ("GET", "/api/v1/organisation/members", Program),
];

/// Every `.route("…", get(…).post(…))` in the rooms' sources.
fn routes_in_source() -> BTreeSet<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![root.join("exhibit/src"), root.join("registry/src")];
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("tests") {
                    folders.push(path);
                }
                continue;
            }
            if path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for call in text.split(".route(").skip(1) {
                let call: String = call.split('\n').take(4).collect::<Vec<_>>().join(" ");
                let Some(address) = call.trim_start().strip_prefix('"').and_then(|c| c.split('"').next()) else {
                    continue;
                };
                let handlers = call.split(".route(").next().unwrap();
                for (word, method) in [("get(", "GET"), ("post(", "POST")] {
                    if handlers.contains(word) {
                        found.insert((method.to_owned(), address.to_owned()));
                    }
                }
            }
        }
    }
    found
}

#[test]
fn the_table_has_every_route() {
    let table: BTreeSet<(String, String)> =
        ROUTES.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let source = routes_in_source();
    let missing: Vec<_> = source.difference(&table).collect();
    let gone: Vec<_> = table.difference(&source).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in the table: {missing:?}; not in the rooms: {gone:?}");
    assert_eq!(table.len(), ROUTES.len());
}

/// A table's address with the ids of this house.
fn filled(path: &str, organisation: &str, person: &str) -> String {
    let path = match path.starts_with("/organisations/{id}") {
        true => path.replace("{id}", organisation),
        false => path.replace("{id}", person),
    };
    let path = path.replace("{person}", person).replace("{act}", "thaw");
    path.replace("{name}", "history.jsonl").replace("{topic}", "verify").replace(['{', '}'], "")
}

impl Browser<'_> {
    /// A request as the table says, with this form token.
    async fn try_route(&mut self, method: &str, path: &str, token: &str, origin: Option<&str>) -> u16 {
        let mut request = Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(path);
        let body = match method {
            "POST" => {
                request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
                Body::from(format!("form_token={token}"))
            }
            _ => Body::empty(),
        };
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin).header(header::HOST, "shiyin.example");
        }
        let answer = self.ask(request.body(body).unwrap()).await;
        let place = answer.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
        // Being led to the sign-in is being refused.
        if place.starts_with("/signin?next=") { 401 } else { answer.status.as_u16() }
    }
}

#[tokio::test]
async fn nobody_gets_where_he_or_she_may_not() {
    let house = House::new().await;
    let (mut lin, mut mei, mut operator) =
        (house.person("lin").await, house.person("mei").await, house.operator().await);
    let answer = lin.post("/organisations/new", &[("name", "Studio")]).await;
    let organisation = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    lin.post(
        &format!("/organisations/{organisation}/invitations"),
        &[("mail", "mei@people.example"), ("role", "applicant")],
    )
    .await;
    let join = super::address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let mut stranger = house.person("wei").await;
    let person = mei.id().await;
    // A session that ended by itself or was ended; its form token was right once.
    let mut ended = house.person("old").await;
    let kept = ended.cookies.clone();
    ended.post("/signout", &[]).await;
    ended.cookies = kept;
    let before = house.node.log_size();
    for (method, path, who) in ROUTES {
        let path = &filled(path, &organisation, &person);
        let is_post = *method == "POST";
        if is_post {
            // Whoever it is for: never from another site.
            let right = lin.form_token.clone();
            let cross = lin.try_route(method, path, &right, Some("https://evil.example")).await;
            assert_eq!(cross, 403, "{method} {path} from another site");
            let null = lin.try_route(method, path, &right, Some("null")).await;
            assert_eq!(null, 403, "{method} {path} from a sandbox");
        }
        if *who == Anyone {
            continue;
        }
        let nobody = house.browser().try_route(method, path, "", None).await;
        assert_eq!(nobody, 401, "{method} {path} by nobody");
        let stale = ended.form_token.clone();
        assert_eq!(ended.try_route(method, path, &stale, None).await, 401, "{method} {path} in an ended session");
        if *who == Program {
            assert_eq!(lin.try_route(method, path, "", None).await, 401, "{method} {path} with a cookie");
            continue;
        }
        if is_post {
            for wrong in ["", "0", stranger.form_token.clone().as_str()] {
                let forged = lin.try_route(method, path, wrong, None).await;
                assert_eq!(forged, 403, "{method} {path} with a form of another session");
            }
        }
        if *who == Person {
            continue;
        }
        let own = stranger.form_token.clone();
        let by_stranger = stranger.try_route(method, path, &own, None).await;
        match who {
            Member | Reader | Owner | Approver => assert_eq!(by_stranger, 404, "{method} {path} by a stranger"),
            _ => assert_eq!(by_stranger, 403, "{method} {path} by a stranger"),
        }
        let own = mei.form_token.clone();
        if matches!(who, Reader | Owner | Approver | Operator) {
            let lower = mei.try_route(method, path, &own, None).await;
            assert_eq!(lower, 403, "{method} {path} in a lower role");
        }
        let own = operator.form_token.clone();
        if matches!(who, Member | Reader | Owner | Approver) {
            let by_operator = operator.try_route(method, path, &own, None).await;
            assert_eq!(by_operator, 404, "{method} {path}: the operator is no member");
        }
    }
    assert_eq!(house.node.log_size(), before, "nothing was stamped");
    // What was refused above is allowed to who may: the pages are there.
    for (path, who) in ROUTES.iter().filter(|(method, ..)| *method == "GET").map(|(_, path, who)| (*path, *who)) {
        let path = &filled(path, &organisation, &person);
        let status = match who {
            Person | Member | Reader | Owner => lin.try_route("GET", path, "", None).await,
            Operator => operator.try_route("GET", path, "", None).await,
            _ => continue,
        };
        let is_of_nothing = path.contains("/statement/") || path.contains("/operator/identities/");
        assert_eq!(status, if is_of_nothing { 404 } else { 200 }, "{path}");
    }
}
