//! Every route from outside: nobody, another person, a lower role, an ended session, a form that is
//! not of this session, a form of another site. The tables are complete: a route that is in none fails
//! the test.

use super::{Browser, House, address};
use axum::body::Body;
use axum::http::{Method, Request, header};
use std::collections::BTreeSet;
use std::path::Path;

/// Who may ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
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
    /// Whose it is; to others it is not there.
    Holder,
}

use Who::{Anyone, Approver, Holder, Member, Operator, Owner, Person, Program, Reader};

/// A route: method, address, who may.
pub type Route = (&'static str, &'static str, Who);

/// Methods that change something.
fn writes(method: &str) -> bool {
    ["POST", "PATCH", "DELETE"].contains(&method)
}

/// Every `.route("…", get(…).post(…))` in the rooms' sources.
/// `folders` are below `crates/`.
#[must_use]
pub fn routes_in(folders: &[&str]) -> BTreeSet<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders: Vec<_> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut found = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("tests") && !path.ends_with("testing") {
                    folders.push(path);
                }
                continue;
            }
            if path.extension().is_none_or(|end| end != "rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for call in text.split(".route(").skip(1) {
                // Up to the end of the function: what follows it is another's.
                let lines = call.split('\n').take_while(|line| *line != "}").take(4);
                let call: String = lines.collect::<Vec<_>>().join(" ");
                let Some(address) = call.trim_start().strip_prefix('"').and_then(|c| c.split('"').next()) else {
                    continue;
                };
                let handlers = call.split(".route(").next().unwrap();
                for (word, method) in [
                    ("get(", "GET"),
                    ("post(", "POST"),
                    ("head(", "HEAD"),
                    ("patch(", "PATCH"),
                    ("delete(", "DELETE"),
                    ("options(", "OPTIONS"),
                ] {
                    if handlers.contains(word) {
                        found.insert((method.to_owned(), address.to_owned()));
                    }
                }
            }
        }
    }
    found
}

/// A table's address with the ids of this house.
fn filled(path: &str, organisation: &str, person: &str, held: &[(&str, String)]) -> String {
    let path = held.iter().fold(path.to_owned(), |path, (name, value)| path.replace(name, value));
    let path = match path.contains("/organisations/{id}") {
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
        if writes(method) {
            // What scripts send beside a body that is no form.
            request = request.header("x-form-token", token);
        }
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin).header(header::HOST, "shiyin.example");
        }
        let answer = self.ask(request.body(body).unwrap()).await;
        let place = answer.headers.get(header::LOCATION).and_then(|v| v.to_str().ok()).unwrap_or_default();
        // Being led to the sign-in is being refused.
        if place.starts_with("/signin?next=") { 401 } else { answer.status.as_u16() }
    }
}

/// Tries every route of a table as each of those who may not, and those that show something as those
/// who may. `hold` makes what is only its holder's: parts of addresses, and what stands for them.
pub async fn check_routes(
    house: &House,
    routes: &[Route],
    folders: &[&str],
    hold: impl AsyncFnOnce(&mut Browser<'_>) -> Vec<(&'static str, String)>,
) {
    let table: BTreeSet<(String, String)> =
        routes.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let source = routes_in(folders);
    let missing: Vec<_> = source.difference(&table).collect();
    let gone: Vec<_> = table.difference(&source).collect();
    assert!(missing.is_empty() && gone.is_empty(), "not in the table: {missing:?}; not in the rooms: {gone:?}");
    assert_eq!(table.len(), routes.len());
    let (mut lin, mut mei, mut operator) =
        (house.person("lin").await, house.person("mei").await, house.operator().await);
    let answer = lin.post("/organisations/new", &[("name", "Studio")]).await;
    let organisation = answer.headers["location"].to_str().unwrap().split(['/', '?']).nth(2).unwrap().to_owned();
    lin.post(
        &format!("/organisations/{organisation}/invitations"),
        &[("mail", "mei@people.example"), ("role", "applicant")],
    )
    .await;
    let join = address(&mei.page("/account").await, "/invitations/");
    mei.post(&join, &[]).await;
    let mut stranger = house.person("wei").await;
    let person = mei.id().await;
    // A session that ended by itself or was ended; its form token was right once.
    let mut ended = house.person("old").await;
    let kept = ended.cookies.clone();
    ended.post("/signout", &[]).await;
    ended.cookies = kept;
    let held = hold(&mut lin).await;
    let before = house.node.log_size();
    for (method, path, who) in routes {
        let path = &filled(path, &organisation, &person, &held);
        let is_write = writes(method);
        if is_write {
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
        if is_write {
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
            Member | Reader | Owner | Approver | Holder => {
                assert_eq!(by_stranger, 404, "{method} {path} by a stranger")
            }
            _ => assert_eq!(by_stranger, 403, "{method} {path} by a stranger"),
        }
        let own = mei.form_token.clone();
        if matches!(who, Reader | Owner | Approver | Operator) {
            let lower = mei.try_route(method, path, &own, None).await;
            assert_eq!(lower, 403, "{method} {path} in a lower role");
        }
        let own = operator.form_token.clone();
        if matches!(who, Member | Reader | Owner | Approver | Holder) {
            let by_operator = operator.try_route(method, path, &own, None).await;
            assert_eq!(by_operator, 404, "{method} {path}: the operator is no member");
        }
    }
    assert_eq!(house.node.log_size(), before, "nothing was stamped");
    // What was refused above is allowed to who may: the pages are there.
    for (path, who) in routes.iter().filter(|(method, ..)| *method == "GET").map(|(_, path, who)| (*path, *who)) {
        let path = &filled(path, &organisation, &person, &held);
        let status = match who {
            Person | Member | Reader | Owner | Holder => lin.try_route("GET", path, "", None).await,
            Operator => operator.try_route("GET", path, "", None).await,
            _ => continue,
        };
        let is_of_nothing = path.contains("/statement/") || path.contains("/operator/identities/");
        assert_eq!(status, if is_of_nothing { 404 } else { 200 }, "{path}");
    }
}
