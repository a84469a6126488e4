-- See the migration for MySQL. One silo alone writes nothing here.
create table silo_liveness (
  silo_address text not null,
  port integer not null,
  created_ms integer not null,
  primary key (silo_address)
) without rowid;
