-- Groups that a sink has not relayed to where its cursor of a stream stands: their events in that stream from `sequence` on, up to the
-- cursor, are still to be relayed (state 1: their predecessor lies in another stream and is not relayed; 2: parked for an operator).
-- Written in the transaction that moves the cursor past them.
create table relay_aside (
  stream bigint not null,
  sink varchar(40) character set ascii collate ascii_bin not null,
  group_id varchar(120) character set ascii collate ascii_bin not null,
  sequence bigint not null,
  state tinyint not null,
  since_ms bigint not null,
  reason varchar(500) character set utf8mb4 collate utf8mb4_bin null,
  primary key (stream, sink, group_id),
  key relay_aside_state (sink, state, group_id)
) engine = InnoDB;
