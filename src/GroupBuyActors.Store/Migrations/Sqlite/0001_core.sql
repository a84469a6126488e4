-- Streams: one a committer lane; fence, order and outbox in one (state: 1 alive, 2 dead, 3 drained).
create table stream (
  id integer not null,
  silo_address text not null,
  silo_slot text not null,
  state integer not null,
  created_at text not null default (strftime('%Y-%m-%d %H:%M:%f','now')),
  primary key (id)
) without rowid;

create table relay_cursor (
  stream integer not null,
  sink text not null,
  position integer not null,
  primary key (stream, sink)
) without rowid;

-- Every commit leaves at least one row here; one without a group event has group_id null.
create table group_journal (
  stream integer not null,
  position integer not null,
  commit_id blob not null,
  group_id text null,
  sequence integer null,
  type text not null default '',
  version integer not null default 0,
  time_ms integer not null,
  payload blob null,
  trace text null,
  primary key (stream, position),
  constraint group_journal_sequence unique (group_id, sequence)
) without rowid;

create table group_snapshot_head (
  group_id text not null,
  sequence integer not null,
  length integer not null,
  chunks integer not null,
  sha256 blob not null,
  primary key (group_id, sequence)
) without rowid;

create table group_snapshot_chunk (
  group_id text not null,
  sequence integer not null,
  chunk integer not null,
  data blob not null,
  primary key (group_id, sequence, chunk)
);

-- Pending tasks. A row's key never changes; a wait beyond the horizon moves it in one commit.
create table timed_task (
  shard integer not null,
  due_ms integer not null,
  id text not null,
  type text not null,
  group_id text null,
  payload blob not null,
  next_ms integer not null,
  attempts integer not null,
  version integer not null,
  trace text null,
  last_error text null,
  primary key (shard, due_ms, id)
) without rowid;

-- Runs of tasks without a group event: a duplicate refuses the commit. due_day = days since 1970 of the task's due.
create table task_run (
  due_day integer not null,
  task_id text not null,
  version integer not null,
  commit_id blob not null,
  primary key (due_day, task_id, version)
) without rowid;

create table shard_owner (
  shard integer not null,
  owner_address text null,
  owner_slot text null,
  epoch integer not null default 0,
  primary key (shard)
) without rowid;
create index shard_owner_address on shard_owner (owner_address);

-- One row per change of an order's status, written in the commit of the change.
create table order_status_log (
  order_id text not null,
  sequence integer not null,
  group_id text not null,
  user_id blob not null,
  status text not null,
  changed_ms integer not null,
  quantity integer not null,
  amount integer not null,
  currency text not null,
  placed_ms integer not null,
  closes_ms integer not null,
  paid_ms integer null,
  voucher_code text null,
  voucher_until_ms integer null,
  redeemed_ms integer null,
  refunded_ms integer null,
  close_reason text null,
  primary key (order_id, sequence)
) without rowid;
create index order_status_log_user on order_status_log (user_id, placed_ms, order_id, sequence);

create view order_status as
  select l.* from order_status_log l
  join (select order_id, max(sequence) as sequence from order_status_log group by order_id) last
    on last.order_id = l.order_id and last.sequence = l.sequence;

-- Projections: rebuilt at will from the journal.
create table group_terms (
  group_id text not null,
  terms blob not null,
  primary key (group_id)
) without rowid;

create table group_view (
  group_id text not null,
  sequence integer not null,
  merchant_id integer not null,
  region text not null,
  shard integer not null,
  state text not null,
  reason text null,
  published_ms integer not null,
  updated_ms integer not null,
  settles_by_ms integer not null,
  fulfilled_ms integer null,
  vouchers_until_ms integer null,
  buyers integer not null,
  buyers_paid integer not null,
  seats_taken integer not null,
  seats_paid integer not null,
  reserved integer not null,
  outstanding integer not null,
  deducted integer not null,
  released integer not null,
  primary key (group_id)
);
create index group_view_newest on group_view (published_ms, group_id);
create index group_view_merchant on group_view (merchant_id, published_ms, group_id);
create index group_view_region on group_view (region, published_ms, group_id);
create index group_view_state on group_view (state, published_ms, group_id);
create index group_view_settles on group_view (state, settles_by_ms);
create index group_view_vouchers on group_view (shard, state, vouchers_until_ms);

create table payment_book (
  order_id text not null,
  payment_id blob not null,
  merchant_id integer not null,
  sequence integer not null,
  currency text not null,
  amount integer not null,
  state integer not null,
  settles_ms integer null,
  primary key (order_id, payment_id)
) without rowid;
create index payment_book_merchant on payment_book (merchant_id, currency, state, settles_ms, amount);

create table audit_log (
  id integer primary key autoincrement,
  time_ms integer not null,
  caller text not null,
  action text not null,
  target text not null,
  detail text null
);

-- One row, written over and over: tells whether the database takes a write.
create table store_probe (
  id integer not null,
  at_ms integer not null,
  primary key (id)
) without rowid;

-- All 2,048 shards, owned by nobody: taking one is an update, never an insert that two silos could race.
insert or ignore into shard_owner (shard)
  select hi.n * 256 + mid.n * 16 + lo.n
  from (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7) hi
  cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9 union all select 10 union all select 11 union all select 12 union all select 13 union all select 14 union all select 15) mid
  cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9 union all select 10 union all select 11 union all select 12 union all select 13 union all select 14 union all select 15) lo;
