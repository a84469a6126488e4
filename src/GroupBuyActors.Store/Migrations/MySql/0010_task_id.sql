-- A pending task by its id, and all of a group's, whose ids begin with the group: without this each look reads a whole shard.
alter table timed_task add index timed_task_id (id), algorithm = inplace, lock = none;

-- Tasks that were given another due, for as long as somebody may page through a list that goes by due: a list tells at its end what
-- has moved past it. Only moves write here.
create table task_move (
  at_ms bigint not null,
  id varchar(160) character set ascii collate ascii_bin not null,
  primary key (at_ms, id)
) engine = InnoDB;

-- Each order's last row, found by the key of the order asked for: the aggregate before it read the whole log, whatever was asked.
create or replace view order_status as
  select l.order_id, l.sequence, l.group_id, l.user_id, l.status, l.changed_ms, l.quantity, l.amount, l.currency, l.placed_ms, l.closes_ms, l.paid_ms,
    l.voucher_tail, l.voucher_until_ms, l.redeemed_ms, l.refunded_ms, l.close_reason
  from order_status_log l
  where not exists (select 1 from order_status_log n where n.order_id = l.order_id and n.sequence > l.sequence);
