//! What owners show everyone of their records.

use store::{Migration, Schema};

/// The tables of what is shown.
pub(super) const SCHEMA: Schema = Schema {
    part: "numbers",
    migrations: &[
        Migration {
            number: 1,
            name: "what is shown to everyone",
            sql: "
create table shown (
    id bigint primary key,
    owner text not null,
    parts text not null,
    person text not null,
    since_ms bigint not null
);
create index shown_owner on shown (owner);
",
        },
        Migration {
            number: 2,
            name: "what is shared by a code, and works that are shown",
            sql: "
create table share (
    id text primary key,
    record bigint not null,
    owner text not null,
    person text not null,
    origin text not null,
    parts text not null,
    has_certificate bigint not null,
    code text not null,
    label bytea not null,
    made_ms bigint not null,
    until_ms bigint not null,
    seen bigint not null,
    seen_ms bigint
);
create index share_record on share (record);
create index share_owner on share (owner);
create index share_until on share (until_ms);
create table shown_work (
    origin text primary key,
    owner text not null,
    person text not null,
    since_ms bigint not null
);
create index shown_work_owner on shown_work (owner);
",
        },
    ],
};
