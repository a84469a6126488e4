-- Groups that a sink has not relayed to where its cursor of a stream stands: their events in that stream from `sequence` on, up to the
-- cursor, are still to be relayed (state 1: their predecessor lies in another stream and is not relayed; 2: parked for an operator).
-- Written in the transaction that moves the cursor past them.
create table relay_aside (
  stream integer not null,
  sink text not null,
  group_id text not null,
  sequence integer not null,
  state integer not null,
  since_ms integer not null,
  reason text null,
  primary key (stream, sink, group_id)
) without rowid;
create index relay_aside_state on relay_aside (sink, state, group_id);
