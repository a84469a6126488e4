using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store;

/// <summary>SQLite: one silo's own file.</summary>
internal sealed class SqliteStoreHealth(SqliteDatabase database, TimeProvider time, ILogger<SqliteStoreHealth> log)
    : IStoreHealth
{
    private volatile bool _checked;

    public Task MigrateAsync(CancellationToken cancellation) =>
        Task.Run(
            () =>
            {
                try
                {
                    if (!_checked)
                        new SqliteFileCheck(database, time, log).Run();
                    _checked = true;
                    new SqliteMigrator(database, Migration.Of(database.Dialect.Folder), time).Run();
                }
                catch (Exception e)
                    when (e is UnauthorizedAccessException or IOException or Microsoft.Data.Sqlite.SqliteException)
                {
                    throw new StoreUnusableException($"The SQLite file {database.Path} cannot be used: {e.Message}", e);
                }
            },
            cancellation
        );

    public Task<DateTimeOffset> NowAsync(CancellationToken cancellation) => Task.FromResult(time.GetUtcNow());

    public Task<bool> CanWriteAsync(CancellationToken cancellation) =>
        WriteProbe.TryAsync(database, time, cancellation);
}

/// <summary>
/// MySQL or MariaDB. A server with settings under which the fence does not hold is refused at the start.
/// </summary>
internal sealed class MySqlStoreHealth(MySqlDatabase database, TimeProvider time, ILogger<MySqlStoreHealth> log)
    : IStoreHealth
{
    public async Task MigrateAsync(CancellationToken cancellation)
    {
        await new MySqlServerCheck(database).RunAsync(cancellation).ConfigureAwait(false);
        await new MySqlMigrator(database, Migration.Of(database.Dialect.Folder), time, log)
            .RunAsync(cancellation)
            .ConfigureAwait(false);
    }

    public Task<DateTimeOffset> NowAsync(CancellationToken cancellation) =>
        database.ReadAsync(
            async (session, ct) =>
            {
                var now = await session
                    .ListAsync($"select utc_timestamp(6)", row => row.GetDateTime(0), ct)
                    .ConfigureAwait(false);
                return new DateTimeOffset(DateTime.SpecifyKind(now[0], DateTimeKind.Utc));
            },
            cancellation
        );

    public Task<bool> CanWriteAsync(CancellationToken cancellation) =>
        WriteProbe.TryAsync(database, time, cancellation);
}

/// <summary>A write to the table <c>store_probe</c>, which holds no data.</summary>
internal static class WriteProbe
{
    public static async Task<bool> TryAsync(Database database, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            await database
                .WriteAsync(
                    $"replace into store_probe (id, at_ms) values (1, {time.GetUtcNow().ToUnixTimeMilliseconds()})",
                    cancellation
                )
                .WaitAsync(cancellation)
                .ConfigureAwait(false);
            return true;
        }
        catch (Exception e)
            when (e
                    is System.Data.Common.DbException
                        or OperationCanceledException
                        or IOException
                        or System.Net.Sockets.SocketException
                        or TimeoutException
                        or InvalidOperationException
            )
        {
            return false;
        }
    }
}
