//! What was issued, sealed under the key of the record's owner.

use store::{Migration, Schema};

/// The tables of certificates.
pub(super) const SCHEMA: Schema = Schema {
    part: "certificates",
    migrations: &[Migration {
        number: 1,
        name: "certificates as they were issued",
        sql: "
create table certificate (
    id bigint primary key,
    owner text not null,
    digest text not null,
    made_ms bigint not null,
    pdf bytea not null
);
create index certificate_owner on certificate (owner);
",
    }],
};
