//! What owners show everyone of their records.

use store::{Migration, Schema};

/// The tables of what is shown.
pub(super) const SCHEMA: Schema = Schema {
    part: "numbers",
    migrations: &[Migration {
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
    }],
};
