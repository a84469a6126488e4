-- Where each run of a silo shows that its process lives: written before the silo joins, so that others can ask there whether it lives even
-- when nobody else runs who could tell them the port. Removed by the silo when it stops, or after its death by another.
create table silo_liveness (
  silo_address varchar(100) character set ascii collate ascii_bin not null,
  port int not null,
  created_ms bigint not null,
  primary key (silo_address)
) engine = InnoDB;
