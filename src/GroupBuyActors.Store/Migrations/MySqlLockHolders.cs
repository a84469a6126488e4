using GroupBuyActors.Store.Databases;
using MySqlConnector;

namespace GroupBuyActors.Store.Migrations;

/// <summary>
/// Finds which sessions prevent the change of a table, as far as the server and the user's rights allow.
/// </summary>
internal static class MySqlLockHolders
{
    private const int ReportedMax = 3;

    /// <summary>A phrase for messages, with the connections that could be ended.</summary>
    public static async Task<string> DescribeAsync(
        MySqlConnection connection,
        string? table,
        CancellationToken cancellation
    )
    {
        var session = new DbSession(connection, null);
        if (
            table is not null
            && await TryAsync(session, OfTable(table), cancellation).ConfigureAwait(false) is { Count: > 0 } holders
        )
            return string.Join(", ", holders);
        if (await TryAsync(session, OldestTransactions(), cancellation).ConfigureAwait(false) is { Count: > 0 } oldest)
            return "the server does not report the holder; the oldest transactions are those of "
                + $"{string.Join(", ", oldest)}";
        return "the server does not report the holder to this user";
    }

    // MySQL's list of locks and their holders; on MariaDB these tables exist but are usually empty.
    private static SqlText OfTable(string table) =>
        $"""
            select t.processlist_id, t.processlist_user, t.processlist_host, t.processlist_command, t.processlist_time
              from performance_schema.metadata_locks l
              join performance_schema.threads t on t.thread_id = l.owner_thread_id
             where l.object_type = 'TABLE' and l.object_schema = database() and l.object_name = {table}
               and l.lock_status = 'GRANTED' and t.processlist_id <> connection_id() and t.processlist_time >= 1
             group by 1, 2, 3, 4, 5 order by 5 desc limit {ReportedMax}
            """;

    private static SqlText OldestTransactions() =>
        $"""
            select p.id, p.user, p.host, p.command, p.time
              from information_schema.innodb_trx x join information_schema.processlist p on p.id = x.trx_mysql_thread_id
             where p.id <> connection_id() order by x.trx_started limit {ReportedMax}
            """;

    /// <summary>Null if the user may not read it, or if the server has no such table.</summary>
    private static async Task<List<string>?> TryAsync(DbSession session, SqlText sql, CancellationToken cancellation)
    {
        try
        {
            return await session
                .ListAsync(
                    sql,
                    row =>
                        $"connection {row.GetInt64(0)} ('{row.Text(1)}'@'{row.Text(2)}', {row.Text(3)} for "
                        + $"{row.GetInt64(4)} s)",
                    cancellation
                )
                .ConfigureAwait(false);
        }
        catch (MySqlException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }
}
