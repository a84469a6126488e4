-- Reservations by merchant and group: in that order the sandbox of the inventory service reads its books. The group is in the key,
-- reserve:{groupId}:{attempt}.
alter table sandbox_reservation
  add column group_id varchar(200) character set ascii collate ascii_bin generated always as (substring_index(substring(call_key, 9), ':', 1)) virtual;

create index sandbox_reservation_group on sandbox_reservation (merchant_id, group_id, sku);
