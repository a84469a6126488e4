-- Streams, one per lane of a committer: fence, order of commits and outbox (state: 1 alive, 2 dead, 3 drained).
create table stream (
  id bigint not null,
  silo_address varchar(100) character set ascii collate ascii_bin not null,
  silo_slot varchar(100) character set ascii collate ascii_bin not null,
  state tinyint not null,
  created_at datetime(3) not null default current_timestamp(3),
  primary key (id)
) engine = InnoDB;

create table relay_cursor (
  stream bigint not null,
  sink varchar(40) character set ascii collate ascii_bin not null,
  position bigint not null,
  primary key (stream, sink)
) engine = InnoDB;

-- Every commit writes at least one row here; one without an actor's event has actor_id null. An actor's id is one text, kind:key, here and
-- in every table that is keyed by actor: one column to compare, to index and to send.
create table journal (
  stream bigint not null,
  position bigint not null,
  commit_id binary(16) not null,
  actor_id varchar(140) character set ascii collate ascii_bin null,
  sequence bigint null,
  type varchar(40) character set ascii collate ascii_bin not null default '',
  version smallint not null default 0,
  time_ms bigint not null,
  payload mediumblob null,
  trace varchar(55) character set ascii collate ascii_bin null,
  primary key (stream, position),
  unique key journal_sequence (actor_id, sequence)
) engine = InnoDB;

create table snapshot_head (
  actor_id varchar(140) character set ascii collate ascii_bin not null,
  sequence bigint not null,
  length int not null,
  chunks int not null,
  sha256 binary(32) not null,
  primary key (actor_id, sequence)
) engine = InnoDB;

create table snapshot_chunk (
  actor_id varchar(140) character set ascii collate ascii_bin not null,
  sequence bigint not null,
  chunk int not null,
  data mediumblob not null,
  primary key (actor_id, sequence, chunk)
) engine = InnoDB;

-- Pending tasks. A row's key never changes: a wait beyond the horizon replaces the row in one commit. The id of an actor's task begins with
-- the actor's id: timed_task_id finds one task, and all of an actor. weight: the task's own, added to its type's. first_ms: the first due
-- time, from which the task's age counts, because due_ms changes with every wait beyond the horizon; null: it has not changed.
create table timed_task (
  shard smallint not null,
  due_ms bigint not null,
  id varchar(200) character set ascii collate ascii_bin not null,
  type varchar(24) character set ascii collate ascii_bin not null,
  payload blob not null,
  next_ms bigint not null,
  attempts int not null,
  version int not null,
  trace varchar(55) character set ascii collate ascii_bin null,
  last_error varchar(500) character set utf8mb4 collate utf8mb4_bin null,
  weight smallint not null default 0,
  first_ms bigint null,
  primary key (shard, due_ms, id),
  key timed_task_id (id)
) engine = InnoDB;

-- Tasks that got another due time, kept for as long as a list by due time may be paged: a list ends with the tasks that were moved since it
-- began. Only moves write here.
create table task_move (
  at_ms bigint not null,
  id varchar(200) character set ascii collate ascii_bin not null,
  primary key (at_ms, id)
) engine = InnoDB;

-- Outcomes of tasks that ended other than by an actor's event, by days since 1970 of ended_ms: a day is removed as a partition, never row
-- by row. Rows of days without a partition are in pmax, so that no commit fails by a missing partition. dismissed_ms: when an operator
-- decided that nothing more is to be done. Dead letters about money stay until they are redriven or dismissed: after the days for which all
-- outcomes are kept they have day 0, in a partition that is never dropped.
create table task_outcome (
  day int not null,
  task_id varchar(200) character set ascii collate ascii_bin not null,
  ended_ms bigint not null,
  status varchar(12) character set ascii collate ascii_bin not null,
  type varchar(24) character set ascii collate ascii_bin not null,
  shard smallint not null,
  account bigint null,
  actor_id varchar(140) character set ascii collate ascii_bin null,
  due_ms bigint not null,
  attempts int not null,
  version int not null,
  payload blob not null,
  trace varchar(55) character set ascii collate ascii_bin null,
  error varchar(500) character set utf8mb4 collate utf8mb4_bin null,
  redriven_ms bigint null,
  dismissed_ms bigint null,
  primary key (task_id, version, day),
  key task_outcome_time (ended_ms, task_id, version),
  key task_outcome_status (status, ended_ms, task_id, version),
  key task_outcome_type (type, ended_ms, task_id, version),
  key task_outcome_account (account, ended_ms, task_id, version),
  key task_outcome_actor (actor_id, ended_ms, task_id, version)
) engine = InnoDB partition by range (day) (partition pmax values less than maxvalue);

-- Operators' changes of a task type's policy. Version 0: no change was written yet.
create table task_policy (
  type varchar(24) character set ascii collate ascii_bin not null,
  version int not null,
  change_json blob not null,
  changed_ms bigint not null,
  caller varchar(128) character set utf8mb4 collate utf8mb4_bin not null,
  primary key (type)
) engine = InnoDB;

-- Blocked actors: their events in a stream from `sequence` on, up to the sink's cursor, are still to be relayed (state 1: their predecessor
-- is in another stream and is not relayed; 2: parked for an operator). Written in the transaction that moves the cursor past them.
create table relay_blocked (
  stream bigint not null,
  sink varchar(40) character set ascii collate ascii_bin not null,
  actor_id varchar(140) character set ascii collate ascii_bin not null,
  sequence bigint not null,
  state tinyint not null,
  since_ms bigint not null,
  reason varchar(500) character set utf8mb4 collate utf8mb4_bin null,
  primary key (stream, sink, actor_id),
  key relay_blocked_state (sink, state, actor_id)
) engine = InnoDB;

-- Runs of tasks without an event: a duplicate key refuses the commit of a second run. due_day: days since 1970 of the task's due time.
create table task_run (
  due_day int not null,
  task_id varchar(200) character set ascii collate ascii_bin not null,
  version int not null,
  commit_id binary(16) not null,
  primary key (due_day, task_id, version)
) engine = InnoDB;

create table shard_owner (
  shard smallint not null,
  owner_address varchar(100) character set ascii collate ascii_bin null,
  owner_slot varchar(100) character set ascii collate ascii_bin null,
  epoch bigint not null default 0,
  primary key (shard),
  key shard_owner_address (owner_address)
) engine = InnoDB;

-- One row per change of an order's status, written in the commit of the change. A voucher's code is its buyer's secret, so only its last
-- characters are stored here.
create table order_status_log (
  order_id varchar(132) character set ascii collate ascii_bin not null,
  sequence bigint not null,
  group_id varchar(120) character set ascii collate ascii_bin not null,
  user_id varbinary(512) not null,
  status varchar(20) character set ascii collate ascii_bin not null,
  changed_ms bigint not null,
  quantity int not null,
  amount bigint not null,
  currency char(3) character set ascii collate ascii_bin not null,
  placed_ms bigint not null,
  closes_ms bigint not null,
  paid_ms bigint null,
  voucher_tail varchar(4) character set ascii collate ascii_bin null,
  voucher_until_ms bigint null,
  redeemed_ms bigint null,
  refunded_ms bigint null,
  close_reason varchar(24) character set ascii collate ascii_bin null,
  primary key (order_id, sequence),
  key order_status_log_user (user_id, placed_ms, order_id, sequence)
) engine = InnoDB;

-- Each order's last row, found by the order's key.
create view order_status as
  select l.* from order_status_log l
  where not exists (select 1 from order_status_log n where n.order_id = l.order_id and n.sequence > l.sequence);

-- Projections, which can be rebuilt from the journal. A group's terms never change once it is on the shelf, so what changes with every join
-- is a separate, narrow row.
create table group_terms (
  group_id varchar(120) character set ascii collate ascii_bin not null,
  terms blob not null,
  primary key (group_id)
) engine = InnoDB;

create table group_view (
  group_id varchar(120) character set ascii collate ascii_bin not null,
  sequence bigint not null,
  merchant_id bigint not null,
  region varchar(64) character set ascii collate ascii_bin not null,
  shard smallint not null,
  state varchar(12) character set ascii collate ascii_bin not null,
  reason varchar(24) character set ascii collate ascii_bin null,
  published_ms bigint not null,
  updated_ms bigint not null,
  settles_by_ms bigint not null,
  fulfilled_ms bigint null,
  vouchers_until_ms bigint null,
  buyers int not null,
  buyers_paid int not null,
  seats_taken int not null,
  seats_paid int not null,
  reserved int not null,
  outstanding int not null,
  deducted int not null,
  released int not null,
  counted_deducted int null,
  counted_released int null,
  is_live tinyint generated always as
    (case when outstanding = 0 and reserved = deducted + released and counted_deducted = deducted and counted_released = released then 0 else 1 end) virtual,
  primary key (group_id),
  key group_view_newest (published_ms, group_id),
  key group_view_merchant (merchant_id, published_ms, group_id),
  key group_view_region (region, published_ms, group_id),
  key group_view_state (state, published_ms, group_id),
  key group_view_settles (state, settles_by_ms),
  key group_view_vouchers (shard, state, vouchers_until_ms),
  key group_view_live (is_live, merchant_id, state, group_id)
) engine = InnoDB;

create table payment_book (
  order_id varchar(132) character set ascii collate ascii_bin not null,
  payment_id varbinary(512) not null,
  merchant_id bigint not null,
  sequence bigint not null,
  currency char(3) character set ascii collate ascii_bin not null,
  amount bigint not null,
  state tinyint not null,
  settles_ms bigint null,
  counted tinyint null,
  is_live tinyint generated always as
    (case when counted = 1 and state in (1, 2) then 0 when counted = 2 and state = 4 then 0 else 1 end) virtual,
  primary key (order_id, payment_id),
  key payment_book_live (is_live, merchant_id, state, settles_ms, currency, amount, counted)
) engine = InnoDB;

-- Totals of a merchant's books: final rows are added to the totals once and marked as counted (1 settled, 2 refunded), and the books are
-- the sum of the totals and the live rows. A row is live while it is not counted with its present state, whoever changed it, so that totals
-- and live rows together are exact at any instant.
create table payment_total (
  merchant_id bigint not null,
  currency char(3) character set ascii collate ascii_bin not null,
  settled_high bigint not null,
  settled_low bigint not null,
  refunded_high bigint not null,
  refunded_low bigint not null,
  primary key (merchant_id, currency)
) engine = InnoDB;

create table stock_total (
  merchant_id bigint not null,
  deducted bigint not null,
  released bigint not null,
  primary key (merchant_id)
) engine = InnoDB;

create table audit_log (
  id bigint not null auto_increment,
  time_ms bigint not null,
  caller varchar(128) character set utf8mb4 collate utf8mb4_bin not null,
  action varchar(200) character set utf8mb4 collate utf8mb4_bin not null,
  target varchar(300) character set utf8mb4 collate utf8mb4_bin not null,
  detail text character set utf8mb4 collate utf8mb4_bin null,
  primary key (id)
) engine = InnoDB;

-- One row, which is overwritten to test whether the database accepts writes.
create table store_probe (
  id tinyint not null,
  at_ms bigint not null,
  primary key (id)
) engine = InnoDB;

-- All 2,048 shards, owned by nobody: taking a shard is an update, never an insert that two silos could make at the same time.
insert ignore into shard_owner (shard)
  select hi.n * 256 + mid.n * 16 + lo.n
  from (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7) hi
  cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9 union all select 10 union all select 11 union all select 12 union all select 13 union all select 14 union all select 15) mid
  cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9 union all select 10 union all select 11 union all select 12 union all select 13 union all select 14 union all select 15) lo;
