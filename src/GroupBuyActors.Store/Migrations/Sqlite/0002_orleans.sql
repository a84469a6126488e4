-- Orleans' reminders and grain storage (membership of the one silo is in memory). Orleans knows this database only by the texts in
-- OrleansQuery. Its driver binds a DateTime as text 'yyyy-MM-dd HH:mm:ss.FFFFFFF' in UTC and hashes as signed 32-bit integers.
create table OrleansQuery (
  QueryKey text not null primary key,
  QueryText text not null
);

create table OrleansRemindersTable (
  ServiceId text not null,
  GrainId text not null,
  ReminderName text not null,
  StartTime text not null,
  Period integer not null,
  GrainHash integer not null,
  Version integer not null,
  primary key (ServiceId, GrainId, ReminderName)
) without rowid;
create index OrleansReminders_start on OrleansRemindersTable (ServiceId, StartTime, GrainHash);

-- Version 0: a row that exists but holds no state yet; see WriteToStorageKey.
create table OrleansStorage (
  GrainIdHash integer not null,
  GrainTypeHash integer not null,
  GrainIdN0 integer not null,
  GrainIdN1 integer not null,
  ServiceId text not null,
  GrainTypeString text not null,
  GrainIdExtensionString text not null,
  PayloadBinary blob null,
  ModifiedOn text not null,
  Version integer not null,
  primary key (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1, ServiceId, GrainTypeString, GrainIdExtensionString)
);

-- State that is remembered for a time only is purged by age, a kind at a time.
create index OrleansStorage_age on OrleansStorage (GrainTypeString, ModifiedOn);

-- Reminders. Orleans reads the reminders of its range every five minutes and keeps those that are due within ten: rows that
-- start later than both together need not be read.
insert into OrleansQuery (QueryKey, QueryText) values ('ReadRangeRows1Key', '
  select GrainId, ReminderName, StartTime, Period, Version from OrleansRemindersTable
   where ServiceId = @ServiceId and StartTime < strftime(''%Y-%m-%d %H:%M:%f'', ''now'', ''+15 minutes'') and GrainHash > @BeginHash and GrainHash <= @EndHash;
');

insert into OrleansQuery (QueryKey, QueryText) values ('ReadRangeRows2Key', '
  select GrainId, ReminderName, StartTime, Period, Version from OrleansRemindersTable
   where ServiceId = @ServiceId and StartTime < strftime(''%Y-%m-%d %H:%M:%f'', ''now'', ''+15 minutes'') and (GrainHash > @BeginHash or GrainHash <= @EndHash);
');

insert into OrleansQuery (QueryKey, QueryText) values ('ReadReminderRowsKey', '
  select GrainId, ReminderName, StartTime, Period, Version from OrleansRemindersTable
   where ServiceId = @ServiceId and GrainId = @GrainId;
');

insert into OrleansQuery (QueryKey, QueryText) values ('ReadReminderRowKey', '
  select GrainId, ReminderName, StartTime, Period, Version from OrleansRemindersTable
   where ServiceId = @ServiceId and GrainId = @GrainId and ReminderName = @ReminderName;
');

-- The start is cut to milliseconds, in one shape, so that texts compare as times do.
insert into OrleansQuery (QueryKey, QueryText) values ('UpsertReminderRowKey', '
  insert into OrleansRemindersTable (ServiceId, GrainId, ReminderName, StartTime, Period, GrainHash, Version)
    values (@ServiceId, @GrainId, @ReminderName, strftime(''%Y-%m-%d %H:%M:%f'', @StartTime), @Period, @GrainHash, 0)
    on conflict (ServiceId, GrainId, ReminderName) do update
      set StartTime = excluded.StartTime, Period = excluded.Period, GrainHash = excluded.GrainHash, Version = Version + 1
    returning Version;
');

insert into OrleansQuery (QueryKey, QueryText) values ('DeleteReminderRowKey', '
  delete from OrleansRemindersTable
   where ServiceId = @ServiceId and GrainId = @GrainId and ReminderName = @ReminderName and Version = @Version;
  select changes();
');

insert into OrleansQuery (QueryKey, QueryText) values ('DeleteReminderRowsKey', '
  delete from OrleansRemindersTable where ServiceId = @ServiceId;
');

-- Grain storage. A first write (no version known) inserts an empty row of version 0 if there is none, then updates it like any other
-- write: of two concurrent writes, the second finds another version. A row of version 0 left by a crash between the two statements reads
-- as no row.
insert into OrleansQuery (QueryKey, QueryText) values ('WriteToStorageKey', '
  insert or ignore into OrleansStorage
    (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1, ServiceId, GrainTypeString, GrainIdExtensionString, PayloadBinary, ModifiedOn, Version)
    select @GrainIdHash, @GrainTypeHash, @GrainIdN0, @GrainIdN1, @ServiceId, @GrainTypeString, coalesce(@GrainIdExtensionString, ''''), null, strftime(''%Y-%m-%d %H:%M:%f'', ''now''), 0
     where @GrainStateVersion is null;
  update OrleansStorage set PayloadBinary = @PayloadBinary, ModifiedOn = strftime(''%Y-%m-%d %H:%M:%f'', ''now''), Version = Version + 1
   where GrainIdHash = @GrainIdHash and GrainTypeHash = @GrainTypeHash and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
     and ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
     and Version = coalesce(@GrainStateVersion, 0);
  select case when changes() > 0 then coalesce(@GrainStateVersion, 0) + 1 else @GrainStateVersion end as NewGrainStateVersion;
');

insert into OrleansQuery (QueryKey, QueryText) values ('ReadFromStorageKey', '
  select PayloadBinary, Version from OrleansStorage
   where GrainIdHash = @GrainIdHash and GrainTypeHash = @GrainTypeHash and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
     and ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
     and Version > 0;
');

insert into OrleansQuery (QueryKey, QueryText) values ('ClearStorageKey', '
  update OrleansStorage set PayloadBinary = null, ModifiedOn = strftime(''%Y-%m-%d %H:%M:%f'', ''now''), Version = Version + 1
   where GrainIdHash = @GrainIdHash and GrainTypeHash = @GrainTypeHash and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
     and ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
     and Version = @GrainStateVersion;
  select case when changes() > 0 then @GrainStateVersion + 1 else @GrainStateVersion end as NewGrainStateVersion;
');

insert into OrleansQuery (QueryKey, QueryText) values ('DeleteStorageKey', '
  delete from OrleansStorage
   where GrainIdHash = @GrainIdHash and GrainTypeHash = @GrainTypeHash and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
     and ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
     and Version = @GrainStateVersion;
  select case when changes() > 0 then @GrainStateVersion + 1 else @GrainStateVersion end as NewGrainStateVersion;
');
