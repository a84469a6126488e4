-- When a task was first to run: due_ms moves with every wait beyond the horizon, and a task's age must not. Null: it has not moved.
-- The last column, and one that may be null: made without touching the rows.
alter table timed_task add column first_ms bigint null, algorithm = instant;
