//! The tables of evidence. A record's id sorts by the time at which it was put down; what could name
//! somebody is sealed under the owner's key.

use store::{Migration, Schema};

/// The tables of evidence.
pub(super) const SCHEMA: Schema = Schema {
    part: "evidence",
    migrations: &[Migration {
        number: 1,
        name: "records, their contents, digests and search",
        sql: "
create table record (
    id bigint primary key,
    number text not null unique,
    owner text not null,
    person text not null,
    actor text not null,
    idem text not null,
    draft text not null,
    maker text not null,
    origin text not null,
    kind text not null,
    mode text not null,
    state text not null,
    files bigint not null,
    bytes bigint not null,
    digest text not null,
    request text,
    time_ms bigint,
    title bytea,
    unique (owner, idem)
);
create index record_owner on record (owner, id);
create index record_kind on record (owner, kind, id);
create index record_origin on record (origin, id);
create index record_state on record (state, id);
create index record_digest on record (digest);
create index record_request on record (request);
create table record_content (
    id bigint primary key,
    record bytea not null,
    files bytea not null,
    openings bytea,
    token bytea
);
create table record_file (
    digest bytea not null,
    id bigint not null,
    primary key (digest, id)
);
create table record_gram (
    gram bigint not null,
    id bigint not null,
    primary key (gram, id)
);
create table vocabulary (
    name text primary key,
    version bigint not null,
    body text not null
);
",
    }],
};
