-- Streams: one a committer lane; fence, order and outbox in one (state: 1 alive, 2 dead, 3 drained).
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

-- Every commit leaves at least one row here; one without a group event has group_id null.
create table group_journal (
  stream bigint not null,
  position bigint not null,
  commit_id binary(16) not null,
  group_id varchar(120) character set ascii collate ascii_bin null,
  sequence bigint null,
  type varchar(40) character set ascii collate ascii_bin not null default '',
  version smallint not null default 0,
  time_ms bigint not null,
  payload mediumblob null,
  trace varchar(55) character set ascii collate ascii_bin null,
  primary key (stream, position),
  unique key group_journal_sequence (group_id, sequence)
) engine = InnoDB;

create table group_snapshot_head (
  group_id varchar(120) character set ascii collate ascii_bin not null,
  sequence bigint not null,
  length int not null,
  chunks int not null,
  sha256 binary(32) not null,
  primary key (group_id, sequence)
) engine = InnoDB;

create table group_snapshot_chunk (
  group_id varchar(120) character set ascii collate ascii_bin not null,
  sequence bigint not null,
  chunk int not null,
  data mediumblob not null,
  primary key (group_id, sequence, chunk)
) engine = InnoDB;

-- Pending tasks. A row's key never changes; a wait beyond the horizon moves it in one commit.
create table timed_task (
  shard smallint not null,
  due_ms bigint not null,
  id varchar(160) character set ascii collate ascii_bin not null,
  type varchar(24) character set ascii collate ascii_bin not null,
  group_id varchar(120) character set ascii collate ascii_bin null,
  payload blob not null,
  next_ms bigint not null,
  attempts int not null,
  version int not null,
  trace varchar(55) character set ascii collate ascii_bin null,
  last_error varchar(500) character set utf8mb4 collate utf8mb4_bin null,
  primary key (shard, due_ms, id)
) engine = InnoDB;

-- Runs of tasks without a group event: a duplicate refuses the commit. due_day = days since 1970 of the task's due.
create table task_run (
  due_day int not null,
  task_id varchar(160) character set ascii collate ascii_bin not null,
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

-- One row per change of an order's status, written in the commit of the change.
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
  voucher_code varchar(200) character set ascii collate ascii_bin null,
  voucher_until_ms bigint null,
  redeemed_ms bigint null,
  refunded_ms bigint null,
  close_reason varchar(24) character set ascii collate ascii_bin null,
  primary key (order_id, sequence),
  key order_status_log_user (user_id, placed_ms, order_id, sequence)
) engine = InnoDB;

create view order_status as
  select l.* from order_status_log l
  join (select order_id, max(sequence) as sequence from order_status_log group by order_id) last
    on last.order_id = l.order_id and last.sequence = l.sequence;

-- Projections: rebuilt at will from the journal. A group's terms never change once it is on the shelf: what changes with every join
-- is a narrow row of its own.
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
  primary key (group_id),
  key group_view_newest (published_ms, group_id),
  key group_view_merchant (merchant_id, published_ms, group_id),
  key group_view_region (region, published_ms, group_id),
  key group_view_state (state, published_ms, group_id),
  key group_view_settles (state, settles_by_ms),
  key group_view_vouchers (shard, state, vouchers_until_ms)
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
  primary key (order_id, payment_id),
  key payment_book_merchant (merchant_id, currency, state, settles_ms, amount)
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

-- One row, written over and over: tells whether the database takes a write.
create table store_probe (
  id tinyint not null,
  at_ms bigint not null,
  primary key (id)
) engine = InnoDB;

-- All 2,048 shards, owned by nobody: taking one is an update, never an insert that two silos could race.
insert ignore into shard_owner (shard)
  select hi.n * 256 + mid.n * 16 + lo.n
  from (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7) hi
  cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9 union all select 10 union all select 11 union all select 12 union all select 13 union all select 14 union all select 15) mid
  cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4 union all select 5 union all select 6 union all select 7 union all select 8 union all select 9 union all select 10 union all select 11 union all select 12 union all select 13 union all select 14 union all select 15) lo;
