//! Who asks: a signed-in person, a person who sends a form, the operator, a program with a key.
//!
//! A handler names one of these among its arguments, and is not reached by anyone else.

use super::keys::Program;
use super::person::Person;
use super::{Accounts, privacy};
use crate::web::{Cx, Fault, Fields, Site};
use axum::extract::{FromRef, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, header};
use axum::response::Response;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

/// How long somebody who proved to be that person may do what cannot be undone.
pub(super) const FRESH_S: i64 = 900;

/// A signed-in person.
#[derive(Clone)]
pub struct Me {
    /// The request.
    pub cx: Cx,
    /// The door of accounts.
    pub accounts: Accounts,
    /// The person.
    pub person: Person,
}

/// A signed-in person who sends a form of this session.
pub struct Sent {
    /// Who.
    pub me: Me,
    /// What.
    pub fields: Fields,
}

/// Anybody who sends a form: nobody in particular is signed in.
pub struct Visitor {
    /// The request.
    pub cx: Cx,
    /// The door of accounts.
    pub accounts: Accounts,
    /// What.
    pub fields: Fields,
}

/// The operator, with a second factor where the instance is in use.
pub struct Operator(pub Me);

/// The operator, who sends a form of this session.
pub struct OperatorSent {
    /// Who.
    pub me: Me,
    /// What.
    pub fields: Fields,
}

impl FromRef<Accounts> for Arc<Site> {
    fn from_ref(accounts: &Accounts) -> Self {
        Arc::clone(accounts.site())
    }
}

async fn cx_of(parts: &mut Parts, accounts: &Accounts) -> Cx {
    let Ok(cx): Result<Cx, Infallible> = Cx::from_request_parts(parts, accounts).await;
    cx
}

impl Me {
    /// Whether the person proved a moment ago to be that person.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        let proved = self.cx.session.as_ref().map_or(0, |session| session.proved.unix_s());
        self.cx.now.unix_s() - proved <= FRESH_S
    }

    /// The answer that asks to prove it again, where that is due.
    ///
    /// # Errors
    /// That answer.
    pub fn fresh(&self, back: &str) -> Result<(), Box<Response>> {
        match self.is_fresh() {
            true => Ok(()),
            false => Err(Box::new(self.cx.see(&format!("/signin/again?next={}", encoded(back))))),
        }
    }

    /// The id of the session; empty where there is none.
    pub(super) fn session_id(&self) -> &str {
        self.cx.session.as_ref().map_or("", |session| &session.id)
    }
}

impl Cx {
    /// Whom tries are counted by: the address, or the network of 64 bits that one line of IPv6 has.
    pub(super) fn caller_text(&self) -> String {
        match self.caller {
            None => String::new(),
            Some(IpAddr::V4(address)) => address.to_string(),
            Some(IpAddr::V6(address)) => address.segments()[..4].iter().map(|part| format!("{part:x}:")).collect(),
        }
    }
}

/// An address as a value in another.
pub(super) fn encoded(path: &str) -> String {
    form_urlencoded::byte_serialize(path.as_bytes()).collect()
}

/// Where to go after signing in: a page of this site, nothing else.
pub(super) fn next_of(path: &str) -> &str {
    let is_here =
        path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.contains(char::is_control);
    if is_here { path } else { "/account" }
}

impl<S: Send + Sync> FromRequestParts<S> for Me
where
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let accounts = &Accounts::from_ref(state);
        let cx = cx_of(parts, accounts).await;
        let Some(session) = &cx.session else {
            return Err(match parts.method == Method::GET {
                true => cx.see(&format!("/signin?next={}", encoded(cx.address()))),
                false => Fault::SignIn.answer(&cx),
            });
        };
        let person = match accounts.person(&session.person).await {
            Ok(Some(person)) => person,
            Ok(None) => return Err(Fault::SignIn.answer(&cx)),
            Err(error) => return Err(Fault::broken(error).answer(&cx)),
        };
        if person.is_frozen() && !privacy::is_open_to_frozen(cx.path()) {
            return Err(Fault::Frozen.answer(&cx));
        }
        Ok(Self { cx, accounts: accounts.clone(), person })
    }
}

impl<S: Send + Sync> FromRequest<S> for Visitor
where
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let accounts = &Accounts::from_ref(state);
        let (mut parts, body) = request.into_parts();
        let cx = cx_of(&mut parts, accounts).await;
        let fields = Fields::of(Request::from_parts(parts, body), accounts.site()).await;
        let fields = fields.map_err(|fault| fault.answer(&cx))?;
        Ok(Self { cx, accounts: accounts.clone(), fields })
    }
}

impl<S: Send + Sync> FromRequest<S> for Sent
where
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let accounts = &Accounts::from_ref(state);
        let (mut parts, body) = request.into_parts();
        let me = Me::from_request_parts(&mut parts, state).await?;
        let request = Request::from_parts(parts, body);
        let fields = Fields::of(request, accounts.site()).await.map_err(|fault| fault.answer(&me.cx))?;
        let is_ours = me.cx.token.as_ref().is_some_and(|token| token.is_form_token(fields.text("form_token")));
        match is_ours {
            true => Ok(Self { me, fields }),
            false => Err(Fault::StaleForm.answer(&me.cx)),
        }
    }
}

/// Whether this person may act as the operator now.
fn operates(me: Me) -> Result<Me, Box<Response>> {
    if !me.person.is_operator {
        return Err(Box::new(Fault::NotAllowed.answer(&me.cx)));
    }
    if me.accounts.site().node.is_evaluation() || me.cx.session.as_ref().is_some_and(|session| session.is_strong) {
        return Ok(me);
    }
    Err(Box::new(match me.person.has_second {
        true => me.cx.see(&format!("/signin/again?next={}", encoded(me.cx.address()))),
        false => me.cx.see("/account/security?said=operator-needs-second"),
    }))
}

impl<S: Send + Sync> FromRequestParts<S> for Operator
where
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        operates(Me::from_request_parts(parts, state).await?).map(Self).map_err(|first| *first)
    }
}

impl<S: Send + Sync> FromRequest<S> for OperatorSent
where
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Sent { me, fields } = Sent::from_request(request, state).await?;
        Ok(Self { me: operates(me).map_err(|first| *first)?, fields })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Program
where
    Accounts: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let accounts = &Accounts::from_ref(state);
        let cx = cx_of(parts, accounts).await;
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(key) = given.and_then(|value| value.strip_prefix("Bearer ")) else {
            return Err(Fault::SignIn.answer(&cx));
        };
        match accounts.program(key.trim(), cx.clone()).await {
            Ok(program) => Ok(program),
            Err(fault) => Err(fault.answer(&cx)),
        }
    }
}
