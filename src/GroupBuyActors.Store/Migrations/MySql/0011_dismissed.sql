-- When an operator said of a dead letter that nothing more is to be done about it. Letters about money stay until they are redriven or
-- dismissed: past the days that all endings are kept they lie under day 0, in a partition that is never dropped.
alter table task_end add column dismissed_ms bigint null, algorithm = instant;
