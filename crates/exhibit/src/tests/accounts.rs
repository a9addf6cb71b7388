//! People and organisations through the router: what they do, and what does not get them in.

use super::{house, house_on_postgres, house_with};
use aws_lc_rs::hmac;
use registry::testing::{Browser, House, PASSWORD, address};

/// The code of an app for a secret in base32, some steps from now.
fn totp(house: &House, letters: &str, step: i64) -> String {
    const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = letters.chars().map(|c| format!("{:05b}", BASE32.find(c).unwrap())).collect();
    let secret: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|b| u8::from_str_radix(std::str::from_utf8(b).unwrap(), 2).unwrap())
        .collect();
    let counter = house.node.now().unix_s() / 30 + step;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

async fn registering(house: &House) {
    let mut lin = house.browser();
    let fields =
        [("name", "Lin"), ("mail", "lin@people.example"), ("password", PASSWORD), ("terms", "on"), ("privacy", "on")];
    for (missing, id) in
        [("name", "f1-1-name"), ("mail", "f1-1-mail"), ("password", "f1-1-password"), ("terms", "f1-1-terms")]
    {
        let fewer: Vec<_> = fields.into_iter().filter(|(name, _)| *name != missing).collect();
        let answer = lin.post("/register", &fewer).await;
        answer.is(422);
        assert!(answer.body.contains(&format!("id=\"{id}-fault\"")), "{missing}: {}", answer.body);
    }
    assert!(house.accounts.waiting_mail().await.unwrap().is_empty());
    lin.post("/register", &fields).await.leads_to("/register/code");
    let code = house.code("lin@people.example").await;
    // The code is worth nothing in another browser, and a wrong one costs a try.
    house.browser().post("/register/code", &[("code", &code)]).await.is(422);
    let wrong = lin.post("/register/code", &[("code", "AAAA-AAAA")]).await;
    assert!(wrong.is(422).body.contains("Tries left: 4"), "{}", wrong.body);
    lin.post("/register/code", &[("code", &code.to_lowercase())]).await.leads_to("/account?said=welcome");
    lin.post("/register/code", &[("code", &code)]).await.is(422);
    assert!(lin.page("/account").await.contains("lin@people.example"));
    // Whoever registers the address again is told the same; its owner is told apart.
    let mut other = house.browser();
    other.post("/register", &fields).await.leads_to("/register/code");
    assert!(house.mail("lin@people.example").await.subject.contains("have an account"));
    for left in ["4", "3", "2", "1"] {
        let answer = other.post("/register/code", &[("code", "AAAA-AAAA")]).await;
        assert!(answer.body.contains(&format!("Tries left: {left}")), "{}", answer.body);
    }
    assert!(other.post("/register/code", &[("code", "AAAA-AAAA")]).await.body.contains("no tries are left"));
    assert!(other.post("/register/code", &[("code", "AAAA-AAAA")]).await.body.contains("no longer good"));
}

#[tokio::test]
async fn registering_on_sqlite() {
    registering(&house().await).await;
}

#[tokio::test]
async fn registering_on_postgresql() {
    registering(&house_on_postgres().await).await;
}

async fn signing_in(house: &House) {
    let mut lin = house.person("lin").await;
    let sign_in = [("mail", "lin@people.example"), ("password", PASSWORD)];
    let mut other = house.browser();
    other.post("/signin", &[("mail", "nobody@people.example"), ("password", PASSWORD)]).await.is(422);
    let wrong = other.post("/signin", &[("mail", "LIN@people.example"), ("password", "wrong password")]).await;
    assert!(wrong.is(422).body.contains("Tries left: 4"));
    other.post("/signin", &[sign_in[0], sign_in[1], ("next", "//evil.example")]).await.leads_to("/account");
    assert!(house.mail("lin@people.example").await.subject.contains("new device"));
    assert_eq!(lin.page("/account/security").await.matches("203.0.113.7").count(), 2, "two sessions");
    // One's own sessions can be ended, another's cannot.
    let mei = house.person("mei").await;
    let mei_id = mei.cookies["__Host-session"].clone();
    lin.post("/account/sessions/end", &[("session", &mei_id)]).await.leads_to("/account/security?said=sessions");
    lin.post("/account/sessions/end", &[]).await.leads_to("/account/security?said=sessions");
    other.get("/account").await.leads_to("/signin?next=%2Faccount");
    lin.page("/account").await;
    lin.post("/signout", &[]).await.leads_to("/signin?said=signed-out");
    lin.get("/account").await.leads_to("/signin?next=%2Faccount");
    // Codes of an app, then a recovery code, each once.
    lin.post("/signin", &sign_in).await.leads_to("/account");
    lin.page("/account/security").await;
    let page = lin.post("/account/totp", &[]).await.body;
    let secret = page.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(page.contains("<svg"));
    lin.post("/account/totp/code", &[("code", "000000")]).await.is(422);
    lin.post("/account/totp/code", &[("code", &totp(house, &secret, 0))]).await.leads_to("/account/security?said=totp");
    let codes = lin.post("/account/recovery-codes", &[]).await.body;
    let code = codes.split("<code>").nth(1).unwrap().lines().next().unwrap().to_owned();
    let mut phone = house.browser();
    phone.post("/signin", &sign_in).await.leads_to("/signin/code");
    phone.get("/account").await.leads_to("/signin?next=%2Faccount");
    phone.post("/signin/code", &[("code", "000000")]).await.is(422);
    let now = totp(house, &secret, 1);
    phone.post("/signin/code", &[("code", &now)]).await.leads_to("/account");
    let mut again = house.browser();
    again.post("/signin", &sign_in).await.leads_to("/signin/code");
    again.post("/signin/code", &[("code", &now)]).await.is(422);
    again.post("/signin/code", &[("code", &code)]).await.leads_to("/account");
    again.post("/signin", &sign_in).await.leads_to("/signin/code");
    again.post("/signin/code", &[("code", &code)]).await.is(422);
    // The address alone does not get past the second factor.
    let mut thief = house.browser();
    thief.post("/recover", &[("mail", "lin@people.example")]).await.leads_to("/recover/code");
    let code = house.code("lin@people.example").await;
    let new = [("code", code.as_str()), ("password", "another long sentence")];
    assert!(thief.post("/recover/code", &new).await.is(422).body.contains("f1-1-second-fault"));
    let second = codes.split("<code>").nth(1).unwrap().lines().nth(1).unwrap().to_owned();
    thief.post("/recover/code", &[new[0], new[1], ("second", &second)]).await.leads_to("/signin?said=recovered");
    phone.get("/account").await.leads_to("/signin?next=%2Faccount");
    // Five wrong passwords from one place, and even the right one must wait.
    let mut guesser = house.browser();
    for _ in 0..5 {
        guesser.post("/signin", &[("mail", "lin@people.example"), ("password", "guess")]).await.is(422);
    }
    let late = guesser.post("/signin", &[("mail", "lin@people.example"), ("password", "another long sentence")]).await;
    late.is(429);
    assert!(late.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn signing_in_on_sqlite() {
    signing_in(&house().await).await;
}

#[tokio::test]
async fn signing_in_on_postgresql() {
    signing_in(&house_on_postgres().await).await;
}

#[tokio::test]
async fn an_address_is_changed_by_who_has_both() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    house.person("mei").await;
    // Another's address answers the same, and nobody gets the code.
    lin.post("/account/mail", &[("mail", "mei@people.example")]).await.leads_to("/account/mail/code");
    assert!(house.mail("mei@people.example").await.subject.contains("have an account"));
    lin.post("/account/mail/code", &[("code", "AAAA-AAAA")]).await.is(422);
    lin.post("/account/mail", &[("mail", "lin@new.example")]).await.leads_to("/account/mail/code");
    let code = house.code("lin@new.example").await;
    lin.post("/account/mail/code", &[("code", &code)]).await.leads_to("/account?said=mail");
    assert!(house.mail("lin@people.example").await.subject.contains("was changed"));
    let mut again = house.browser();
    again.post("/signin", &[("mail", "lin@new.example"), ("password", PASSWORD)]).await.leads_to("/account");
    again.post("/signin", &[("mail", "lin@people.example"), ("password", PASSWORD)]).await.is(422);
    lin.post("/account/name", &[("name", " 林  月港 ")]).await.leads_to("/account?said=name");
    assert!(lin.page("/account").await.contains("林 月港"));
    lin.post("/account/name", &[("name", "")]).await.is(422);
    lin.post("/account/password", &[("password", "short")]).await.is(422);
    lin.post("/account/password", &[("password", "yet another sentence")])
        .await
        .leads_to("/account/security?said=password");
    again.get("/account").await.leads_to("/signin?next=%2Faccount");
    let history = lin.page("/account/history").await;
    for act in ["Registered", "Signed in", "Changed the address", "Changed the name", "Changed the password"] {
        assert!(history.contains(act), "{act}");
    }
}

#[tokio::test]
async fn the_token_of_the_set_up_makes_one_administrator() {
    let house = house().await;
    let mut lin = house.person("lin").await;
    lin.post("/administrator", &[("token", "guess")]).await.is(422);
    let mut operator = house.operator().await;
    operator.page("/operator").await;
    lin.post("/administrator", &[("token", &"t".repeat(64))]).await.is(422);
    lin.get("/operator").await.is(403);
    // The last administrator stays; another can be appointed and dismissed.
    let (own, lin_id) = (operator.id().await, lin.id().await);
    operator.post(&format!("/operator/people/{own}/no-operator"), &[]).await.is(422);
    operator.post(&format!("/operator/people/{lin_id}/operator"), &[]).await;
    lin.page("/operator").await;
    operator.post(&format!("/operator/people/{lin_id}/no-operator"), &[]).await;
    lin.get("/operator").await.is(403);
    // Without an account, the token makes one.
    let digest = proof::digest::DigestAlgorithm::Sha256.digest(b"second").to_string();
    trust::instance::Instance::set_admin_token(&house.folder.path().join("data"), &digest).await.unwrap();
    let mut new = house.browser();
    let fields = [
        ("token", "second"),
        ("name", "Wei"),
        ("mail", "wei@people.example"),
        ("password", PASSWORD),
        ("terms", "on"),
        ("privacy", "on"),
    ];
    new.post("/administrator", &fields[..5]).await.is(422);
    new.post("/administrator", &fields).await.leads_to("/account?said=welcome");
    new.page("/operator").await;
    house.browser().post("/administrator", &fields).await.is(422);
}

/// Founds an organisation; its id.
async fn founded(owner: &mut Browser<'_>, name: &str) -> String {
    let answer = owner.post("/organisations/new", &[("name", name)]).await;
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    place.trim_start_matches("/organisations/").split('?').next().unwrap().to_owned()
}

/// Invites somebody and lets the invitation be accepted.
async fn joined(owner: &mut Browser<'_>, member: &mut Browser<'_>, id: &str, name: &str, roles: &[&str]) {
    let mail = format!("{name}@people.example");
    let mut fields = vec![("mail", mail.as_str())];
    fields.extend(roles.iter().map(|role| ("role", *role)));
    let place = format!("/organisations/{id}?said=invited");
    owner.post(&format!("/organisations/{id}/invitations"), &fields).await.leads_to(&place);
    let page = member.page("/account").await;
    let join = address(&page, "/invitations/");
    member.post(&join, &[]).await.leads_to(&format!("/organisations/{id}?said=joined"));
}

async fn an_organisation(house: &House) {
    let (mut lin, mut mei, mut wei) = (house.person("lin").await, house.person("mei").await, house.person("wei").await);
    let id = founded(&mut lin, "青屿 Studio").await;
    let page = format!("/organisations/{id}");
    assert!(lin.page(&page).await.contains("青屿 Studio"));
    mei.get(&page).await.is(404);
    joined(&mut lin, &mut mei, &id, "mei", &["applicant", "approver"]).await;
    // An invitation is its address's alone.
    lin.post(&format!("{page}/invitations"), &[("mail", "wei@people.example"), ("role", "auditor")]).await;
    let invitation = address(&wei.page("/account").await, "/invitations/");
    mei.post(&invitation, &[]).await.is(404);
    wei.post(&invitation, &[]).await.leads_to(&format!("{page}?said=joined"));
    wei.post(&invitation, &[]).await.is(404);
    lin.post(&format!("{page}/invitations"), &[("mail", "x@people.example")]).await.is(422);
    lin.post(&format!("{page}/invitations"), &[("mail", "x@people.example"), ("role", "root")]).await.is(422);
    // Roles hold.
    mei.post(&format!("{page}/settings"), &[("name", "Mine")]).await.is(403);
    mei.get(&format!("{page}/history")).await.is(403);
    assert!(wei.page(&format!("{page}/history")).await.contains("Invited"));
    lin.post(&format!("{page}/settings"), &[("name", "青屿 Works"), ("asks", "on")]).await;
    assert!(mei.page(&page).await.contains("青屿 Works"));
    // The last owner can only hand over.
    let (lin_id, mei_id, wei_id) = (lin.id().await, mei.id().await, wei.id().await);
    lin.post(&format!("{page}/leave"), &[]).await.is(422);
    lin.post(&format!("{page}/members/{lin_id}"), &[("role", "auditor")]).await.is(422);
    mei.post(&format!("{page}/transfer"), &[("person", &mei_id)]).await.is(403);
    lin.post(&format!("{page}/transfer"), &[("person", "nobody")]).await.is(404);
    lin.post(&format!("{page}/transfer"), &[("person", &lin_id)]).await.is(404);
    assert!(lin.page(&page).await.contains("Your roles: Owner"), "who hands over to himself stays the owner");
    lin.post(&format!("{page}/transfer"), &[("person", &mei_id)]).await.leads_to(&format!("{page}?said=transferred"));
    lin.post(&format!("{page}/settings"), &[("name", "Mine")]).await.is(403);
    mei.page(&format!("{page}/members/{wei_id}")).await;
    mei.post(&format!("{page}/members/{wei_id}"), &[("role", "custodian")])
        .await
        .leads_to(&format!("{page}?said=roles"));
    wei.get(&format!("{page}/history")).await.is(403);
    mei.post(&format!("{page}/members/{wei_id}/remove"), &[]).await.leads_to(&format!("{page}?said=removed"));
    wei.get(&page).await.is(404);
    assert!(wei.page("/account/history").await.contains("Left"), "who was removed reads it");
    // Nobody joins on the word of who is no owner any more.
    mei.post(&format!("{page}/invitations"), &[("mail", "wei@people.example"), ("role", "owner")]).await;
    let invitation = address(&wei.page("/account").await, "/invitations/");
    mei.post(&format!("{page}/members/{lin_id}"), &[("role", "owner")]).await;
    lin.post(&format!("{page}/members/{mei_id}"), &[("role", "auditor")]).await.leads_to(&format!("{page}?said=roles"));
    wei.post(&invitation, &[]).await.is(404);
    lin.post(&format!("{page}/members/{mei_id}"), &[("role", "owner")]).await;
    // The trail follows from its first line, and is what the file says.
    let trail = mei.get(&format!("{page}/history/history.jsonl")).await;
    let lines: Vec<String> = trail.body.lines().map(str::to_owned).collect();
    assert_eq!(registry::accounts::audit::check(&lines), Ok(()));
    assert!(lines.len() >= 9 && !trail.body.contains("mei@") && !trail.body.contains("青屿"), "{}", trail.body);
    let page = mei.page(&format!("{page}/history")).await;
    let stamp = address(&page, &format!("/organisations/{id}/history/history.jsonl.tsr"));
    mei.get(&stamp).await.is(200);
    house.accounts.sweep(house.node.now()).await.unwrap();
    let seals = mei.get(&format!("/organisations/{id}/history/seals.json")).await;
    assert!(seals.is(200).body.contains("\"token\""), "{}", seals.body);
    // A line that somebody wrote anew is noticed.
    let sql = "update audit set line = replace(line, 'invited', 'viewed') where scope = $1";
    house.accounts.db().execute(sql, &[format!("organisation/{id}").into()]).await.unwrap();
    assert!(mei.page(&format!("/organisations/{id}/history")).await.contains("the trail was changed"));
    // With its last member an organisation ends, and what was sealed under its key.
    mei.post(&format!("/organisations/{id}/members/{lin_id}/remove"), &[]).await;
    mei.post(&format!("/organisations/{id}/leave"), &[]).await.leads_to("/account?said=left");
    mei.get(&format!("/organisations/{id}")).await.is(404);
    assert!(house.accounts.organisation(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn an_organisation_on_sqlite() {
    an_organisation(&house().await).await;
}

#[tokio::test]
async fn an_organisation_on_postgresql() {
    an_organisation(&house_on_postgres().await).await;
}

#[tokio::test]
async fn an_approver_lets_others_stamps_pass_once() {
    use registry::accounts::organisation::Decision;
    let house = house().await;
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let id = founded(&mut lin, "Studio").await;
    joined(&mut lin, &mut mei, &id, "mei", &["applicant", "approver", "custodian"]).await;
    let (lin_me, mei_me) = (house.me(&lin).await, house.me(&mei).await);
    let digest = "ab".repeat(32);
    let ask = async |me: &registry::accounts::Me, title: &str| -> Result<String, trust::TrustError> {
        store::transaction!(house.accounts.db(), tx => {
            let (who, what) = ((me.person.id.as_str(), me.actor()), (title, digest.as_str(), "/records/1"));
            house.accounts.ask_approval(tx, &id, (who.0, &who.1), what, me.cx.now).await
        })
    };
    let asked = ask(&lin_me, "Moon harbour").await.unwrap();
    let own = ask(&mei_me, "Mine").await.unwrap();
    assert!(mei.page(&format!("/organisations/{id}")).await.contains("Moon harbour"));
    let decide = |request: &str| format!("/organisations/{id}/approvals/{request}");
    lin.post(&decide(&asked), &[("decision", "approved")]).await.is(403);
    mei.post(&decide(&own), &[("decision", "approved")]).await.is(403);
    mei.post(&decide(&asked), &[("decision", "maybe")]).await.is(422);
    mei.post(&decide(&asked), &[("decision", "approved")]).await.leads_to(&format!("/organisations/{id}?said=decided"));
    mei.post(&decide(&asked), &[("decision", "declined")]).await.is(404);
    let approval = house.accounts.approval(&id, &asked).await.unwrap().unwrap();
    assert_eq!((approval.decision, approval.digest), (Decision::Approved, digest));
    assert_eq!(approval.decider, Some(mei_me.person.id.clone()));
    // Who answers for a record is a custodian, one at a time, and what was stays to be seen.
    let accounts = &house.accounts;
    assert!(accounts.set_custodian(&lin_me, &id, "record/1", &lin_me.person.id).await.is_err());
    accounts.set_custodian(&lin_me, &id, "record/1", &mei_me.person.id).await.unwrap();
    accounts.set_custodian(&lin_me, &id, "record/1", &mei_me.person.id).await.unwrap();
    let custodians = accounts.custodians("record/1").await.unwrap();
    assert_eq!(custodians.iter().filter(|custodian| custodian.until.is_none()).count(), 1);
    assert_eq!(custodians.len(), 2);
    mei.post(&format!("/organisations/{id}/leave"), &[]).await.leads_to("/account?said=left");
    assert!(accounts.custodians("record/1").await.unwrap().iter().all(|custodian| custodian.until.is_some()));
}

async fn keys(house: &House) {
    let (mut lin, mut mei) = (house.person("lin").await, house.person("mei").await);
    let id = founded(&mut lin, "Studio").await;
    joined(&mut lin, &mut mei, &id, "mei", &["auditor"]).await;
    lin.page("/account/keys").await;
    lin.post("/account/keys", &[("label", "x"), ("days", "90")]).await.is(422);
    lin.post("/account/keys", &[("label", "x"), ("days", "9999"), ("scope", "account:read")]).await.is(422);
    lin.post("/account/keys", &[("label", "x"), ("days", "90"), ("scope", "account:read"), ("organisation", "other")])
        .await
        .is(404);
    let make = async |browser: &mut Browser<'_>, scope: &str, organisation: &str| {
        let fields = [("label", "nightly"), ("days", "90"), ("scope", scope), ("organisation", organisation)];
        let page = browser.post("/account/keys", &fields).await;
        page.is(200).body.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let ask = async |key: &str, path: &str| {
        let request = axum::http::Request::get(path).header("authorization", format!("Bearer {key}"));
        house.ask(request.body(axum::body::Body::empty()).unwrap()).await
    };
    let account = make(&mut lin, "account:read", "").await;
    assert!(account.starts_with("shiyin_"));
    let answer = ask(&account, "/api/v1/account").await;
    let read: serde_json::Value = serde_json::from_str(&answer.is(200).body).unwrap();
    assert_eq!((&read["mail"], &read["level"]), (&"lin@people.example".into(), &"mail".into()));
    ask(&account, "/api/v1/account/history").await.is(403);
    let members = make(&mut mei, "members:read", &id).await;
    assert!(ask(&members, "/api/v1/organisation/members").await.is(200).body.contains("\"lin\""));
    let history = make(&mut mei, "history:read", &id).await;
    let first = ask(&history, "/api/v1/account/history?limit=1").await;
    assert!(first.is(200).body.contains("\"number\":1,"));
    let next = first.headers["link"].to_str().unwrap().split(['<', '>']).nth(1).unwrap();
    let answer = ask(&history, next).await;
    assert!(answer.is(200).body.contains("\"number\":2") && !answer.body.contains("\"number\":1,"));
    // A key of nobody, of another form, changed, ended, or of who left.
    for wrong in ["", "shiyin_x.y", &account[..account.len() - 1], &account.replace("shiyin_", "")] {
        let answer = ask(wrong, "/api/v1/account").await;
        assert_eq!(answer.is(401).headers["www-authenticate"], "Bearer");
    }
    let key = account.trim_start_matches("shiyin_").split('.').next().unwrap();
    mei.post("/account/keys/end", &[("key", key)]).await.is(404);
    ask(&account, "/api/v1/account").await.is(200);
    lin.post("/account/keys/end", &[("key", key)]).await.leads_to("/account/keys?said=key-ended");
    ask(&account, "/api/v1/account").await.is(401);
    mei.post(&format!("/organisations/{id}/leave"), &[]).await;
    ask(&members, "/api/v1/organisation/members").await.is(401);
    let page = lin.page("/account/keys").await;
    assert!(page.contains("nightly") && !page.contains("shiyin_"));
}

#[tokio::test]
async fn keys_on_sqlite() {
    keys(&house().await).await;
}

#[tokio::test]
async fn keys_on_postgresql() {
    keys(&house_on_postgres().await).await;
}

#[tokio::test]
async fn only_who_was_invited_registers_where_that_is_set() {
    let settings = registry::accounts::Settings { by_invitation: true, ..Default::default() };
    let house = house_with(settings).await;
    let fields =
        [("name", "Lin"), ("mail", "lin@people.example"), ("password", PASSWORD), ("terms", "on"), ("privacy", "on")];
    let mut lin = house.browser();
    lin.post("/register", &fields).await.leads_to("/register/code");
    let letter = house.mail("lin@people.example").await;
    assert!(letter.subject.contains("cannot register") && !letter.text.contains("Code:"), "{}", letter.text);
}
