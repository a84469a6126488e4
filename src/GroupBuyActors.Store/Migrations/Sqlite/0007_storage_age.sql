-- Grain state that is remembered for a time only is purged by age, a kind at a time.
create index OrleansStorage_age on OrleansStorage (GrainTypeString, ModifiedOn);
