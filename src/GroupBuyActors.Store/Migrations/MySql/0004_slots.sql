-- One row: the merchant slots that this database holds, and the number of its cluster, which the database of the lowest slots drew.
create table if not exists store_slots (
  id tinyint not null,
  first_slot smallint not null,
  last_slot smallint not null,
  cluster char(32) character set ascii collate ascii_bin not null,
  primary key (id)
) engine = InnoDB;
