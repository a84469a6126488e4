using System.Data.Common;

namespace GroupBuyActors.Store.Databases;

/// <summary>A connection during one piece of work.</summary>
internal sealed class DbSession(DbConnection connection, DbTransaction? transaction)
{
    /// <summary>Runs statements; returns the number of rows they changed.</summary>
    public async Task<int> ExecuteAsync(SqlText sql, CancellationToken cancellation)
    {
        await using var command = Command(sql);
        return await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Reads all rows of one statement.</summary>
    public async Task<List<T>> ListAsync<T>(SqlText sql, Func<DbDataReader, T> row, CancellationToken cancellation)
    {
        await using var command = Command(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var rows = new List<T>();
        await ReadRowsAsync(reader, rows, row, cancellation).ConfigureAwait(false);
        return rows;
    }

    /// <summary>Reads the rows of several statements with the same columns, sent together.</summary>
    public async Task<List<T>> ListAllAsync<T>(
        SqlText statements,
        Func<DbDataReader, T> row,
        CancellationToken cancellation
    )
    {
        await using var command = Command(statements);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var rows = new List<T>();
        do await ReadRowsAsync(reader, rows, row, cancellation).ConfigureAwait(false);
        while (await reader.NextResultAsync(cancellation).ConfigureAwait(false));
        return rows;
    }

    /// <summary>
    /// Reads the first value of the first row as a 64-bit number; <paramref name="otherwise"/> if it is null or
    /// missing.
    /// </summary>
    public async Task<long> NumberAsync(SqlText sql, long otherwise, CancellationToken cancellation)
    {
        await using var command = Command(sql);
        var value = await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
        return value is null or DBNull
            ? otherwise
            : Convert.ToInt64(value, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Passes a reader over several result sets to <paramref name="read"/>.</summary>
    public async Task<T> ReadAsync<T>(
        SqlText sql,
        Func<DbDataReader, CancellationToken, Task<T>> read,
        CancellationToken cancellation
    )
    {
        await using var command = Command(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        return await read(reader, cancellation).ConfigureAwait(false);
    }

    private static async Task ReadRowsAsync<T>(
        DbDataReader reader,
        List<T> rows,
        Func<DbDataReader, T> row,
        CancellationToken cancellation
    )
    {
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            rows.Add(row(reader));
    }

    private DbCommand Command(SqlText sql)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        sql.ApplyTo(command);
        return command;
    }
}

/// <summary>Reads columns by this database's conventions: instants in milliseconds, text as bytes, nulls.</summary>
internal static class DbColumns
{
    public static string? Text(this DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.GetString(column);

    public static byte[] Bytes(this DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? [] : (byte[])reader.GetValue(column);

    public static string Utf8(this DbDataReader reader, int column) =>
        System.Text.Encoding.UTF8.GetString(reader.Bytes(column));

    /// <summary>
    /// Milliseconds out of range become the nearest instant, because one such row must not prevent the reading of
    /// others.
    /// </summary>
    public static DateTimeOffset Instant(this DbDataReader reader, int column) =>
        GroupBuyActors.Tasks.TaskBounds.Instant(reader.GetInt64(column));

    public static DateTimeOffset? InstantOrNull(this DbDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : reader.Instant(column);
}
