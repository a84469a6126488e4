-- A merchant's books without its whole past: what is final is added to totals once and marked as counted (1 settled, 2 refunded), and the
-- books are the totals and what is live. A row is live while it is not counted as what it is now, whoever changed it since, so that totals
-- and live rows together are exact at any instant.
create table payment_total (
  merchant_id bigint not null,
  currency char(3) character set ascii collate ascii_bin not null,
  settled_high bigint not null,
  settled_low bigint not null,
  refunded_high bigint not null,
  refunded_low bigint not null,
  primary key (merchant_id, currency)
) engine = InnoDB;

create table stock_total (
  merchant_id bigint not null,
  deducted bigint not null,
  released bigint not null,
  primary key (merchant_id)
) engine = InnoDB;

alter table payment_book add column counted tinyint null, algorithm = instant;

alter table payment_book add column is_live tinyint generated always as
  (case when counted = 1 and state in (1, 2) then 0 when counted = 2 and state = 4 then 0 else 1 end) virtual, algorithm = instant;

create index payment_book_live on payment_book (is_live, merchant_id, state, settles_ms, currency, amount, counted) algorithm = inplace lock = none;

alter table payment_book drop index payment_book_merchant, algorithm = inplace, lock = none;

alter table group_view add column counted_deducted int null, add column counted_released int null, algorithm = instant;

alter table group_view add column is_live tinyint generated always as
  (case when outstanding = 0 and reserved = deducted + released and counted_deducted = deducted and counted_released = released then 0 else 1 end) virtual,
  algorithm = instant;

create index group_view_live on group_view (is_live, merchant_id, state, group_id) algorithm = inplace lock = none;
