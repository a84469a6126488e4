-- A merchant's books without its whole past: what is final is added to totals once and marked as counted (1 settled, 2 refunded), and the
-- books are the totals and what is live. A row is live while it is not counted as what it is now, whoever changed it since, so that totals
-- and live rows together are exact at any instant.
create table payment_total (
  merchant_id integer not null,
  currency text not null,
  settled_high integer not null,
  settled_low integer not null,
  refunded_high integer not null,
  refunded_low integer not null,
  primary key (merchant_id, currency)
) without rowid;

create table stock_total (
  merchant_id integer not null,
  deducted integer not null,
  released integer not null,
  primary key (merchant_id)
) without rowid;

alter table payment_book add column counted integer null;
alter table payment_book add column is_live integer generated always as
  (case when counted = 1 and state in (1, 2) then 0 when counted = 2 and state = 4 then 0 else 1 end) virtual;
create index payment_book_live on payment_book (is_live, merchant_id, state, settles_ms, currency, amount, counted);
drop index payment_book_merchant;

alter table group_view add column counted_deducted integer null;
alter table group_view add column counted_released integer null;
alter table group_view add column is_live integer generated always as
  (case when outstanding = 0 and reserved = deducted + released
    and counted_deducted = deducted and counted_released = released then 0 else 1 end) virtual;
create index group_view_live on group_view (is_live, merchant_id, state, group_id);
