-- Orleans' membership, reminders and grain storage. Orleans knows this database only by the texts in OrleansQuery (keys, parameters
-- and result columns are its contract); the tables behind them are ours: milliseconds, keys where there were none, no procedures.
create table OrleansQuery (
  QueryKey varchar(64) character set ascii collate ascii_bin not null,
  QueryText text character set utf8mb4 collate utf8mb4_bin not null,
  primary key (QueryKey)
) engine = InnoDB;

create table OrleansMembershipVersionTable (
  DeploymentId varchar(150) character set utf8mb4 collate utf8mb4_bin not null,
  Timestamp datetime(3) not null default current_timestamp(3) on update current_timestamp(3),
  Version int not null default 0,
  primary key (DeploymentId)
) engine = InnoDB;

create table OrleansMembershipTable (
  DeploymentId varchar(150) character set utf8mb4 collate utf8mb4_bin not null,
  Address varchar(45) character set ascii collate ascii_bin not null,
  Port int not null,
  Generation int not null,
  SiloName varchar(150) character set utf8mb4 collate utf8mb4_bin not null,
  HostName varchar(255) character set utf8mb4 collate utf8mb4_bin not null,
  Status int not null,
  ProxyPort int null,
  SuspectTimes text character set ascii collate ascii_bin null,
  StartTime datetime(6) not null,
  IAmAliveTime datetime(6) not null,
  primary key (DeploymentId, Address, Port, Generation)
) engine = InnoDB;

create table OrleansRemindersTable (
  ServiceId varchar(150) character set utf8mb4 collate utf8mb4_bin not null,
  GrainId varchar(320) character set ascii collate ascii_bin not null,
  ReminderName varchar(150) character set utf8mb4 collate utf8mb4_bin not null,
  StartTime datetime(3) not null,
  Period bigint not null,
  GrainHash int not null,
  Version int not null,
  primary key (ServiceId, GrainId, ReminderName),
  key OrleansReminders_start (ServiceId, StartTime, GrainHash),
  key OrleansReminders_hash (ServiceId, GrainHash, StartTime)
) engine = InnoDB;

-- Version 0: a row that exists but holds no state yet; see WriteToStorageKey.
create table OrleansStorage (
  GrainIdHash int not null,
  GrainTypeHash int not null,
  GrainIdN0 bigint not null,
  GrainIdN1 bigint not null,
  ServiceId varchar(100) character set utf8mb4 collate utf8mb4_bin not null,
  GrainTypeString varchar(256) character set utf8mb4 collate utf8mb4_bin not null,
  GrainIdExtensionString varchar(300) character set utf8mb4 collate utf8mb4_bin not null,
  PayloadBinary longblob null,
  ModifiedOn datetime(3) not null,
  Version int not null,
  primary key (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1, ServiceId, GrainTypeString, GrainIdExtensionString),
  -- State that is remembered for a time only is purged by age, a kind at a time.
  key OrleansStorage_age (GrainTypeString, ModifiedOn)
) engine = InnoDB row_format = dynamic;

-- Membership. The version row is the lock of the whole table: every change of a row increments the version in the same statement or
-- transaction, or changes nothing.
replace into OrleansQuery (QueryKey, QueryText) values ('InsertMembershipVersionKey', '
  insert ignore into OrleansMembershipVersionTable (DeploymentId) values (@DeploymentId);
  select row_count();
');

-- The select locks the version row it saw, so the update meets the same one; nothing in here fails once it has begun to change.
-- The rollback is there because the next start must not commit a transaction that was interrupted from outside (a lock wait timeout).
replace into OrleansQuery (QueryKey, QueryText) values ('InsertMembershipKey', '
  rollback;
  start transaction;
  insert into OrleansMembershipTable
    (DeploymentId, Address, Port, Generation, SiloName, HostName, Status, ProxyPort, StartTime, IAmAliveTime)
    select v.DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
      from OrleansMembershipVersionTable v
     where v.DeploymentId = @DeploymentId and v.Version = @Version
       and not exists (select 1 from OrleansMembershipTable m
                        where m.DeploymentId = @DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation)
       for update;
  update OrleansMembershipVersionTable set Version = Version + 1
   where DeploymentId = @DeploymentId and Version = @Version and row_count() > 0;
  select row_count();
  commit;
');

-- One statement: both rows or neither, with nothing to roll back.
replace into OrleansQuery (QueryKey, QueryText) values ('UpdateMembershipKey', '
  update OrleansMembershipVersionTable v
    join OrleansMembershipTable m
      on m.DeploymentId = v.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
     set v.Version = v.Version + 1, m.Status = @Status, m.SuspectTimes = @SuspectTimes, m.IAmAliveTime = @IAmAliveTime
   where v.DeploymentId = @DeploymentId and v.Version = @Version;
  select row_count();
');

replace into OrleansQuery (QueryKey, QueryText) values ('UpdateIAmAlivetimeKey', '
  update OrleansMembershipTable set IAmAliveTime = @IAmAliveTime
   where DeploymentId = @DeploymentId and Address = @Address and Port = @Port and Generation = @Generation;
');

replace into OrleansQuery (QueryKey, QueryText) values ('GatewaysQueryKey', '
  select Address, ProxyPort, Generation from OrleansMembershipTable
   where DeploymentId = @DeploymentId and Status = @Status and ProxyPort > 0;
');

replace into OrleansQuery (QueryKey, QueryText) values ('MembershipReadRowKey', '
  select v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
    from OrleansMembershipVersionTable v
    left join OrleansMembershipTable m
      on m.DeploymentId = v.DeploymentId and m.Address = @Address and m.Port = @Port and m.Generation = @Generation
   where v.DeploymentId = @DeploymentId;
');

replace into OrleansQuery (QueryKey, QueryText) values ('MembershipReadAllKey', '
  select v.DeploymentId, m.Address, m.Port, m.Generation, m.SiloName, m.HostName, m.Status, m.ProxyPort, m.SuspectTimes, m.StartTime, m.IAmAliveTime, v.Version
    from OrleansMembershipVersionTable v
    left join OrleansMembershipTable m on m.DeploymentId = v.DeploymentId
   where v.DeploymentId = @DeploymentId;
');

replace into OrleansQuery (QueryKey, QueryText) values ('DeleteMembershipTableEntriesKey', '
  delete from OrleansMembershipTable where DeploymentId = @DeploymentId;
  delete from OrleansMembershipVersionTable where DeploymentId = @DeploymentId;
');

-- Only dead silos (6) are removed: a silo whose sign of life is late is still a member.
replace into OrleansQuery (QueryKey, QueryText) values ('CleanupDefunctSiloEntriesKey', '
  delete from OrleansMembershipTable where DeploymentId = @DeploymentId and IAmAliveTime < @IAmAliveTime and Status = 6;
');

-- One row as it was read; a row that changed since stays. Orleans writes an empty list of votes as '' and gives it back as null.
replace into OrleansQuery (QueryKey, QueryText) values ('CleanupDefunctSiloEntryKey', '
  delete from OrleansMembershipTable
   where DeploymentId = @DeploymentId and Address = @Address and Port = @Port and Generation = @Generation and Status = 6
     and StartTime = @StartTime and IAmAliveTime = @IAmAliveTime and coalesce(SuspectTimes, '''') = coalesce(@SuspectTimes, '''');
');

-- Reminders. Orleans reads the reminders of its range every five minutes and keeps those that are due within ten: rows that
-- start later than both together need not be read, and with an index on the start a million sleeping groups cost nothing.
replace into OrleansQuery (QueryKey, QueryText) values ('ReadRangeRows1Key', '
  select GrainId, ReminderName, StartTime, Period, Version from OrleansRemindersTable
   where ServiceId = @ServiceId and StartTime < utc_timestamp(3) + interval 15 minute and GrainHash > @BeginHash and GrainHash <= @EndHash;
');

replace into OrleansQuery (QueryKey, QueryText) values ('ReadRangeRows2Key', '
  select GrainId, ReminderName, StartTime, Period, Version from OrleansRemindersTable
   where ServiceId = @ServiceId and StartTime < utc_timestamp(3) + interval 15 minute and (GrainHash > @BeginHash or GrainHash <= @EndHash);
');

replace into OrleansQuery (QueryKey, QueryText) values ('ReadReminderRowsKey', '
  select GrainId, ReminderName, StartTime, Period, Version from OrleansRemindersTable
   where ServiceId = @ServiceId and GrainId = @GrainId;
');

replace into OrleansQuery (QueryKey, QueryText) values ('ReadReminderRowKey', '
  select GrainId, ReminderName, StartTime, Period, Version from OrleansRemindersTable
   where ServiceId = @ServiceId and GrainId = @GrainId and ReminderName = @ReminderName;
');

replace into OrleansQuery (QueryKey, QueryText) values ('UpsertReminderRowKey', '
  insert into OrleansRemindersTable (ServiceId, GrainId, ReminderName, StartTime, Period, GrainHash, Version)
    values (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, last_insert_id(0))
    on duplicate key update StartTime = @StartTime, Period = @Period, GrainHash = @GrainHash, Version = last_insert_id(Version + 1);
  select last_insert_id() as Version;
');

replace into OrleansQuery (QueryKey, QueryText) values ('DeleteReminderRowKey', '
  delete from OrleansRemindersTable
   where ServiceId = @ServiceId and GrainId = @GrainId and ReminderName = @ReminderName and Version = @Version;
  select row_count();
');

replace into OrleansQuery (QueryKey, QueryText) values ('DeleteReminderRowsKey', '
  delete from OrleansRemindersTable where ServiceId = @ServiceId;
');

-- Grain storage. A first write (no version known) inserts an empty row of version 0 if there is none, then updates it like any other
-- write: of two concurrent writes, the second finds another version. A row of version 0 left by a crash between the two statements reads
-- as no row.
replace into OrleansQuery (QueryKey, QueryText) values ('WriteToStorageKey', '
  insert ignore into OrleansStorage
    (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1, ServiceId, GrainTypeString, GrainIdExtensionString, PayloadBinary, ModifiedOn, Version)
    select @GrainIdHash, @GrainTypeHash, @GrainIdN0, @GrainIdN1, @ServiceId, @GrainTypeString, coalesce(@GrainIdExtensionString, ''''), null, utc_timestamp(3), 0
      from dual where @GrainStateVersion is null;
  update OrleansStorage set PayloadBinary = @PayloadBinary, ModifiedOn = utc_timestamp(3), Version = Version + 1
   where GrainIdHash = @GrainIdHash and GrainTypeHash = @GrainTypeHash and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
     and ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
     and Version = coalesce(@GrainStateVersion, 0);
  select if(row_count() > 0, coalesce(@GrainStateVersion, 0) + 1, @GrainStateVersion) as NewGrainStateVersion;
');

replace into OrleansQuery (QueryKey, QueryText) values ('ReadFromStorageKey', '
  select PayloadBinary, Version from OrleansStorage
   where GrainIdHash = @GrainIdHash and GrainTypeHash = @GrainTypeHash and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
     and ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
     and Version > 0;
');

replace into OrleansQuery (QueryKey, QueryText) values ('ClearStorageKey', '
  update OrleansStorage set PayloadBinary = null, ModifiedOn = utc_timestamp(3), Version = Version + 1
   where GrainIdHash = @GrainIdHash and GrainTypeHash = @GrainTypeHash and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
     and ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
     and Version = @GrainStateVersion;
  select if(row_count() > 0, @GrainStateVersion + 1, @GrainStateVersion) as NewGrainStateVersion;
');

replace into OrleansQuery (QueryKey, QueryText) values ('DeleteStorageKey', '
  delete from OrleansStorage
   where GrainIdHash = @GrainIdHash and GrainTypeHash = @GrainTypeHash and GrainIdN0 = @GrainIdN0 and GrainIdN1 = @GrainIdN1
     and ServiceId = @ServiceId and GrainTypeString = @GrainTypeString and GrainIdExtensionString = coalesce(@GrainIdExtensionString, '''')
     and Version = @GrainStateVersion;
  select if(row_count() > 0, @GrainStateVersion + 1, @GrainStateVersion) as NewGrainStateVersion;
');
