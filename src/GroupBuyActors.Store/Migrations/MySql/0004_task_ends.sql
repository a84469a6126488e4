-- Tasks that ended other than by a group's journal event, by days since 1970 of ended_ms: a day goes as a partition, never row by row.
-- Rows of days that nobody has made a partition for yet wait in pmax: an ending must never be what a commit fails by.
create table task_end (
  day int not null,
  task_id varchar(160) character set ascii collate ascii_bin not null,
  ended_ms bigint not null,
  status varchar(12) character set ascii collate ascii_bin not null,
  type varchar(24) character set ascii collate ascii_bin not null,
  shard smallint not null,
  merchant_id bigint null,
  group_id varchar(120) character set ascii collate ascii_bin null,
  due_ms bigint not null,
  attempts int not null,
  version int not null,
  payload blob not null,
  trace varchar(55) character set ascii collate ascii_bin null,
  error varchar(500) character set utf8mb4 collate utf8mb4_bin null,
  redriven_ms bigint null,
  primary key (task_id, version, day),
  key task_end_time (ended_ms, task_id, version),
  key task_end_status (status, ended_ms, task_id, version),
  key task_end_type (type, ended_ms, task_id, version),
  key task_end_merchant (merchant_id, ended_ms, task_id, version),
  key task_end_group (group_id, ended_ms, task_id, version)
) engine = InnoDB partition by range (day) (partition pmax values less than maxvalue);

-- What operators changed of a type's policy, while running. Version 0: nobody has written it yet.
create table task_policy (
  type varchar(24) character set ascii collate ascii_bin not null,
  version int not null,
  change_json blob not null,
  changed_ms bigint not null,
  caller varchar(128) character set utf8mb4 collate utf8mb4_bin not null,
  primary key (type)
) engine = InnoDB;
