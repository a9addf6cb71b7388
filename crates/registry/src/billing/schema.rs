//! The tables of billing. A move takes an amount from one account to another, so that postings balance by
//! their form; the balance of an owner is kept beside them and checked by the database, so that no two
//! requests spend the same money. Nothing here names anybody but by id; to whom invoices go is sealed.

use store::{Migration, Schema};

/// The tables of billing.
pub(super) const SCHEMA: Schema = Schema {
    part: "billing",
    migrations: &[Migration {
        number: 1,
        name: "prices, ledger, holds, orders",
        sql: "
create table billing_price (
    version bigint primary key,
    currency text not null,
    unit bigint not null,
    gigabyte bigint not null,
    free_units bigint not null,
    waits bigint not null,
    from_s bigint not null,
    made_s bigint not null,
    by_person text not null,
    check (unit >= 0 and gigabyte >= 0 and free_units >= 0)
);
create index billing_price_from on billing_price (from_s, version);
create table billing_account (
    name text not null,
    currency text not null,
    kind text not null,
    balance bigint,
    credit bigint not null,
    primary key (name, currency),
    check (credit >= 0),
    check (kind <> 'balance' or balance + credit >= 0),
    check (kind <> 'held' or balance >= 0)
);
create table billing_entry (
    id text primary key,
    currency text not null,
    kind text not null,
    owner text not null,
    object text not null,
    actor text not null,
    made_ms bigint not null,
    unique (id, currency)
);
create index billing_entry_owner on billing_entry (owner, made_ms);
create index billing_entry_made on billing_entry (made_ms);
create table billing_move (
    entry text not null,
    line bigint not null,
    currency text not null,
    from_account text not null,
    to_account text not null,
    amount bigint not null,
    primary key (entry, line),
    foreign key (entry, currency) references billing_entry (id, currency),
    foreign key (from_account, currency) references billing_account (name, currency),
    foreign key (to_account, currency) references billing_account (name, currency),
    check (amount > 0),
    check (from_account <> to_account)
);
create index billing_move_from on billing_move (from_account, currency);
create index billing_move_to on billing_move (to_account, currency);
create table billing_hold (
    id text primary key,
    owner text not null,
    currency text not null,
    price bigint not null,
    units bigint not null,
    free_units bigint not null,
    gigabytes bigint not null,
    amount bigint not null,
    granted bigint not null,
    month bigint not null,
    state text not null,
    made_s bigint not null,
    ended_s bigint,
    check (units >= free_units and free_units >= 0 and amount >= 0 and granted >= 0),
    check (state in ('held', 'charged', 'released', 'refunded'))
);
create index billing_hold_owner on billing_hold (owner, made_s);
create index billing_hold_state on billing_hold (state, made_s);
create table billing_free (
    owner text not null,
    month bigint not null,
    used bigint not null,
    primary key (owner, month),
    check (used >= 0)
);
create table billing_order (
    id text primary key,
    owner text not null,
    person text not null,
    provider text not null,
    currency text not null,
    amount bigint not null,
    refunded bigint not null,
    state text not null,
    address text,
    reference text,
    why text,
    made_s bigint not null,
    due_s bigint not null,
    asked_s bigint not null,
    paid_s bigint,
    check (amount > 0 and refunded >= 0 and refunded <= amount),
    check (state in ('made', 'paid', 'expired', 'failed', 'refunded'))
);
create index billing_order_owner on billing_order (owner, made_s);
create index billing_order_state on billing_order (state, asked_s);
create unique index billing_order_reference on billing_order (provider, reference);
create table billing_refund (
    id text primary key,
    order_id text not null,
    amount bigint not null,
    state text not null,
    actor text not null,
    reference text,
    made_s bigint not null,
    asked_s bigint not null,
    ended_s bigint,
    check (amount > 0),
    check (state in ('made', 'done', 'failed'))
);
create index billing_refund_order on billing_refund (order_id);
create index billing_refund_state on billing_refund (state, asked_s);
create table billing_invoice (
    owner text primary key,
    body bytea not null,
    changed_s bigint not null
);
",
    }],
};
