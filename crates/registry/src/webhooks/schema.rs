//! The tables of webhooks. What an event says are ids, numbers and digests, which stand elsewhere in plain; addresses,
//! secrets and what receivers answered are sealed under the owner's key.

use store::{Migration, Schema};

/// The tables of webhooks.
pub(crate) const SCHEMA: Schema = Schema {
    part: "webhooks",
    migrations: &[Migration {
        number: 1,
        name: "events, endpoints, deliveries and their attempts",
        sql: "
create table webhook_event (
    id text primary key,
    owner text not null,
    kind text not null,
    body text not null,
    once text unique,
    made_ms bigint not null,
    is_spread bigint not null
);
create index webhook_event_owner on webhook_event (owner, made_ms, id);
create index webhook_event_made on webhook_event (made_ms);
create index webhook_event_spread on webhook_event (made_ms, id) where is_spread = 0;
create table webhook_endpoint (
    id text primary key,
    owner text not null,
    about bytea not null,
    kinds text not null,
    secret bytea not null,
    old_secret bytea,
    old_until_s bigint,
    is_enabled bigint not null,
    why text,
    made_ms bigint not null,
    failing_since_s bigint
);
create index webhook_endpoint_owner on webhook_endpoint (owner, made_ms, id);
create index webhook_endpoint_old on webhook_endpoint (old_until_s);
create table webhook_delivery (
    id text primary key,
    event text not null,
    endpoint text not null,
    owner text not null,
    kind text not null,
    state text not null,
    due_ms bigint not null,
    tries bigint not null,
    attempts bigint not null,
    lease text,
    status bigint,
    trouble text,
    made_ms bigint not null,
    ended_ms bigint,
    unique (event, endpoint)
);
create index webhook_delivery_due on webhook_delivery (state, due_ms);
create index webhook_delivery_endpoint on webhook_delivery (endpoint, made_ms, id);
create index webhook_delivery_owner on webhook_delivery (owner);
create table webhook_attempt (
    delivery text not null,
    number bigint not null,
    made_ms bigint not null,
    took_ms bigint not null,
    status bigint,
    trouble text,
    about bytea not null,
    primary key (delivery, number)
);
",
    }],
};
