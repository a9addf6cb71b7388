//! The tables of holdings. Names and digests of files are sealed under the owner's key, and equal content
//! is found by a blind index: a digest in plain would betray what a salted record hides. The key of a
//! content is wrapped under the owner's, so that the content goes with either.

use store::{Migration, Schema};

/// The tables of holdings.
pub(super) const SCHEMA: Schema = Schema {
    part: "holdings",
    migrations: &[
        Migration {
            number: 1,
            name: "uploads, holdings, their copies, checks and holds",
            sql: "
create table upload (
    id text primary key,
    owner text not null,
    person text not null,
    actor text not null,
    draft text not null,
    object text not null,
    key bytea not null,
    size bigint not null,
    received bigint not null,
    progress bytea,
    stored_digest bytea,
    about bytea not null,
    state text not null,
    holding text,
    writer text,
    writer_until_s bigint not null,
    made_s bigint not null,
    due_s bigint not null
);
create index upload_owner on upload (owner, state);
create index upload_draft on upload (draft);
create index upload_due on upload (due_s);
create table holding (
    id text primary key,
    owner text not null,
    person text not null,
    content text not null,
    size bigint not null,
    object text not null,
    key bytea,
    stored_digest bytea not null,
    about bytea,
    state text not null,
    why text,
    made_s bigint not null,
    loose_until_s bigint,
    until_s bigint,
    reminded bigint not null,
    ended_s bigint
);
create unique index holding_content on holding (owner, content) where state <> 'removed';
create index holding_loose on holding (loose_until_s);
create index holding_until on holding (until_s);
create table holding_copy (
    holding text not null,
    place text not null,
    object text not null,
    state text not null,
    bytes bigint not null,
    made_s bigint not null,
    checked_s bigint not null,
    good_s bigint not null,
    due_s bigint not null,
    primary key (holding, place)
);
create index holding_copy_due on holding_copy (due_s);
create table holding_check (
    id text primary key,
    holding text not null,
    place text not null,
    made_s bigint not null,
    outcome text not null,
    detail text not null
);
create index holding_check_holding on holding_check (holding, made_s);
create table holding_count (
    name text primary key,
    count bigint not null
);
create table holding_hold (
    holding text not null,
    by_whom text not null,
    actor text not null,
    reason bytea not null,
    made_s bigint not null,
    primary key (holding, by_whom)
);
create table record_holding (
    record bigint not null,
    place bigint not null,
    holding text not null,
    is_matched bigint not null,
    primary key (record, place)
);
create index record_holding_holding on record_holding (holding);
",
        },
        Migration {
            number: 2,
            name: "findings that people are told of, and how places answer",
            sql: "
create table holding_finding (
    id text primary key,
    holding text not null,
    place text not null,
    owner text not null,
    what text not null,
    is_open bigint not null,
    made_s bigint not null,
    told_s bigint
);
create index holding_finding_holding on holding_finding (holding, place, is_open);
create index holding_finding_told on holding_finding (told_s, made_s);
create table holding_place (
    place text primary key,
    is_up bigint not null,
    cause text not null,
    since_s bigint not null,
    looked_s bigint not null,
    told_s bigint
);
",
        },
        Migration {
            number: 3,
            name: "previews of originals",
            sql: "
create table holding_preview (
    holding text primary key,
    state text not null,
    about bytea not null,
    made_s bigint not null
);
create index holding_preview_state on holding_preview (state);
create table holding_picture (
    holding text not null,
    number bigint not null,
    picture bytea not null,
    primary key (holding, number)
);
",
        },
    ],
};
