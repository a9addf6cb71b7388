//! The tables of accounts. What could name a person is sealed under that person's key.

use store::{Migration, Schema};

/// The tables of accounts.
pub(super) const SCHEMA: Schema = Schema {
    part: "accounts",
    migrations: &[Migration {
        number: 1,
        name: "people, organisations, real names, privacy, audit",
        sql: "
create table person (
    id text primary key,
    state text not null,
    key bytea,
    mail_index text,
    profile bytea,
    password text,
    totp bytea,
    totp_step bigint not null,
    is_operator bigint not null,
    made_s bigint not null,
    hold bytea,
    hold_until_s bigint,
    erasure_s bigint
);
create unique index person_mail on person (mail_index);
create table passkey (
    id text primary key,
    person text not null,
    label bytea not null,
    cose bytea not null,
    count bigint not null,
    made_s bigint not null,
    used_s bigint
);
create index passkey_person on passkey (person);
create table recovery_code (
    id text primary key,
    person text not null
);
create index recovery_code_person on recovery_code (person);
create table device (
    id text primary key,
    person text not null,
    seen_s bigint not null
);
create index device_person on device (person);
create table access (
    id text primary key,
    person text not null,
    body bytea not null,
    made_s bigint not null
);
create index access_person on access (person);
create table ticket (
    id text primary key,
    kind text not null,
    person text,
    body bytea not null,
    code text not null,
    tries bigint not null,
    due_s bigint not null
);
create table attempt (
    id text primary key,
    count bigint not null,
    until_s bigint not null
);
create table outbox (
    id text primary key,
    person text,
    body bytea not null,
    made_s bigint not null
);
create table organisation (
    id text primary key,
    key bytea,
    profile bytea not null,
    asks bigint not null,
    made_s bigint not null
);
create table member (
    organisation text not null,
    person text not null,
    roles text not null,
    since_s bigint not null,
    primary key (organisation, person)
);
create index member_person on member (person);
create table invitation (
    id text primary key,
    organisation text not null,
    mail_index text not null,
    mail bytea not null,
    roles text not null,
    by_person text not null,
    due_s bigint not null
);
create index invitation_mail on invitation (mail_index);
create table request (
    id text primary key,
    organisation text not null,
    applicant text not null,
    body bytea not null,
    state text not null,
    made_s bigint not null,
    decider text,
    decided_s bigint,
    reason bytea
);
create index request_organisation on request (organisation, state);
create table custodian (
    id text primary key,
    object text not null,
    organisation text not null,
    person text not null,
    since_s bigint not null,
    until_s bigint,
    by_person text not null
);
create index custodian_object on custodian (object);
create table api_key (
    id text primary key,
    digest text not null,
    person text not null,
    organisation text,
    label bytea not null,
    scopes text not null,
    made_s bigint not null,
    due_s bigint not null,
    used_s bigint,
    ended_s bigint
);
create index api_key_person on api_key (person);
create table identity (
    id text primary key,
    person text not null,
    organisation text,
    method text not null,
    state text not null,
    body bytea,
    made_s bigint not null,
    decided_s bigint,
    decider text,
    papers_until_s bigint
);
create index identity_person on identity (person);
create index identity_state on identity (state);
create table paper (
    id text primary key,
    identity text not null,
    media_type text not null,
    body bytea not null
);
create index paper_identity on paper (identity);
create table statement (
    id text primary key,
    identity text not null,
    digest text not null,
    made_s bigint not null
);
create table consent_text (
    digest text primary key,
    body text not null
);
create table consent (
    id text primary key,
    person text not null,
    purpose text not null,
    act text not null,
    made_s bigint not null,
    record text not null,
    salt bytea,
    token bytea
);
create index consent_person on consent (person);
create table report (
    id text primary key,
    body bytea not null,
    state text not null,
    made_s bigint not null,
    decided_s bigint,
    answer bytea
);
create table block (
    digest text primary key,
    reason bytea not null,
    by_person text not null,
    made_s bigint not null
);
create table disclosure (
    id text primary key,
    person text,
    body bytea not null,
    made_s bigint not null,
    silent_until_s bigint
);
create index disclosure_person on disclosure (person);
create table audit (
    scope text not null,
    number bigint not null,
    line text not null,
    primary key (scope, number)
);
create table audit_seal (
    scope text not null,
    number bigint not null,
    made_s bigint not null,
    token bytea not null,
    primary key (scope, number)
);
",
    }],
};
