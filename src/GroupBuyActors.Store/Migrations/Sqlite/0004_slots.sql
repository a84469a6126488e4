-- One row: the merchant slots that this database holds (all), and the number of its cluster.
create table if not exists store_slots (
  id integer not null primary key,
  first_slot integer not null,
  last_slot integer not null,
  cluster text not null
);
