-- The books of the sandboxes behind the ports: stock, money at the provider, calls, faults. They have a file of their own.
create table sandbox_stock (
  merchant_id integer not null,
  sku text not null,
  available integer not null,
  reserved integer not null,
  deducted integer not null,
  primary key (merchant_id, sku)
) without rowid;

-- state: 1 done, 2 refused, 3 undone (a tombstone). units as asked; reserved and deducted are what is left of them.
-- The group is in the key, reserve:{groupId}:{attempt}.
create table sandbox_reservation (
  call_key text not null,
  merchant_id integer not null,
  sku text not null,
  state integer not null,
  units integer not null,
  reserved integer not null,
  deducted integer not null,
  group_id text generated always as (substr(call_key, 9, instr(substr(call_key, 9), ':') - 1)) virtual,
  primary key (call_key)
) without rowid;

-- By merchant and group: in that order the sandbox of the inventory service reads its books.
create index sandbox_reservation_group on sandbox_reservation (merchant_id, group_id, sku);

create table sandbox_deduction (
  call_key text not null,
  reservation_key text not null,
  state integer not null,
  units integer not null,
  primary key (call_key)
) without rowid;

create table sandbox_release (
  call_key text not null,
  units integer not null,
  returned integer not null,
  primary key (call_key)
) without rowid;

-- state: 1 held, 2 refunded, by the call refund_key.
create table sandbox_payment (
  order_id text not null,
  payment_id blob not null,
  amount integer not null,
  currency text not null,
  state integer not null,
  refund_key blob null,
  paid_ms integer not null,
  primary key (order_id, payment_id)
) without rowid;

-- port: 1 inventory, 2 payments, 3 notices.
create table sandbox_call (
  port integer not null,
  call_key blob not null,
  operation text not null,
  times integer not null,
  first_ms integer not null,
  last_ms integer not null,
  primary key (port, call_key, operation)
) without rowid;

create table sandbox_fault (
  port integer not null,
  fail_rate real not null,
  delay_ms integer not null,
  permanent integer not null,
  sku text null,
  primary key (port)
) without rowid;
