-- Streams, one per lane of a committer: fence, order of commits and outbox (state: 1 alive, 2 dead, 3 drained).
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

-- Every commit writes at least one row here; one without an actor's event has actor_id null.
create table journal (
  stream integer not null,
  position integer not null,
  commit_id blob not null,
  actor_id text null,
  sequence integer null,
  type text not null default '',
  version integer not null default 0,
  time_ms integer not null,
  payload blob null,
  trace text null,
  primary key (stream, position),
  constraint journal_sequence unique (actor_id, sequence)
) without rowid;

create table snapshot_head (
  actor_id text not null,
  sequence integer not null,
  length integer not null,
  chunks integer not null,
  sha256 blob not null,
  primary key (actor_id, sequence)
) without rowid;

create table snapshot_chunk (
  actor_id text not null,
  sequence integer not null,
  chunk integer not null,
  data blob not null,
  primary key (actor_id, sequence, chunk)
);

-- Pending tasks. A row's key never changes: a wait beyond the horizon replaces the row in one commit. The id of an actor's task begins with
-- the actor's id: timed_task_id finds one task, and all of an actor. weight: the task's own, added to its type's. first_ms: the first due
-- time, from which the task's age counts, because due_ms changes with every wait beyond the horizon; null: it has not changed.
create table timed_task (
  shard integer not null,
  due_ms integer not null,
  id text not null,
  type text not null,
  payload blob not null,
  next_ms integer not null,
  attempts integer not null,
  version integer not null,
  trace text null,
  last_error text null,
  weight integer not null default 0,
  first_ms integer null,
  primary key (shard, due_ms, id)
) without rowid;
create index timed_task_id on timed_task (id);

-- Tasks that got another due time, kept for as long as a list by due time may be paged: a list ends with the tasks that were moved since it
-- began. Only moves write here.
create table task_move (
  at_ms integer not null,
  id text not null,
  primary key (at_ms, id)
) without rowid;

-- Outcomes of tasks that ended other than by an actor's event, by days since 1970 of ended_ms. The key begins with the day, so that old
-- days are adjacent and are removed in bounded steps. dismissed_ms: when an operator decided that nothing more is to be done. Dead letters
-- about money stay until they are redriven or dismissed: after the days for which all outcomes are kept they have day 0.
create table task_outcome (
  day integer not null,
  task_id text not null,
  ended_ms integer not null,
  status text not null,
  type text not null,
  shard integer not null,
  account integer null,
  actor_id text null,
  due_ms integer not null,
  attempts integer not null,
  version integer not null,
  payload blob not null,
  trace text null,
  error text null,
  redriven_ms integer null,
  dismissed_ms integer null,
  primary key (day, task_id, version)
) without rowid;
create index task_outcome_task on task_outcome (task_id, version);
create index task_outcome_time on task_outcome (ended_ms, task_id, version);
create index task_outcome_status on task_outcome (status, ended_ms, task_id, version);
create index task_outcome_type on task_outcome (type, ended_ms, task_id, version);
create index task_outcome_account on task_outcome (account, ended_ms, task_id, version);
create index task_outcome_actor on task_outcome (actor_id, ended_ms, task_id, version);

-- Operators' changes of a task type's policy. Version 0: no change was written yet.
create table task_policy (
  type text not null,
  version integer not null,
  change_json blob not null,
  changed_ms integer not null,
  caller text not null,
  primary key (type)
) without rowid;

-- Blocked actors: their events in a stream from `sequence` on, up to the sink's cursor, are still to be relayed (state 1: their predecessor
-- is in another stream and is not relayed; 2: parked for an operator). Written in the transaction that moves the cursor past them.
create table relay_blocked (
  stream integer not null,
  sink text not null,
  actor_id text not null,
  sequence integer not null,
  state integer not null,
  since_ms integer not null,
  reason text null,
  primary key (stream, sink, actor_id)
) without rowid;
create index relay_blocked_state on relay_blocked (sink, state, actor_id);

-- Runs of tasks without an event: a duplicate key refuses the commit of a second run. due_day: days since 1970 of the task's due time.
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

-- One row per change of an order's status, written in the commit of the change. A voucher's code is its buyer's secret, so only its last
-- characters are stored here.
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
  voucher_tail text null,
  voucher_until_ms integer null,
  redeemed_ms integer null,
  refunded_ms integer null,
  close_reason text null,
  primary key (order_id, sequence)
) without rowid;
create index order_status_log_user on order_status_log (user_id, placed_ms, order_id, sequence);

-- Each order's last row, found by the order's key.
create view order_status as
  select l.* from order_status_log l
  where not exists (select 1 from order_status_log n where n.order_id = l.order_id and n.sequence > l.sequence);

-- Projections, which can be rebuilt from the journal.
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
  counted_deducted integer null,
  counted_released integer null,
  is_live integer generated always as
    (case when outstanding = 0 and reserved = deducted + released
      and counted_deducted = deducted and counted_released = released then 0 else 1 end) virtual,
  primary key (group_id)
);
create index group_view_newest on group_view (published_ms, group_id);
create index group_view_merchant on group_view (merchant_id, published_ms, group_id);
create index group_view_region on group_view (region, published_ms, group_id);
create index group_view_state on group_view (state, published_ms, group_id);
create index group_view_settles on group_view (state, settles_by_ms);
create index group_view_vouchers on group_view (shard, state, vouchers_until_ms);
create index group_view_live on group_view (is_live, merchant_id, state, group_id);

create table payment_book (
  order_id text not null,
  payment_id blob not null,
  merchant_id integer not null,
  sequence integer not null,
  currency text not null,
  amount integer not null,
  state integer not null,
  settles_ms integer null,
  counted integer null,
  is_live integer generated always as
    (case when counted = 1 and state in (1, 2) then 0 when counted = 2 and state = 4 then 0 else 1 end) virtual,
  primary key (order_id, payment_id)
) without rowid;
create index payment_book_live on payment_book (is_live, merchant_id, state, settles_ms, currency, amount, counted);

-- Totals of a merchant's books: final rows are added to the totals once and marked as counted (1 settled, 2 refunded), and the books are
-- the sum of the totals and the live rows. A row is live while it is not counted with its present state, whoever changed it, so that totals
-- and live rows together are exact at any instant.
create table payment_total (
  merchant_id integer not null,
  currency text not null,
  settled_high integer not null,
  settled_low integer not null,
  refunded_high integer not null,
  refunded_low integer not null,
  primary key (merchant_id, currency)
) without rowid;

create table stock_total (
  merchant_id integer not null,
  deducted integer not null,
  released integer not null,
  primary key (merchant_id)
) without rowid;

create table audit_log (
  id integer primary key autoincrement,
  time_ms integer not null,
  caller text not null,
  action text not null,
  target text not null,
  detail text null
);

-- One row, which is overwritten to test whether the database accepts writes.
create table store_probe (
  id integer not null,
  at_ms integer not null,
  primary key (id)
) without rowid;

-- All 2,048 shards, owned by nobody: taking a shard is an update, never an insert that two silos could make at the same time.
insert or ignore into shard_owner (shard)
  select hi.n * 256 + mid.n * 16 + lo.n
  from (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7) hi
  cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9 union all select 10 union all select 11 union all select 12 union all select 13 union all select 14 union all select 15) mid
  cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9 union all select 10 union all select 11 union all select 12 union all select 13 union all select 14 union all select 15) lo;
