//! The pages of an organisation: members, invitations, approvals, settings, trail.

use super::{ANYONE, Acting, Decision, OWNER, READERS, Role, Roles, called, place, scope};
use crate::accounts::audit;
use crate::accounts::person::is_mail;
use crate::accounts::throttle::INVITATION;
use crate::accounts::{Accounts, Me, Sent, WORDS, said};
use crate::web::sheet::{Block, Field, Form, Ledger, Mark, Part, Sheet, Value};
use crate::web::{Fault, Fields, Words};
use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Response, StatusCode};
use axum::routing::{get, post};

/// Requests that the page shows.
const SHOWN: i64 = 100;

pub(in crate::accounts) fn router() -> Router<Accounts> {
    Router::new()
        .route("/organisations/new", get(show_new).post(found))
        .route("/organisations/{id}", get(show))
        .route("/organisations/{id}/settings", post(set_up))
        .route("/organisations/{id}/invitations", post(invite))
        .route("/organisations/{id}/invitations/end", post(uninvite))
        .route("/organisations/{id}/members/{person}", get(show_member).post(set_roles))
        .route("/organisations/{id}/members/{person}/remove", post(remove))
        .route("/organisations/{id}/transfer", post(transfer))
        .route("/organisations/{id}/leave", post(leave))
        .route("/organisations/{id}/approvals/{request}", post(decide))
        .route("/organisations/{id}/history", get(history))
        .route("/organisations/{id}/history/{name}", get(history_file))
        .route("/invitations/{id}", post(join))
}

fn name_of(fields: &Fields, w: Words) -> Result<String, Fault> {
    let name: String = fields.text("name").split_whitespace().collect::<Vec<_>>().join(" ");
    match name.chars().count() {
        1..=120 => Ok(name),
        _ => Err(Fault::Field { field: "name", what: w.say("name-wrong") }),
    }
}

fn roles_of(fields: &Fields, w: Words) -> Result<Roles, Fault> {
    Roles::of(fields.all("role")).ok_or_else(|| Fault::Field { field: "role", what: w.say("role-missing") })
}

fn boxes(w: Words, held: Option<&Roles>) -> Field {
    let option = |role: Role| {
        let text = format!("{}{}{}", w.say(role.word()), w.say("colon"), w.say(role.explained()));
        (role.name().to_owned(), text, held.is_some_and(|roles| roles.has(role)))
    };
    Field::boxes("role", w.say("roles"), Role::ALL.into_iter().map(option).collect())
}

fn new_sheet(me: &Me, wrong: Option<(&Fields, &Fault)>) -> Sheet {
    let w = me.cx.words(&WORDS);
    let form = Form::new("/organisations/new", w.say("organisation-new"))
        .of(&me.cx)
        .field(
            Field::text("name", w.say("organisation-name"))
                .help(w.say("organisation-name-help"))
                .completes("organization"),
        )
        .primary();
    let form = form.after(wrong);
    let part = Part::new(w.say("organisation")).note(w.say("organisation-new-note")).with(Block::Form(form));
    Sheet::new(&me.cx, w.say("organisation-new")).lead(w.say("organisation-lead")).under("/account").part(part)
}

/// `GET /organisations/new`
async fn show_new(me: Me) -> Response<Body> {
    me.cx.page(&new_sheet(&me, None))
}

/// `POST /organisations/new`
async fn found(Sent { me, fields }: Sent) -> Response<Body> {
    let founded = async {
        let name = name_of(&fields, me.cx.words(&WORDS))?;
        Ok(me.accounts.found(&me, &name).await?)
    };
    let answer = founded.await.map(|id: String| me.cx.see(&place(&id, "?said=organisation")));
    me.cx.end_form(answer, async |fault| Ok(new_sheet(&me, Some((&fields, fault))))).await
}

/// `GET /organisations/{id}`
async fn show(me: Me, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        let acting = me.acting(&id, ANYONE).await?;
        Ok(me.cx.page(&sheet(&me, &acting, None).await?))
    };
    me.cx.end(shown.await)
}

async fn sheet(me: &Me, acting: &Acting, wrong: Option<(&Fields, &Fault)>) -> Result<Sheet, Fault> {
    let (cx, id) = (&me.cx, acting.organisation.id.as_str());
    let w = cx.words(&WORDS);
    let is_owner = acting.roles.has(Role::Owner);
    // Two forms of this page share names: only the one that was sent is filled again.
    let is_invitation = wrong.is_some_and(|(fields, _)| !fields.has("name"));
    let fill = |form: Form, is_this: bool| match wrong.filter(|_| is_this) {
        Some((fields, fault)) => form.again(fields, fault),
        None => form,
    };
    let mut rows = Vec::new();
    for member in me.accounts.members(id).await? {
        let name = called(cx, &member.person);
        let name = match is_owner {
            true => Value::Link(place(id, &format!("/members/{}", member.person.id)), name),
            false => Value::Text(name),
        };
        rows.push(vec![name, member.roles.words(w).into(), Value::Time(member.since)]);
    }
    let head = ["name", "roles", "since"].map(|id| w.say(id)).to_vec();
    let members = Part::new(w.say("members")).note(w.say("members-note"));
    let members = members.with(Block::Ledger(Ledger { name: w.say("members"), head, rows }));
    let mut sheet = Sheet::new(cx, acting.organisation.profile.name.clone())
        .reference(id.to_owned())
        .lead(w.fill("organisation-roles", &[("roles", &acting.roles.words(w))]))
        .said(said(cx))
        .under("/account")
        .part(approvals(me, acting).await?)
        .part(members);
    if is_owner {
        let mut rows = Vec::new();
        for invitation in me.accounts.invitations_of(id, cx.now).await? {
            let end = Form::new(place(id, "/invitations/end"), w.say("take-back"));
            let end = end.of(cx).hidden("invitation", &invitation.id).small();
            let roles = invitation.roles.words(w);
            rows.push(vec![invitation.mail.into(), roles.into(), Value::Time(invitation.due), Value::Acts(vec![end])]);
        }
        let head = ["mail", "roles", "until"].map(|id| w.say(id)).into_iter().chain([String::new()]).collect();
        let waiting = (!rows.is_empty()).then_some(Block::Ledger(Ledger { name: w.say("invitations"), head, rows }));
        let form = Form::new(place(id, "/invitations"), w.say("invite"))
            .of(cx)
            .field(Field::mail("mail", w.say("mail")).completes("off"))
            .field(boxes(w, None));
        let note = w.say("invitations-note");
        let part =
            Part::new(w.say("invitations")).note(note).maybe(waiting).with(Block::Form(fill(form, is_invitation)));
        sheet = sheet.part(part);
        let form = Form::new(place(id, "/settings"), w.say("save"))
            .of(cx)
            .field(Field::text("name", w.say("organisation-name")).value(&acting.organisation.profile.name))
            .field(
                Field::check("asks", w.say("approvals"), w.say("organisation-asks"))
                    .value(if acting.organisation.asks { "on" } else { "" }),
            );
        let desks = me.accounts.desks(cx, &format!("organisation/{id}")).await?;
        let desks = (!desks.is_empty()).then_some(Block::Contents(desks));
        let link = (place(id, "/identity"), w.say("identity"));
        let part =
            Part::new(w.say("settings")).with(Block::Form(fill(form, !is_invitation))).with(Block::Links(vec![link]));
        let part = part.maybe(desks);
        sheet = sheet.part(part);
    }
    if is_owner || acting.roles.has(Role::Auditor) {
        let link = (place(id, "/history"), w.say("history"));
        sheet = sheet.part(Part::new(w.say("history")).note(w.say("history-note")).with(Block::Links(vec![link])));
    }
    let leave = Form::new(place(id, "/leave"), w.say("leave")).of(cx);
    Ok(sheet.part(Part::new(w.say("leave")).note(w.say("leave-note")).with(Block::Form(leave))))
}

async fn approvals(me: &Me, acting: &Acting) -> Result<Part, Fault> {
    let (cx, id) = (&me.cx, acting.organisation.id.as_str());
    let w = cx.words(&WORDS);
    let note = if acting.organisation.asks { "approvals-on" } else { "approvals-off" };
    let part = Part::new(w.say("approvals")).note(w.say(note));
    let found = me.accounts.approvals(id, SHOWN).await?;
    if found.is_empty() {
        return Ok(part.with(Block::Empty(w.say("approvals-none"), w.say("approvals-none-note"))));
    }
    let mut rows = Vec::new();
    for approval in found {
        let who = me.accounts.called(cx, &format!("person/{}", approval.applicant)).await?;
        let decider = match &approval.decider {
            Some(decider) => me.accounts.called(cx, &format!("person/{decider}")).await?,
            None => String::new(),
        };
        let may = acting.roles.has(Role::Approver) && approval.applicant != me.person.id;
        let state = match approval.decision {
            Decision::Waiting if may => {
                let form = |decision: &str, id_word: &str| {
                    Form::new(place(id, &format!("/approvals/{}", approval.id)), w.say(id_word))
                        .of(cx)
                        .hidden("decision", decision)
                        .small()
                };
                Value::Acts(vec![form("approved", "approve"), form("declined", "decline")])
            }
            Decision::Waiting => Value::Mark(Mark::Waiting, w.say("approval-waiting")),
            Decision::Approved => Value::Mark(Mark::Sealed, w.fill("approval-approved", &[("name", &decider)])),
            Decision::Declined => Value::Mark(Mark::Failed, w.fill("approval-declined", &[("name", &decider)])),
        };
        rows.push(vec![
            Value::Titled(approval.place, approval.title, who),
            Value::Digest(approval.digest),
            Value::Time(approval.made),
            state,
        ]);
    }
    let head = ["approval-what", "digest", "approval-asked", "state"].map(|id| w.say(id)).to_vec();
    Ok(part.with(Block::Ledger(Ledger { name: w.say("approvals"), head, rows })))
}

/// `POST /organisations/{id}/settings`
async fn set_up(Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let acting = match me.acting(&id, OWNER).await {
        Ok(acting) => acting,
        Err(fault) => return fault.answer(&me.cx),
    };
    let done = async {
        let name = name_of(&fields, me.cx.words(&WORDS))?;
        me.accounts.set_up(&me, &id, &name, fields.is_ticked("asks")).await?;
        Ok(me.cx.see(&place(&id, "?said=settings")))
    };
    let answer = done.await;
    me.cx.end_form(answer, async |fault| sheet(&me, &acting, Some((&fields, fault))).await).await
}

/// `POST /organisations/{id}/invitations`
async fn invite(Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh(&place(&id, "")) {
        return *first;
    }
    let acting = match me.acting(&id, OWNER).await {
        Ok(acting) => acting,
        Err(fault) => return fault.answer(&me.cx),
    };
    let done = async {
        let w = me.cx.words(&WORDS);
        let mail = fields.text("mail");
        if !is_mail(mail) {
            return Err(Fault::Field { field: "mail", what: w.say("mail-wrong") });
        }
        let roles = roles_of(&fields, w)?;
        me.accounts.try_once(INVITATION, &me.person.id, me.cx.now).await?;
        me.accounts.try_mail(&me.cx, mail).await?;
        me.accounts.invite(&me, &acting.organisation, mail, &roles).await?;
        Ok(me.cx.see(&place(&id, "?said=invited")))
    };
    let answer = done.await;
    me.cx.end_form(answer, async |fault| sheet(&me, &acting, Some((&fields, fault))).await).await
}

/// `POST /organisations/{id}/invitations/end`
async fn uninvite(Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    let done = async {
        me.acting(&id, OWNER).await?;
        match me.accounts.uninvite(&me, &id, fields.text("invitation")).await? {
            true => Ok(me.cx.see(&place(&id, "?said=uninvited"))),
            false => Err(Fault::NotFound),
        }
    };
    me.cx.end(done.await)
}

/// `POST /invitations/{id}`
async fn join(Path(id): Path<String>, Sent { me, .. }: Sent) -> Response<Body> {
    let joined = me.accounts.join(&me, &id).await;
    me.cx.end(joined.map_err(Fault::from).and_then(|organisation| match organisation {
        Some(organisation) => Ok(me.cx.see(&place(&organisation, "?said=joined"))),
        None => Err(Fault::NotFound),
    }))
}

async fn member_sheet(
    me: &Me,
    acting: &Acting,
    person: &str,
    wrong: Option<(&Fields, &Fault)>,
) -> Result<Sheet, Fault> {
    let (cx, id) = (&me.cx, acting.organisation.id.as_str());
    let w = cx.words(&WORDS);
    let roles = me.accounts.roles(id, person).await?.ok_or(Fault::NotFound)?;
    let member = me.accounts.person(person).await?.ok_or(Fault::NotFound)?;
    let to = place(id, &format!("/members/{person}"));
    let form = Form::new(to.clone(), w.say("save")).of(cx).field(boxes(w, Some(&roles)));
    let form = form.after(wrong);
    let mut sheet = Sheet::new(cx, called(cx, &member))
        .lead(acting.organisation.profile.name.clone())
        .under("/account")
        .part(Part::new(w.say("roles")).note(w.say("roles-note")).with(Block::Form(form)));
    if person != me.person.id {
        let remove = Form::new(format!("{to}/remove"), w.say("member-remove")).of(cx);
        let transfer = Form::new(place(id, "/transfer"), w.say("transfer")).of(cx).hidden("person", person);
        sheet = sheet
            .part(Part::new(w.say("transfer")).note(w.say("transfer-note")).with(Block::Form(transfer)))
            .part(Part::new(w.say("member-remove")).note(w.say("member-remove-note")).with(Block::Form(remove)));
    }
    Ok(sheet)
}

/// `GET /organisations/{id}/members/{person}`
async fn show_member(me: Me, Path((id, person)): Path<(String, String)>) -> Response<Body> {
    let shown = async {
        let acting = me.acting(&id, OWNER).await?;
        Ok(me.cx.page(&member_sheet(&me, &acting, &person, None).await?))
    };
    me.cx.end(shown.await)
}

/// `POST /organisations/{id}/members/{person}`
async fn set_roles(Path((id, person)): Path<(String, String)>, Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh(&place(&id, &format!("/members/{person}"))) {
        return *first;
    }
    let changed = async {
        let acting = me.acting(&id, OWNER).await?;
        let changed = async {
            let roles = roles_of(&fields, me.cx.words(&WORDS))?;
            me.accounts.set_roles(&me, &id, &person, Some(&roles)).await
        };
        match changed.await {
            Ok(()) => Ok(me.cx.see(&place(&id, "?said=roles"))),
            Err(fault @ Fault::Field { .. }) => {
                let sheet = member_sheet(&me, &acting, &person, Some((&fields, &fault))).await?;
                Ok(me.cx.page(&sheet.status(StatusCode::UNPROCESSABLE_ENTITY)))
            }
            Err(fault) => Err(fault),
        }
    };
    me.cx.end(changed.await)
}

/// `POST /organisations/{id}/members/{person}/remove`
async fn remove(Path((id, person)): Path<(String, String)>, Sent { me, .. }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh(&place(&id, &format!("/members/{person}"))) {
        return *first;
    }
    let removed = async {
        me.acting(&id, OWNER).await?;
        me.accounts.set_roles(&me, &id, &person, None).await?;
        Ok(me.cx.see(&place(&id, "?said=removed")))
    };
    me.cx.end(removed.await)
}

/// `POST /organisations/{id}/transfer`
async fn transfer(Path(id): Path<String>, Sent { me, fields }: Sent) -> Response<Body> {
    if let Err(first) = me.fresh(&place(&id, "")) {
        return *first;
    }
    let done = async {
        me.acting(&id, OWNER).await?;
        me.accounts.transfer(&me, &id, fields.text("person")).await?;
        Ok(me.cx.see(&place(&id, "?said=transferred")))
    };
    me.cx.end(done.await)
}

/// `POST /organisations/{id}/leave`
async fn leave(Path(id): Path<String>, Sent { me, .. }: Sent) -> Response<Body> {
    let left = async {
        me.acting(&id, ANYONE).await?;
        me.accounts.set_roles(&me, &id, &me.person.id, None).await?;
        Ok(me.cx.see("/account?said=left"))
    };
    me.cx.end(left.await)
}

/// `POST /organisations/{id}/approvals/{request}`
async fn decide(Path((id, request)): Path<(String, String)>, Sent { me, fields }: Sent) -> Response<Body> {
    let decided = async {
        me.acting(&id, &[Role::Approver]).await?;
        let decision = match fields.text("decision") {
            "approved" => Decision::Approved,
            "declined" => Decision::Declined,
            _ => return Err(Fault::Form),
        };
        me.accounts.decide(&me, &id, &request, decision).await?;
        Ok(me.cx.see(&place(&id, "?said=decided")))
    };
    me.cx.end(decided.await)
}

/// `GET /organisations/{id}/history`
async fn history(me: Me, Path(id): Path<String>) -> Response<Body> {
    let shown = async {
        let acting = me.acting(&id, READERS).await?;
        let w = me.cx.words(&WORDS);
        let part = audit::part(&me.accounts, &me.cx, &scope(&id), &place(&id, "/history")).await?;
        let sheet = Sheet::new(&me.cx, w.say("history")).lead(acting.organisation.profile.name).under("/account");
        Ok(me.cx.page(&sheet.part(part)))
    };
    me.cx.end(shown.await)
}

/// `GET /organisations/{id}/history/history.jsonl` and its stamp
async fn history_file(me: Me, Path((id, name)): Path<(String, String)>) -> Response<Body> {
    let file = async {
        me.acting(&id, READERS).await?;
        audit::file(&me, &scope(&id), &name).await
    };
    me.cx.end(file.await)
}
