-- A task's own weight, on top of its type's.
alter table timed_task add column weight integer not null default 0;
