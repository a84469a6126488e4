using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// Checks a SQLite file before it is used: that it contains all acknowledged commits, by its <see cref="SqliteMark"/>,
/// and that it is not damaged.
/// </summary>
/// <remarks>
/// After a normal stop the file must be byte for byte the same. After a crash it must contain the last acknowledged
/// commit, and its structure must be valid; changed bytes within a value that is in no index are not detected, because
/// SQLite keeps no check sums of pages.
/// </remarks>
internal sealed class SqliteFileCheck(SqliteDatabase database, TimeProvider time, ILogger log)
{
    /// <summary>The largest file that is hashed at a stop and at a start, which takes about a second.</summary>
    public const long HashedBytesMax = 512L * 1024 * 1024;

    /// <summary>
    /// In larger files indexes are not compared with their tables, which takes many times as long as reading the pages.
    /// </summary>
    private const long ComparedBytesMax = 128L * 1024 * 1024;

    private const int FindingsMax = 3;

    /// <summary>The longest check of the structure: a start must not wait longer for a large file.</summary>
    internal static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    /// <summary>
    /// Throws <see cref="StoreUnusableException"/>, which says what is missing or damaged and what to do. Does nothing
    /// if another process uses the file.
    /// </summary>
    public void Run()
    {
        using var ownership = SqliteOwnership.TryTake(database.Path);
        if (ownership is null)
            return;
        var mark = ReadMark();
        var file = new FileInfo(database.Path);
        if (!file.Exists || file.Length == 0)
        {
            if (mark is not null)
                throw Unexpected(
                    $"is {(file.Exists ? "empty" : "missing")}, and it held commits up to position "
                        + $"{mark.Position} of stream {mark.Stream}: it was emptied or deleted, or its disk is "
                        + "not mounted"
                );
            return;
        }

        if (!IsUnchangedSinceClose(mark, file))
            CheckContents(mark, file.Length);
        // From here on the file changes, so its state at the last stop is no longer recorded.
        if (mark?.Sha256 is not null)
        {
            database.Mark.Write(mark with { Length = 0, Sha256 = null });
            database.Mark.Flush();
        }
    }

    /// <summary>
    /// Records the state of the file after a normal stop. Does nothing if another process uses it or if its write-ahead
    /// log is still needed.
    /// </summary>
    public static void RecordClosedState(SqliteDatabase database)
    {
        if (database.Mark.Written is not { } mark)
            return;
        using var ownership = SqliteOwnership.TryTake(database.Path);
        if (ownership is null || File.Exists(database.Path + "-wal"))
            return;
        var file = new FileInfo(database.Path);
        if (!file.Exists || file.Length > HashedBytesMax)
            return;
        database.Mark.Write(mark with { Length = file.Length, Sha256 = Hash(file) });
        database.Mark.Flush();
    }

    private MarkedState? ReadMark()
    {
        try
        {
            return database.Mark.Read();
        }
        catch (InvalidDataException e)
        {
            throw new StoreUnusableException(
                $"{e.Message} It records the last acknowledged commit of the SQLite file {database.Path}; "
                    + "remove it to continue with the file as it is.",
                e
            );
        }
    }

    private bool IsUnchangedSinceClose(MarkedState? mark, FileInfo file)
    {
        if (mark?.Sha256 is not { } hash || File.Exists(database.Path + "-wal"))
            return false;
        if (file.Length != mark.Length)
            throw Unexpected(
                $"had {mark.Length} bytes when it was closed, and has {file.Length}: "
                    + "it was truncated, replaced or written by another program"
            );
        if (Hash(file) != hash)
            throw Unexpected("has changed since it was closed: it was damaged, or written by another program");
        return true;
    }

    private void CheckContents(MarkedState? mark, long length)
    {
        try
        {
            using var connection = database.Open();
            CheckStructure(connection, length);
            if (mark is not null && !ContainsPosition(connection, mark))
                throw Unexpected(
                    $"ends before position {mark.Position} of stream {mark.Stream}, which was acknowledged: "
                        + $"its write-ahead log {database.Path}-wal was deleted or damaged, or the file is an "
                        + "older copy"
                );
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB)
        {
            throw Damaged(e.Message, e);
        }
    }

    private void CheckStructure(SqliteConnection connection, long length)
    {
        var started = time.GetTimestamp();
        raw.sqlite3_progress_handler(
            connection.Handle,
            100_000,
            _ => time.GetElapsedTime(started) > TimeMax ? 1 : 0,
            null
        );
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText =
                $"pragma {(length <= ComparedBytesMax ? "integrity_check" : "quick_check")}({FindingsMax})";
            command.CommandTimeout = 0;
            using var reader = command.ExecuteReader();
            var findings = new List<string>();
            while (reader.Read())
                findings.Add(reader.GetString(0));
            if (findings is not ["ok"])
                throw Damaged(string.Join("; ", findings.Take(FindingsMax)).ReplaceLineEndings(" "));
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_INTERRUPT)
        {
            DatabaseLog.CheckCutShort(log, database.Path, (int)TimeMax.TotalSeconds, length / (1024 * 1024));
        }
        finally
        {
            raw.sqlite3_progress_handler(connection.Handle, 0, null, null);
        }
    }

    /// <summary>
    /// Looks in the journal, or for a sink's cursor if the journal's row was removed since; both by their primary keys.
    /// </summary>
    private static bool ContainsPosition(SqliteConnection connection, MarkedState mark)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            select case when $position = 0 then exists (select 1 from stream where id = $stream)
              else exists (select 1 from journal where stream = $stream and position >= $position)
                or exists (select 1 from relay_cursor where stream = $stream and position >= $position) end
            """;
        command.Parameters.AddWithValue("$stream", mark.Stream);
        command.Parameters.AddWithValue("$position", mark.Position);
        try
        {
            return (long)command.ExecuteScalar()! == 1;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_ERROR)
        {
            // The tables are missing.
            return false;
        }
    }

    private StoreUnusableException Unexpected(string what) =>
        new(
            $"The SQLite file {database.Path} {what}. Restore the right file together with its -wal file, or a backup; "
                + $"to continue with the present file on purpose, remove {database.Mark.Path} and start again."
        );

    private StoreUnusableException Damaged(string finding, Exception? inner = null) =>
        new(
            $"The SQLite file {database.Path} is damaged ({finding.TrimEnd('.')}). Replace it by a backup, or by what "
                + $"`sqlite3 … .recover` saves of it, and remove {database.Mark.Path}, which records the damaged "
                + "file's last commit.",
            inner
        );

    private static string Hash(FileInfo file)
    {
        using var bytes = file.OpenRead();
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
