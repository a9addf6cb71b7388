//! The tables of works and of drafts. All that a person typed is sealed: a draft under its person's
//! key, a work under its owner's.

use store::{Migration, Schema};

/// The tables of works.
pub(super) const SCHEMA: Schema = Schema {
    part: "works",
    migrations: &[Migration {
        number: 1,
        name: "drafts, works and what belongs to them",
        sql: "
create table draft (
    id text primary key,
    person text not null,
    version bigint not null,
    body bytea not null,
    changed_s bigint not null,
    is_confirmed bigint not null,
    record text
);
create index draft_person on draft (person, changed_s);
create table draft_file (
    draft text not null,
    place bigint not null,
    name bigint not null,
    bytes bigint not null,
    body bytea not null,
    primary key (draft, place)
);
create unique index draft_file_name on draft_file (draft, name);
create table work (
    id text primary key,
    owner text not null,
    kind text not null,
    body bytea,
    made_ms bigint not null,
    changed_ms bigint not null
);
create index work_owner on work (owner, changed_ms, id);
create table work_record (
    number text primary key,
    work text not null,
    stage text not null,
    is_whole bigint not null,
    id bigint not null
);
create index work_record_work on work_record (work, id);
",
    }],
};
