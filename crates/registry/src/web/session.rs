//! Sessions: who a browser acts for, and how a form proves that it came from our page.
//!
//! The browser holds a random token in a cookie that scripts cannot read; the database
//! holds its digest alone, so that reading the database lets nobody in. A session ends
//! by itself: after a time of rest, and after a time in all. A form carries a digest of
//! the token under a name of its own, which no other site can know.

use axum::http::{HeaderMap, HeaderValue};
use proof::der::Time;
use proof::digest::{DigestAlgorithm, from_hex, hex};
use store::{Db, Migration, Row, Schema, StoreError, Tx};
use trust::TrustError;

/// The tables of the kit.
pub const SCHEMA: Schema = Schema {
    part: "web",
    migrations: &[
        Migration {
            number: 1,
            name: "sessions",
            sql: "
create table session (
    id text primary key,
    person text not null,
    made_s bigint not null,
    seen_s bigint not null
);
create index session_person on session (person);
",
        },
        Migration {
            number: 2,
            name: "when a person proved who he is, and from where",
            sql: "
alter table session add column proved_s bigint not null default 0;
alter table session add column about bytea;
",
        },
        Migration {
            number: 3,
            name: "whether a second factor was used",
            sql: "
alter table session add column is_strong bigint not null default 0;
",
        },
    ],
};

/// A session ends when nothing was asked for so long.
pub const REST_S: i64 = 12 * 3600;
/// A session ends at this age.
pub const AGE_S: i64 = 30 * 86_400;
/// How exactly it is known when a session was last used; each note of it is a write.
const SEEN_S: i64 = 60;

/// What a browser holds. It is shown once and never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// The one in the request's cookies; none where there is none or it cannot be one.
    #[must_use]
    pub fn of(headers: &HeaderMap, is_secure: bool) -> Option<Self> {
        let value = super::language::cookie(headers, cookie_name(is_secure))?;
        Some(Self(<[u8; 32]>::try_from(from_hex(value)?).ok()?))
    }

    fn id(&self) -> String {
        DigestAlgorithm::Sha256.digest(&self.0).to_string()
    }

    /// What a form carries to prove that it came from a page of this session.
    #[must_use]
    pub fn form_token(&self) -> String {
        DigestAlgorithm::Sha256.digest(&[b"shiyin form\0", &self.0[..]].concat()).to_string()
    }

    /// Whether a form carried the right one. It takes as long for a wrong one.
    #[must_use]
    pub fn is_form_token(&self, carried: &str) -> bool {
        let expected = self.form_token();
        let differs = expected.bytes().zip(carried.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
        expected.len() == carried.len() && differs == 0
    }

    /// The cookie that gives it to the browser. Over TLS it is bound to this host.
    #[must_use]
    pub fn cookie(&self, is_secure: bool) -> Option<HeaderValue> {
        set_cookie(&hex(&self.0), AGE_S, is_secure)
    }
}

fn cookie_name(is_secure: bool) -> &'static str {
    if is_secure { "__Host-session" } else { "session" }
}

/// The cookie that takes the token away from the browser.
#[must_use]
pub fn forget(is_secure: bool) -> Option<HeaderValue> {
    set_cookie("", 0, is_secure)
}

fn set_cookie(value: &str, age_s: i64, is_secure: bool) -> Option<HeaderValue> {
    let (name, secure) = (cookie_name(is_secure), if is_secure { "; Secure" } else { "" });
    let text = format!("{name}={value}; Path=/; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).ok()
}

/// A session that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// What it is found by; says nothing of the token.
    pub id: String,
    /// Whom it acts for.
    pub person: String,
    /// When it began.
    pub made: Time,
    /// When it was last used, to the minute.
    pub seen: Time,
    /// When the person last proved to be that person.
    pub proved: Time,
    /// Whether more than a password was proved.
    pub is_strong: bool,
    /// What the room that began it keeps of it.
    pub about: Vec<u8>,
}

/// The sessions of a node.
#[derive(Clone)]
pub struct Sessions {
    db: Db,
}

impl Sessions {
    /// Those in a database, which their table is made in where it is not there.
    pub async fn open(db: &Db) -> Result<Self, StoreError> {
        Ok(Self { db: db.clone().with(SCHEMA).await? })
    }

    /// Begins a session. A new one for every sign-in, so that no token from before it lives on.
    /// `about` is what the room wants to know of it later.
    pub async fn begin(&self, person: &str, about: &[u8], is_strong: bool, now: Time) -> Result<Token, TrustError> {
        let token = Token(trust::keys::random()?);
        let sql = "insert into session (id, person, made_s, seen_s, proved_s, about, is_strong) values ($1, $2, $3, $3, $3, $4, $5)";
        let values = [token.id().into(), person.into(), now.unix_s().into(), about.into(), is_strong.into()];
        self.db.execute(sql, &values).await?;
        Ok(token)
    }

    /// The session of a token, where it still holds.
    pub async fn find(&self, token: &Token, now: Time) -> Result<Option<Session>, StoreError> {
        let now_s = now.unix_s();
        let Some(session) = self.by_id(&token.id(), now).await? else { return Ok(None) };
        if now_s - session.seen.unix_s() >= SEEN_S {
            let sql = "update session set seen_s = $2 where id = $1";
            self.db.execute(sql, &[session.id.as_str().into(), now_s.into()]).await?;
        }
        Ok(Some(session))
    }

    /// The session of this id, where it still holds. Being asked about does not keep it.
    pub async fn by_id(&self, id: &str, now: Time) -> Result<Option<Session>, StoreError> {
        let sql = "select id, person, made_s, seen_s, proved_s, about, is_strong from session where id = $1";
        let rows = self.db.rows(sql, &[id.into()]).await?;
        Ok(rows.first().map(read).transpose()?.filter(|session| session.holds(now)))
    }

    /// The sessions of a person that hold, the newest first.
    pub async fn of(&self, person: &str, now: Time) -> Result<Vec<Session>, StoreError> {
        let sql = "select id, person, made_s, seen_s, proved_s, about, is_strong from session where person = $1 \
                   order by made_s desc, id";
        let rows = self.db.rows(sql, &[person.into()]).await?;
        let all: Result<Vec<Session>, StoreError> = rows.iter().map(read).collect();
        Ok(all?.into_iter().filter(|session| session.holds(now)).collect())
    }

    /// Notes that the person of a session proved again to be that person.
    pub async fn prove(&self, id: &str, is_strong: bool, now: Time) -> Result<(), StoreError> {
        let sql =
            "update session set proved_s = $2, is_strong = case when $3 = 1 then 1 else is_strong end where id = $1";
        self.db.execute(sql, &[id.into(), now.unix_s().into(), is_strong.into()]).await.map(drop)
    }

    /// Ends one session.
    pub async fn end(&self, token: &Token) -> Result<(), StoreError> {
        self.db.execute("delete from session where id = $1", &[token.id().into()]).await.map(drop)
    }

    /// Removes what has ended by itself.
    pub async fn sweep(&self, now: Time) -> Result<u64, StoreError> {
        let (rested, aged) = (now.unix_s() - REST_S, now.unix_s() - AGE_S);
        let sql = "delete from session where seen_s < $1 or made_s < $2";
        self.db.execute(sql, &[rested.into(), aged.into()]).await
    }
}

/// Ends one session of a person, or none where it is another's.
pub async fn end_one(tx: &mut Tx, person: &str, id: &str) -> Result<u64, StoreError> {
    tx.execute("delete from session where person = $1 and id = $2", &[person.into(), id.into()]).await
}

/// Ends all sessions of a person but one, as after a changed password; `but` may be empty.
pub async fn end_all(tx: &mut Tx, person: &str, but: &str) -> Result<u64, StoreError> {
    tx.execute("delete from session where person = $1 and id <> $2", &[person.into(), but.into()]).await
}

impl Session {
    fn holds(&self, now: Time) -> bool {
        now.unix_s() - self.seen.unix_s() <= REST_S && now.unix_s() - self.made.unix_s() <= AGE_S
    }
}

fn read(row: &Row) -> Result<Session, StoreError> {
    let time = |column| row.int(column).map(Time::from_unix);
    Ok(Session {
        id: row.text(0)?.to_owned(),
        person: row.text(1)?.to_owned(),
        made: time(2)?,
        seen: time(3)?,
        proved: time(4)?,
        about: row.bytes(5).map(<[u8]>::to_vec).unwrap_or_default(),
        is_strong: row.int(6)? != 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::COOKIE;
    use store::Location;

    fn headers(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        [(COOKIE, HeaderValue::from_str(&pair).unwrap())].into_iter().collect()
    }

    async fn sessions_hold_and_end(location: Location) {
        let db = Db::open(&location, true, SCHEMA).await.unwrap();
        let sessions = Sessions::open(&db).await.unwrap();
        let now = Time::from_unix(1_800_000_000);
        let token = sessions.begin("lin", b"a phone", false, now).await.unwrap();
        let other = sessions.begin("lin", b"", true, now.plus_s(-1)).await.unwrap();
        assert!(token != other);
        for is_secure in [true, false] {
            let cookie = token.cookie(is_secure).unwrap();
            let text = cookie.to_str().unwrap();
            assert!(text.contains("HttpOnly") && text.contains("SameSite=Lax"));
            assert_eq!(text.contains("; Secure") && text.starts_with("__Host-"), is_secure);
            assert!(Token::of(&headers(&cookie), is_secure).unwrap() == token);
            assert!(Token::of(&headers(&cookie), !is_secure).is_none(), "a plain cookie is no secure one");
        }
        let found = sessions.find(&token, now.plus_s(3600)).await.unwrap().unwrap();
        assert_eq!((&*found.person, found.made, found.proved, &*found.about), ("lin", now, now, &b"a phone"[..]));
        assert!(!found.is_strong && sessions.find(&other, now).await.unwrap().unwrap().is_strong);
        sessions.prove(&found.id, false, now.plus_s(60)).await.unwrap();
        let proved = sessions.find(&token, now).await.unwrap().unwrap();
        assert_eq!((proved.proved, proved.is_strong), (now.plus_s(60), false));
        sessions.prove(&found.id, true, now.plus_s(61)).await.unwrap();
        sessions.prove(&found.id, false, now.plus_s(62)).await.unwrap();
        assert!(sessions.find(&token, now).await.unwrap().unwrap().is_strong, "what was proved stays");
        let listed: Vec<String> = sessions.of("lin", now).await.unwrap().into_iter().map(|s| s.id).collect();
        assert_eq!(listed, [token.id(), other.id()]);
        assert!(sessions.of("mei", now).await.unwrap().is_empty());
        // Its use a while ago keeps it; a rest ends it, and so does its age.
        assert!(sessions.find(&token, now.plus_s(3600 + REST_S)).await.unwrap().is_some());
        assert!(sessions.find(&other, now.plus_s(REST_S + 1)).await.unwrap().is_none());
        assert!(sessions.find(&token, now.plus_s(AGE_S + 1)).await.unwrap().is_none());
        assert_eq!(sessions.sweep(now.plus_s(REST_S + 2)).await.unwrap(), 1);
        sessions.end(&token).await.unwrap();
        assert!(sessions.find(&token, now).await.unwrap().is_none());
        let (third, fourth) = (
            sessions.begin("lin", b"", false, now).await.unwrap(),
            sessions.begin("lin", b"", false, now).await.unwrap(),
        );
        let ended: Result<u64, StoreError> = store::transaction!(db, tx => {
            let others = end_one(tx, "mei", &third.id()).await?;
            Ok(others + end_all(tx, "lin", &third.id()).await?)
        });
        assert_eq!(ended.unwrap(), 1);
        assert!(sessions.find(&third, now).await.unwrap().is_some());
        assert!(sessions.find(&fourth, now).await.unwrap().is_none());
        db.close().await;
    }

    #[tokio::test]
    async fn on_sqlite() {
        let folder = tempfile::tempdir().unwrap();
        sessions_hold_and_end(Location::Sqlite(folder.path().join("db"))).await;
    }

    #[tokio::test]
    async fn on_postgresql() {
        sessions_hold_and_end(store::testing::postgres()).await;
    }

    #[test]
    fn a_form_carries_what_only_its_page_can_know() {
        let (token, other) = (Token([1; 32]), Token([2; 32]));
        assert!(token.is_form_token(&token.form_token()));
        for wrong in [other.form_token(), token.form_token()[1..].to_owned(), String::new(), token.id()] {
            assert!(!token.is_form_token(&wrong), "{wrong}");
        }
        let junk: HeaderMap = [(COOKIE, HeaderValue::from_static("session=zz"))].into_iter().collect();
        assert!(Token::of(&junk, false).is_none());
    }
}
