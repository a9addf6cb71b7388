//! What programs read of accounts: `/api/v1/account` and below.

use super::{Program, Scopes};
use crate::accounts::Accounts;
use crate::accounts::audit::{Line, Scope};
use crate::accounts::organisation::{ANYONE, READERS, Role};
use crate::web::api::{Group, Operation, Paging, text};
use crate::web::{Fault, json};
use axum::Router;
use axum::body::Body;
use axum::http::Response;
use axum::routing::get;
use schemars::JsonSchema;
use serde::Serialize;

/// Lines in one answer.
const LINES_MAX: usize = 1_000;
/// Members in one answer.
const MEMBERS_MAX: usize = 1_000;
const USUAL: usize = 100;

pub(super) fn router() -> Router<Accounts> {
    Router::new()
        .route("/api/v1/account", get(account))
        .route("/api/v1/account/history", get(history))
        .route("/api/v1/organisation/members", get(members))
}

/// What programs may do with accounts.
pub(super) fn operations() -> Vec<Operation> {
    let of = |path, id, summary| Operation::new("GET", path, id, Group::Account, summary);
    vec![
        of("/api/v1/account", "getAccount", text("密钥代表谁", "Whom the key is for"))
            .note(text("姓名、邮箱、真实身份的级别、组织与角色。", "Name, mail, level of the real name, organisations and roles."))
            .key(Scopes::AccountRead.name())
            .gives::<Account>(200, text("账号", "The account")),
        of("/api/v1/account/history", "listHistory", text("操作记录", "The audit trail"))
            .note(text(
                "密钥所属组织的，或本人的，从第一行起。每一行都是规范 JSON，previous 是前一行的 SHA-256。",
                "Of the key's organisation, or the person's own, from the first line on. A line is canonical JSON; previous \
                 is the SHA-256 of the line before it.",
            ))
            .key(Scopes::HistoryRead.name())
            .paged(LINES_MAX, USUAL)
            .gives::<History>(200, text("一页", "A page")),
        of("/api/v1/organisation/members", "listMembers", text("组织的成员", "Members of the organisation"))
            .note(text("密钥须属于某个组织。", "The key must be of an organisation."))
            .key(Scopes::MembersRead.name())
            .paged(MEMBERS_MAX, USUAL)
            .refuses(&[404])
            .gives::<Members>(200, text("一页", "A page")),
    ]
}

/// An account.
#[derive(Serialize, JsonSchema)]
#[schemars(extend("x-zh" = "账号"))]
struct Account {
    /// Its number.
    #[schemars(extend("x-zh" = "账号编号"))]
    id: String,
    /// The name of the account.
    #[schemars(extend("x-zh" = "账号名称"))]
    name: String,
    /// The address for mail.
    #[schemars(extend("x-zh" = "邮箱"))]
    mail: String,
    /// How the real name was found out: `mail` (not at all), `provider` or `papers`.
    #[schemars(extend("x-zh" = "真实身份的级别：mail（未核实）、provider 或 papers"))]
    level: String,
    /// The organisations, or the key's alone.
    #[schemars(extend("x-zh" = "所在组织；密钥属于组织时仅为该组织"))]
    organisations: Vec<Membership>,
}

#[derive(Serialize, JsonSchema)]
struct Membership {
    /// The organisation's number.
    #[schemars(extend("x-zh" = "组织编号"))]
    id: String,
    /// Its name.
    #[schemars(extend("x-zh" = "组织名称"))]
    name: String,
    /// The person's roles in it.
    #[schemars(extend("x-zh" = "本人的角色"))]
    roles: Vec<String>,
}

#[derive(Serialize, JsonSchema)]
struct History {
    /// Whose trail: `person/ID` or `organisation/ID`.
    #[schemars(extend("x-zh" = "谁的记录：person/ID 或 organisation/ID"))]
    scope: String,
    /// The lines.
    #[schemars(extend("x-zh" = "各行"))]
    lines: Vec<Line>,
    /// The cursor of the next page; null at the end.
    #[schemars(extend("x-zh" = "下一页的游标；到头为 null"))]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct Members {
    /// The organisation's number.
    #[schemars(extend("x-zh" = "组织编号"))]
    organisation: String,
    /// Its members.
    #[schemars(extend("x-zh" = "成员"))]
    members: Vec<OneMember>,
    /// The cursor of the next page; null at the end.
    #[schemars(extend("x-zh" = "下一页的游标；到头为 null"))]
    next: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Member")]
struct OneMember {
    /// The number of the account.
    #[schemars(extend("x-zh" = "账号编号"))]
    id: String,
    /// The name of the account.
    #[schemars(extend("x-zh" = "账号名称"))]
    name: String,
    /// Roles in the organisation.
    #[schemars(extend("x-zh" = "在组织中的角色"))]
    roles: Vec<String>,
    /// Member since.
    #[schemars(extend("x-zh" = "加入时间", "format" = "date-time"))]
    since: String,
}

fn owned(names: Vec<&'static str>) -> Vec<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// `GET /api/v1/account`
async fn account(program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::AccountRead)?;
        let person = &program.person;
        let identity = program.accounts.identity_of(&person.id, None).await?;
        let found = program.accounts.organisations_of(&person.id).await?.into_iter();
        let meant =
            found.filter(|(organisation, _)| program.organisation.as_ref().is_none_or(|id| *id == organisation.id));
        json(&Account {
            id: person.id.clone(),
            name: person.profile.name.clone(),
            mail: person.profile.mail.clone(),
            level: identity.as_ref().map_or("mail", |identity| identity.level().name()).to_owned(),
            organisations: meant
                .map(|(organisation, roles)| Membership {
                    id: organisation.id,
                    name: organisation.profile.name,
                    roles: owned(roles.names()),
                })
                .collect(),
        })
    };
    program.cx.end(read.await)
}

/// The key's organisation, where its person has one of these roles there.
async fn organisation_of(program: &Program, needed: &[Role]) -> Result<String, Fault> {
    let id = program.organisation.clone().ok_or(Fault::NotAllowed)?;
    let roles = program.accounts.roles(&id, &program.person.id).await?.ok_or(Fault::NotFound)?;
    if needed.iter().any(|role| roles.has(*role)) { Ok(id) } else { Err(Fault::NotAllowed) }
}

/// `GET /api/v1/account/history`: the trail of the key's organisation, or of the person.
async fn history(program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::HistoryRead)?;
        let scope = match program.organisation {
            Some(_) => Scope::Organisation(organisation_of(&program, READERS).await?),
            None => Scope::Person(program.person.id.clone()),
        };
        let paging = Paging::of(&program.cx, LINES_MAX, USUAL)?;
        let from = paging.place(|number| number.parse().ok().filter(|number: &i64| *number > 0))?.unwrap_or(0) + 1;
        // One more than is shown tells whether there is a next page.
        let lines = program.accounts.trail(&scope, from, from.saturating_add(paging.limit as i64)).await?;
        let mut lines: Vec<Line> = lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let has_more = lines.len() > paging.limit;
        lines.truncate(paging.limit);
        let next = lines.last().filter(|_| has_more).map(|line| paging.next(line.number));
        paging.answer(&History { scope: scope.name(), lines, next: next.clone() }, next.as_deref())
    };
    program.cx.end(read.await)
}

/// `GET /api/v1/organisation/members`
async fn members(program: Program) -> Response<Body> {
    let read = async {
        program.may(Scopes::MembersRead)?;
        let id = organisation_of(&program, ANYONE).await?;
        let paging = Paging::of(&program.cx, MEMBERS_MAX, USUAL)?;
        let after = paging.place(|id| Some(id.to_owned()))?.unwrap_or_default();
        let mut all = program.accounts.members(&id).await?;
        all.sort_by(|a, b| a.person.id.cmp(&b.person.id));
        all.retain(|member| member.person.id > after);
        let has_more = all.len() > paging.limit;
        all.truncate(paging.limit);
        let next = all.last().filter(|_| has_more).map(|member| paging.next(&member.person.id));
        let member = |member: crate::accounts::organisation::Member| OneMember {
            id: member.person.id.clone(),
            name: member.person.profile.name.clone(),
            roles: owned(member.roles.names()),
            since: member.since.to_string(),
        };
        let page = Members { organisation: id, members: all.into_iter().map(member).collect(), next: next.clone() };
        paging.answer(&page, next.as_deref())
    };
    program.cx.end(read.await)
}
