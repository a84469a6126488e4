-- When a task was first to run: due_ms moves with every wait beyond the horizon, and a task's age must not. Null: it has not moved.
alter table timed_task add column first_ms integer null;
