//! What programs read of accounts: `/api/v1/account` and below.

use super::{Program, Scopes};
use crate::accounts::Accounts;
use crate::accounts::audit::{Line, Scope};
use crate::accounts::organisation::{ANYONE, READERS, Role};
use crate::web::{Fault, json};
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::get;

/// Lines in one answer.
const LINES_MAX: i64 = 1_000;

pub(super) fn router() -> Router<Accounts> {
    Router::new()
        .route("/api/v1/account", get(account))
        .route("/api/v1/account/history", get(history))
        .route("/api/v1/organisation/members", get(members))
}

/// `GET /api/v1/account`
async fn account(program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::AccountRead)?;
        let person = &program.person;
        let identity = program.accounts.identity_of(&person.id, None).await?;
        let mut organisations = Vec::new();
        for (organisation, roles) in program.accounts.organisations_of(&person.id).await? {
            let is_meant = program.organisation.as_ref().is_none_or(|id| *id == organisation.id);
            if is_meant {
                let name = organisation.profile.name;
                organisations.push(serde_json::json!({ "id": organisation.id, "name": name, "roles": roles.names() }));
            }
        }
        json(&serde_json::json!({
            "id": person.id,
            "name": person.profile.name,
            "mail": person.profile.mail,
            "level": identity.as_ref().map_or("mail", |identity| identity.level().name()),
            "organisations": organisations,
        }))
    };
    program.cx.end(read.await)
}

/// The key's organisation, where its person has one of these roles there.
async fn organisation_of(program: &Program, needed: &[Role]) -> Result<String, Fault> {
    let id = program.organisation.clone().ok_or(Fault::NotAllowed)?;
    let roles = program.accounts.roles(&id, &program.person.id).await?.ok_or(Fault::NotFound)?;
    if needed.iter().any(|role| roles.has(*role)) { Ok(id) } else { Err(Fault::NotAllowed) }
}

/// `GET /api/v1/account/history?from=N`: the trail of the key's organisation, or of the person.
async fn history(program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::HistoryRead)?;
        let scope = match program.organisation {
            Some(_) => Scope::Organisation(organisation_of(&program, READERS).await?),
            None => Scope::Person(program.person.id.clone()),
        };
        let from: i64 = program.cx.query("from").parse().unwrap_or(1).max(1);
        let to = from.saturating_add(LINES_MAX - 1);
        let lines = program.accounts.trail(&scope, from, to).await?;
        let lines: Vec<Line> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        json(&serde_json::json!({ "scope": scope.name(), "lines": lines }))
    };
    program.cx.end(read.await)
}

/// `GET /api/v1/organisation/members`
async fn members(program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::MembersRead)?;
        let id = organisation_of(&program, ANYONE).await?;
        let members = program.accounts.members(&id).await?;
        let member = |member: &crate::accounts::organisation::Member| {
            let (person, since) = (&member.person, member.since.to_string());
            serde_json::json!({ "id": person.id, "name": person.profile.name, "roles": member.roles.names(), "since": since })
        };
        json(&serde_json::json!({ "organisation": id, "members": members.iter().map(member).collect::<Vec<_>>() }))
    };
    program.cx.end(read.await)
}
