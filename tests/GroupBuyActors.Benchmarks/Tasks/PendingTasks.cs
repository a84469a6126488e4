using System.Diagnostics;
using System.Globalization;
using System.Text;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Groups;
using GroupBuyActors.Store;
using Microsoft.Extensions.DependencyInjection;
using MySqlConnector;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>
/// Tasks that wait days ahead in the table while everything is measured: as many in each of the 2,048 shards, written
/// in bulk and in the order of the key before any silo starts.
/// </summary>
internal sealed class PendingTasks(BenchDatabase database, int count)
{
    private const int RowsPerLoad = 25_000,
        Connections = 2;
    private static readonly TimeSpan From = TimeSpan.FromDays(2),
        Span = TimeSpan.FromDays(8);
    private long _written;

    /// <summary>Makes the schema and loads; gives rows a second. Progress goes to standard error.</summary>
    public async Task<double> LoadAsync(CancellationToken cancellation)
    {
        await MigrateAsync(cancellation);
        var watch = Stopwatch.StartNew();
        using var progress = new Timer(
            _ => Tell(watch.Elapsed),
            null,
            TimeSpan.FromSeconds(5),
            TimeSpan.FromSeconds(5)
        );
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        // Each connection has its own end of the key's order, so that both append and neither splits the other's pages.
        await Task.WhenAll(
            Enumerable
                .Range(0, Connections)
                .Select(part =>
                    Task.Run(
                        () =>
                            LoadAsync(
                                ShardId.Count * part / Connections,
                                ShardId.Count * (part + 1) / Connections,
                                now,
                                cancellation
                            ),
                        cancellation
                    )
                )
        );
        Tell(watch.Elapsed);
        return count / watch.Elapsed.TotalSeconds;
    }

    private void Tell(TimeSpan after) =>
        Console.Error.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"pending tasks: {Interlocked.Read(ref _written):N0} of {count:N0} after {after.TotalSeconds:0} "
                    + $"s, {Interlocked.Read(ref _written) / after.TotalSeconds:N0} rows/s"
            )
        );

    private async Task MigrateAsync(CancellationToken cancellation)
    {
        var services = new ServiceCollection();
        services.AddGroupBuyStore(store =>
            (store.Provider, store.ConnectionString) = (StoreProvider.MySql, database.ConnectionString)
        );
        await using var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<IStoreHealth>().MigrateAsync(cancellation);
    }

    private async Task LoadAsync(int fromShard, int toShard, long now, CancellationToken cancellation)
    {
        var settings = new MySqlConnectionStringBuilder(database.ConnectionString)
        {
            AllowLoadLocalInfile = true,
            Pooling = false,
        };
        await using var connection = new MySqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellation);
        await LeaveOutOfLogAsync(connection, cancellation);
        var (text, rows) = (new StringBuilder(), 0);
        for (var shard = fromShard; shard < toShard; shard++)
        {
            var (first, last) = ((long)count * shard / ShardId.Count, (long)count * (shard + 1) / ShardId.Count);
            for (var n = 0; n < last - first; n++)
            {
                Append(text, shard, n, now + (long)((From + Span * (n / (double)(last - first))).TotalMilliseconds));
                if (++rows < RowsPerLoad)
                    continue;
                await WriteAsync();
            }
        }
        if (rows > 0)
            await WriteAsync();

        async Task WriteAsync()
        {
            var bulk = new MySqlBulkLoader(connection)
            {
                TableName = "timed_task",
                Local = true,
                SourceStream = new MemoryStream(Encoding.ASCII.GetBytes(text.ToString())),
                FieldTerminator = "\t",
                LineTerminator = "\n",
                Columns = { "shard", "due_ms", "id", "type", "payload", "next_ms", "attempts", "version" },
            };
            var written = await bulk.LoadAsync(cancellation);
            if (written != rows)
                throw new InvalidOperationException($"{written} of {rows} rows were loaded.");
            Interlocked.Add(ref _written, written);
            text.Clear();
            rows = 0;
        }
    }

    /// <summary>Loading is not what is measured, so the binary log may go without it.</summary>
    private static async Task LeaveOutOfLogAsync(MySqlConnection connection, CancellationToken cancellation)
    {
        try
        {
            await using var command = new MySqlCommand("set session sql_log_bin = 0", connection);
            await command.ExecuteNonQueryAsync(cancellation);
        }
        catch (MySqlException)
        {
            // Not every user of an existing server may; then it takes longer.
        }
    }

    private static void Append(StringBuilder text, int shard, int n, long due)
    {
        var group = BenchTasks.GroupOf(shard, 2 + n % 50, "pending");
        text.Append(
            CultureInfo.InvariantCulture,
            $"{shard}\t{due}\t{GroupActors.Kind}:{group}:{n + 1}:{OrderClose.TypeName}:0\t"
                + $"{OrderClose.TypeName}\t[0,{n}]\t{due}\t0\t1\n"
        );
    }
}
