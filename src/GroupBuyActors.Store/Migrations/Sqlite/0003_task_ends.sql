-- Tasks that ended other than by a group's journal event, by days since 1970 of ended_ms. The key begins with the day, so that old
-- days lie together and go in bounded steps.
create table task_end (
  day integer not null,
  task_id text not null,
  ended_ms integer not null,
  status text not null,
  type text not null,
  shard integer not null,
  merchant_id integer null,
  group_id text null,
  due_ms integer not null,
  attempts integer not null,
  version integer not null,
  payload blob not null,
  trace text null,
  error text null,
  redriven_ms integer null,
  primary key (day, task_id, version)
) without rowid;
create index task_end_task on task_end (task_id, version);
create index task_end_time on task_end (ended_ms, task_id, version);
create index task_end_status on task_end (status, ended_ms, task_id, version);
create index task_end_type on task_end (type, ended_ms, task_id, version);
create index task_end_merchant on task_end (merchant_id, ended_ms, task_id, version);
create index task_end_group on task_end (group_id, ended_ms, task_id, version);

-- What operators changed of a type's policy, while running. Version 0: nobody has written it yet.
create table task_policy (
  type text not null,
  version integer not null,
  change_json blob not null,
  changed_ms integer not null,
  caller text not null,
  primary key (type)
) without rowid;
