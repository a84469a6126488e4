-- The books of the sandboxes behind the ports: stock, money at the provider, calls, faults. No table of the groups refers to them.
create table sandbox_stock (
  merchant_id bigint not null,
  sku varchar(64) character set utf8mb4 collate utf8mb4_bin not null,
  available bigint not null,
  reserved bigint not null,
  deducted bigint not null,
  primary key (merchant_id, sku)
) engine = InnoDB;

-- state: 1 done, 2 refused, 3 undone (a tombstone). units as asked; reserved and deducted are what is left of them.
-- The group is in the key, reserve:{groupId}:{attempt}; by merchant and group the sandbox of the inventory service reads its books.
create table sandbox_reservation (
  call_key varchar(200) character set ascii collate ascii_bin not null,
  merchant_id bigint not null,
  sku varchar(64) character set utf8mb4 collate utf8mb4_bin not null,
  state tinyint not null,
  units bigint not null,
  reserved bigint not null,
  deducted bigint not null,
  group_id varchar(200) character set ascii collate ascii_bin generated always as (substring_index(substring(call_key, 9), ':', 1)) virtual,
  primary key (call_key),
  key sandbox_reservation_group (merchant_id, group_id, sku)
) engine = InnoDB;

create table sandbox_deduction (
  call_key varchar(200) character set ascii collate ascii_bin not null,
  reservation_key varchar(200) character set ascii collate ascii_bin not null,
  state tinyint not null,
  units bigint not null,
  primary key (call_key)
) engine = InnoDB;

create table sandbox_release (
  call_key varchar(200) character set ascii collate ascii_bin not null,
  units bigint not null,
  returned bigint not null,
  primary key (call_key)
) engine = InnoDB;

-- state: 1 held, 2 refunded, by the call refund_key.
create table sandbox_payment (
  order_id varchar(132) character set ascii collate ascii_bin not null,
  payment_id varbinary(512) not null,
  amount bigint not null,
  currency char(3) character set ascii collate ascii_bin not null,
  state tinyint not null,
  refund_key varbinary(700) null,
  paid_ms bigint not null,
  primary key (order_id, payment_id)
) engine = InnoDB;

-- port: 1 inventory, 2 payments, 3 notices.
create table sandbox_call (
  port tinyint not null,
  call_key varbinary(700) not null,
  operation varchar(16) character set ascii collate ascii_bin not null,
  times bigint not null,
  first_ms bigint not null,
  last_ms bigint not null,
  primary key (port, call_key, operation)
) engine = InnoDB;

create table sandbox_fault (
  port tinyint not null,
  fail_rate double not null,
  delay_ms bigint not null,
  permanent tinyint not null,
  sku varchar(64) character set utf8mb4 collate utf8mb4_bin null,
  primary key (port)
) engine = InnoDB;
