using GroupBuyActors.Store.Databases;
using MySqlConnector;

namespace GroupBuyActors.Store.Migrations;

/// <summary>Who keeps a table from being changed, as far as the server and the user's rights tell.</summary>
internal static class MySqlLockHolders
{
    private const int ReportedMax = 3;

    /// <summary>A part of a sentence for people, with the connections that could be ended.</summary>
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

    // MySQL's own account of who holds what; MariaDB has the tables and, as a rule, nothing in them.
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

    /// <summary>Null where the user may not look, or the server has no such table.</summary>
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
