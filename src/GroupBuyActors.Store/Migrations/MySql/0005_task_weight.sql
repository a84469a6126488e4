-- A task's own weight, on top of its type's. Rows of a release that does not know it have none.
alter table timed_task add column weight smallint not null default 0;
