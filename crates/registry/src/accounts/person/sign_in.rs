//! Signing in: a password and what else the person set up, or a passkey; and proving it again.

use super::Person;
use crate::accounts::audit::{Act, note_own};
use crate::accounts::throttle::{ACCOUNT, ADDRESS, PASSWORD};
use crate::accounts::ticket::Kind;
use crate::accounts::{Accounts, WORDS, new_id};
use crate::web::session::forget;
use crate::web::{Cx, Fault, cookie};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use proof::der::Time;
use proof::digest::DigestAlgorithm;
use serde::{Deserialize, Serialize};
use store::{Row, StoreError};
use trust::TrustError;

/// Sign-ins are kept so long at least, whatever is configured, and outlast an erased account.
const ACCESS_DAYS_MIN: u32 = 180;
/// How long a device is known.
const DEVICE_S: i64 = 365 * 86_400;

/// What is kept of a session, sealed under the person's key: where it was begun.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::accounts) struct About {
    /// What the browser called itself, shortened.
    pub(in crate::accounts) agent: String,
    /// The address that it came from.
    pub(in crate::accounts) address: String,
}

impl About {
    fn of(cx: &Cx, headers: &HeaderMap) -> Self {
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let address = cx.caller.map(|address| address.to_string()).unwrap_or_default();
        Self { agent: agent_name(agent), address }
    }

    /// Opens what a session keeps.
    pub(in crate::accounts) fn open(person: &Person, sealed: &[u8]) -> Self {
        let plain = person.open("session", sealed).unwrap_or_default();
        serde_json::from_str(&plain).unwrap_or_default()
    }
}

/// Browser and system out of what a browser calls itself; enough for its user to know it again.
fn agent_name(agent: &str) -> String {
    let first = |names: &[(&str, &str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map_or("", |(_, name)| *name).to_owned()
    };
    let browser = first(&[
        ("MicroMessenger", "WeChat"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("HarmonyOS", "HarmonyOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    [browser, system].into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ")
}

fn device_name(is_secure: bool) -> &'static str {
    if is_secure { "__Host-device" } else { "device" }
}

impl Accounts {
    /// Whose password this is.
    ///
    /// # Errors
    /// A field fault with the tries that are left, or too many tries.
    pub(super) async fn by_password(
        &self,
        cx: &Cx,
        headers: &HeaderMap,
        mail: &str,
        password: &str,
    ) -> Result<Person, Fault> {
        let w = cx.words(&WORDS);
        let address = cx.caller_text();
        let mail = super::plain_mail(mail);
        self.try_once(ADDRESS, &address, cx.now).await?;
        let both = format!("{mail} {address}");
        let left = self.try_once(PASSWORD, &both, cx.now).await?;
        let person = self.person_of(&mail).await?;
        let is_known = match (&person, cookie(headers, device_name(self.site().is_secure()))) {
            (Some(person), Some(device)) => self.is_device(device, &person.id, cx).await?,
            _ => false,
        };
        // Whoever guesses from many places stops the others, not a device that was here before.
        if !is_known {
            self.try_once(ACCOUNT, &mail, cx.now).await?;
        }
        let hash = match &person {
            Some(person) => self.password_hash(&person.id).await?,
            None => None,
        };
        let is_right = self.is_password(password, hash.as_deref()).await?;
        match person.filter(|_| is_right) {
            Some(person) => {
                self.forget_tries(PASSWORD, &both).await?;
                self.forget_tries(ACCOUNT, &mail).await?;
                Ok(person)
            }
            None => {
                let what = w.fill("sign-in-wrong", &[("left", &left.to_string())]);
                Err(Fault::Field { field: "password", what })
            }
        }
    }

    pub(super) async fn password_hash(&self, person: &str) -> Result<Option<String>, StoreError> {
        let rows = self.db().rows("select password from person where id = $1", &[person.into()]).await?;
        rows.first().map_or(Ok(None), |row| Ok(row.maybe_text(0)?.map(str::to_owned)))
    }

    /// Leads on after the password was right: to the second factor where there is one, else in.
    pub(super) async fn after_password(
        &self,
        cx: &Cx,
        headers: &HeaderMap,
        person: &Person,
        next: &str,
    ) -> Result<Response<Body>, Fault> {
        if !person.has_totp {
            return self.let_in(cx, headers, person, false, next).await;
        }
        let cookie = self.begin(Kind::Second, Some(&person.id), &next, "", cx.now).await?;
        let mut response = cx.see("/signin/code");
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    /// Begins a session, and tells the person of it where the device was not known. `is_strong` says
    /// that more than a password was proved.
    pub(in crate::accounts) async fn let_in(
        &self,
        cx: &Cx,
        headers: &HeaderMap,
        person: &Person,
        is_strong: bool,
        next: &str,
    ) -> Result<Response<Body>, Fault> {
        let about = About::of(cx, headers);
        let sealed = person.seal("session", &serde_json::to_vec(&about).map_err(Fault::broken)?)?;
        // A session that this browser had for somebody ends with it.
        if let Some(token) = &cx.token {
            self.site().sessions.end(token).await?;
        }
        let token = self.site().sessions.begin(&person.id, &sealed, is_strong, cx.now).await?;
        let is_secure = self.site().is_secure();
        let held = cookie(headers, device_name(is_secure)).map(str::to_owned);
        let is_known = match &held {
            Some(device) => self.is_device(device, &person.id, cx).await?,
            None => false,
        };
        // Two people may share a browser: the device is one, and known to each by itself.
        let device = match (is_known, held) {
            (true, _) => None,
            (false, Some(held)) if held.len() <= 64 => Some(held),
            (false, _) => Some(new_id()?),
        };
        let (access, accessed) = (new_id()?, serde_json::to_vec(&about).map_err(Fault::broken)?);
        let accessed = self.vault().seal(&format!("access/{access}"), &accessed)?;
        let noted: Result<(), TrustError> = store::transaction!(self.db(), tx => {
            note_own(tx, &person.id, Act::SignedIn, "", cx.now).await?;
            let sql = "insert into access (id, person, body, made_s) values ($1, $2, $3, $4)";
            let now_s = cx.now.unix_s();
            let values = [access.as_str().into(), person.id.as_str().into(), accessed.clone().into(), now_s.into()];
            tx.execute(sql, &values).await?;
            let Some(device) = &device else { return Ok(()) };
            let sql = "select 1 from device where person = $1 limit 1";
            let is_first = tx.rows(sql, &[person.id.as_str().into()]).await?.is_empty();
            let sql = "insert into device (id, person, seen_s) values ($1, $2, $3) \
                       on conflict (id) do update set seen_s = excluded.seen_s";
            let id = device_id(device, &person.id);
            tx.execute(sql, &[id.into(), person.id.as_str().into(), cx.now.unix_s().into()]).await?;
            if is_first {
                return Ok(());
            }
            let time = cx.now.truncate_to_second().to_string();
            let values = [("time", &*time), ("device", &*about.agent), ("address", &*about.address)];
            self.write(tx, Some(&person.id), &person.letter("mail-new-device", &values), cx.now).await
        });
        noted?;
        let mut response = cx.see(crate::accounts::who::next_of(next));
        response.headers_mut().extend(token.cookie(is_secure).map(|cookie| (header::SET_COOKIE, cookie)));
        if let Some(device) = device {
            let (name, secure) = (device_name(is_secure), if is_secure { "; Secure" } else { "" });
            let text = format!("{name}={device}; Path=/; Max-Age={DEVICE_S}; HttpOnly; SameSite=Lax{secure}");
            response.headers_mut().extend(HeaderValue::from_str(&text).ok().map(|c| (header::SET_COOKIE, c)));
        }
        Ok(response)
    }

    /// Where a person signed in from, the newest first, as far back as it is kept.
    pub(in crate::accounts) async fn accesses(&self, person: &str) -> Result<Vec<(Time, About)>, TrustError> {
        let sql = "select id, body, made_s from access where person = $1 order by made_s desc, id";
        let read = |row: &Row| {
            let plain = self.vault().open_sealed(&format!("access/{}", row.text(0)?), row.bytes(1)?)?;
            let about = serde_json::from_slice(&plain).map_err(|e| TrustError::Broken(e.to_string()))?;
            Ok((Time::from_unix(row.int(2)?), about))
        };
        self.db().rows(sql, &[person.into()]).await?.iter().map(read).collect()
    }

    /// Removes what was kept long enough (网络安全法 art. 21; law-24).
    pub(in crate::accounts) async fn sweep_access(&self, now: Time) -> Result<(), StoreError> {
        let kept_s = i64::from(self.settings().access_days.max(ACCESS_DAYS_MIN)) * 86_400;
        self.db().execute("delete from access where made_s < $1", &[(now.unix_s() - kept_s).into()]).await.map(drop)
    }

    async fn is_device(&self, device: &str, person: &str, cx: &Cx) -> Result<bool, StoreError> {
        let sql = "update device set seen_s = $2 where id = $1 and seen_s > $3";
        let now_s = cx.now.unix_s();
        let values = [device_id(device, person).into(), now_s.into(), (now_s - DEVICE_S).into()];
        Ok(self.db().execute(sql, &values).await? == 1)
    }

    /// The answer after signing out.
    pub(super) fn let_out(&self, cx: &Cx) -> Response<Body> {
        let mut response = cx.see("/signin?said=signed-out");
        response.headers_mut().extend(forget(self.site().is_secure()).map(|cookie| (header::SET_COOKIE, cookie)));
        response
    }
}

fn device_id(device: &str, person: &str) -> String {
    DigestAlgorithm::Sha256.digest(format!("{device} {person}").as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::agent_name;

    #[test]
    fn a_browser_is_named_as_its_user_knows_it() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
        assert_eq!(agent_name(chrome), "Chrome, Linux");
        let phone =
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/130 Mobile Safari/537.36 MicroMessenger/8.0";
        assert_eq!(agent_name(phone), "WeChat, Android");
        assert_eq!(agent_name("<script>"), "");
    }
}
