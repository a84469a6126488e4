using GroupBuyActors.Store.Databases;
using SQLitePCL;

namespace GroupBuyActors.Conformance.Databases;

/// <summary>What an error of a database says about the transaction that met it.</summary>
public sealed class DatabaseErrorTests
{
    [Theory]
    [InlineData(1290, "HY000")] // read_only
    [InlineData(1836, "HY000")] // read-only mode
    [InlineData(1792, "25006")] // a transaction that only reads
    [InlineData(1021, "HY000")] // the disk is full
    [InlineData(1114, "HY000")] // the table is full
    [InlineData(1142, "42000")] // no right
    [InlineData(1044, "42000")] // no right to the database
    [InlineData(1045, "28000")] // access denied
    [InlineData(1040, "08004")] // too many connections
    [InlineData(1146, "42S02")] // no such table
    [InlineData(1226, "42000")] // a user's limit
    [InlineData(1665, "HY000")] // the binlog cannot hold the statement
    public void WhatAServerRefusesBeforeItRunsItChangedNothing(int number, string state) =>
        Assert.Equal(ErrorMeaning.Refused, DatabaseErrors.OfMySql(number, state));

    [Theory]
    [InlineData(1180, "HY000")] // an error during commit
    [InlineData(1026, "HY000")] // the binlog cannot be written
    [InlineData(1053, "08S01")] // the server shuts down
    [InlineData(1317, "70100")] // the query was interrupted
    [InlineData(1927, "70100")] // the connection was killed
    [InlineData(2013, null)] // the connection was lost
    [InlineData(-1, null)] // the driver's time was over
    [InlineData(1105, "HY000")] // an unknown error
    [InlineData(99999, "HY000")]
    public void WhatACommitMayEndWithAndWhatNobodyKnowsLeavesTheOutcomeUnknown(int number, string? state) =>
        Assert.Equal(ErrorMeaning.Unknown, DatabaseErrors.OfMySql(number, state));

    [Theory]
    [InlineData(1062, "23000", (int)ErrorMeaning.Duplicate)]
    [InlineData(1205, "HY000", (int)ErrorMeaning.Lock)]
    [InlineData(1213, "40001", (int)ErrorMeaning.Lock)]
    [InlineData(1242, "21000", (int)ErrorMeaning.Stopped)]
    [InlineData(1406, "22001", (int)ErrorMeaning.RowFault)]
    [InlineData(1153, "08S01", (int)ErrorMeaning.RowFault)]
    public void WhatConcernsRowsAndLocksIsToldApart(int number, string state, int meaning) =>
        Assert.Equal((ErrorMeaning)meaning, DatabaseErrors.OfMySql(number, state));

    [Theory]
    [InlineData(raw.SQLITE_FULL)]
    [InlineData(raw.SQLITE_READONLY)]
    [InlineData(raw.SQLITE_IOERR)]
    [InlineData(raw.SQLITE_CANTOPEN)]
    [InlineData(raw.SQLITE_NOTADB)]
    public void AFileThatCannotBeWrittenTakesNothing(int code) =>
        Assert.Equal(ErrorMeaning.Refused, DatabaseErrors.OfSqlite(code, code));

    [Fact]
    public void RowsAndLocksOfAFileAreToldApart()
    {
        Assert.Equal(
            ErrorMeaning.Duplicate,
            DatabaseErrors.OfSqlite(raw.SQLITE_CONSTRAINT, raw.SQLITE_CONSTRAINT_UNIQUE)
        );
        Assert.Equal(
            ErrorMeaning.RowFault,
            DatabaseErrors.OfSqlite(raw.SQLITE_CONSTRAINT, raw.SQLITE_CONSTRAINT_NOTNULL)
        );
        Assert.Equal(ErrorMeaning.Lock, DatabaseErrors.OfSqlite(raw.SQLITE_BUSY, raw.SQLITE_BUSY));
    }
}
