-- A voucher's code is its buyer's secret: what is read from here has its last characters only. The old column stays, empty, for
-- releases that still write it.
alter table order_status_log add column voucher_tail varchar(4) character set ascii collate ascii_bin null, algorithm = instant;

create or replace view order_status as
  select l.order_id, l.sequence, l.group_id, l.user_id, l.status, l.changed_ms, l.quantity, l.amount, l.currency, l.placed_ms, l.closes_ms, l.paid_ms,
    l.voucher_tail, l.voucher_until_ms, l.redeemed_ms, l.refunded_ms, l.close_reason
  from order_status_log l
  join (select order_id, max(sequence) as sequence from order_status_log group by order_id) last
    on last.order_id = l.order_id and last.sequence = l.sequence;

update order_status_log set voucher_tail = right(voucher_code, 4), voucher_code = null where voucher_code is not null;
