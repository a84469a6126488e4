using System.Collections.Concurrent;
using System.Globalization;
using GroupBuyActors.Committing;
using GroupBuyActors.Conformance.Databases;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Migrations;
using Microsoft.Extensions.Logging;
using MySqlConnector;

namespace GroupBuyActors.Conformance.Migrations;

/// <summary>A migration that meets a transaction which stays open, while silos of the release before commit.</summary>
public sealed class MigrationBesideCommitsTests(MariaDb mariaDb, ITestOutputHelper output) : IAsyncLifetime
{
    private const int WaitsForTable = 2151;

    /// <summary>
    /// One statement of each kind that migrations are written with, on tables that every commit writes.
    /// </summary>
    private static readonly Migration s_next = new(
        9001,
        "9001_next.sql",
        """
        alter table journal add column next_one int null, algorithm = instant;
        alter table timed_task add index next_one (type), algorithm = inplace, lock = none;
        create index next_two on order_status_log (changed_ms) algorithm = inplace lock = none;
        create or replace view order_status as select * from order_status_log;
        """
    );

    private readonly Told _log = new();
    private MySqlUnderTest _store = null!;

    [Theory]
    [InlineData("journal")]
    [InlineData("timed_task")]
    [InlineData("order_status_log")]
    public async Task CommitsGoOnBehindAReaderThatStaysOpenAndTheMigrationFollowsItsEnd(string table)
    {
        await using var load = await StartLoadAsync();
        await using var reader = await ReadAsync(table);
        var migrating = Migrator(TimeSpan.FromMinutes(10)).RunAsync(CancellationToken.None);
        var committed = new List<long>();
        for (var wait = 1; wait <= 3; wait++)
        {
            var tries = wait;
            await Eventually.TrueAsync(
                () => _log.Of(WaitsForTable).Count >= tries || migrating.IsCompleted,
                $"the migration says for the {tries}th time that it waits"
            );
            Assert.False(migrating.IsCompleted, "It changed the table under the reader.");
            committed.Add(load.Committed);
            await load.GoOnAsync();
        }

        output.WriteLine($"Committed at each wait: {string.Join(", ", committed)}. {_log.Of(WaitsForTable)[^1]}");
        Assert.All(_log.Of(WaitsForTable), told => Assert.Contains($"table {table}", told));
        Assert.Contains($"connection {reader.ServerThread} ", _log.Of(WaitsForTable)[^1]);
        await MySqlUnderTest.RunAsync(reader, "rollback");
        await migrating.WaitAsync(Eventually.Bound);
        Assert.Equal(
            1,
            await _store.NumberAsync(
                "select count(*) from schema_version where version = 9001 and applied_at is not null"
            )
        );
        await load.GoOnAsync();
        await load.StopAsync();
    }

    [Fact]
    public async Task AStartThatGivesUpSaysWhoIsInTheWayAndTheNextGoesOn()
    {
        await using var load = await StartLoadAsync();
        await using (var reader = await ReadAsync("timed_task"))
        {
            var refused = await Assert
                .ThrowsAsync<StoreUnusableException>(() =>
                    Migrator(TimeSpan.FromSeconds(2)).RunAsync(CancellationToken.None)
                )
                .WaitAsync(Eventually.Bound);
            Assert.Contains("table timed_task", refused.Message);
            Assert.Contains($"connection {reader.ServerThread} ", refused.Message);
        }

        // The statement before was done; what was begun is ended.
        await Migrator(TimeSpan.FromMinutes(1)).RunAsync(CancellationToken.None).WaitAsync(Eventually.Bound);
        Assert.Equal(
            2,
            await _store.NumberAsync(
                """
                select count(*) from information_schema.statistics where table_schema = database()
                  and index_name like 'next%'
                """
            )
        );
        await load.GoOnAsync();
        await load.StopAsync();
    }

    [Fact]
    public async Task TwoStartsTakeTurnsAndTheSecondFindsTheWorkDone()
    {
        await using var reader = await ReadAsync("timed_task");
        var both = new[]
        {
            Migrator(TimeSpan.FromMinutes(1)).RunAsync(CancellationToken.None),
            Migrator(TimeSpan.FromMinutes(1)).RunAsync(CancellationToken.None),
        };
        await Eventually.TrueAsync(() => _log.Of(WaitsForTable).Count > 0, "one of them waits for the reader");
        Assert.DoesNotContain(both, one => one.IsCompleted);
        await MySqlUnderTest.RunAsync(reader, "rollback");
        await Task.WhenAll(both).WaitAsync(Eventually.Bound);
        Assert.Equal(
            2,
            await _store.NumberAsync(
                """
                select count(*) from information_schema.statistics where table_schema = database()
                  and index_name like 'next%'
                """
            )
        );
    }

    [Fact]
    public async Task AStartWhoseConnectionIsLostSaysSoAndTheNextGoesOn()
    {
        await using (await ReadAsync("timed_task"))
        {
            var migrating = Migrator(TimeSpan.FromMinutes(10)).RunAsync(CancellationToken.None);
            var waiting = 0L;
            await Eventually.TrueAsync(
                async () => (waiting = await WaitingMigrationAsync()) > 0,
                "the migration waits for the reader"
            );
            await mariaDb.Server.ExecuteAsync(null, $"kill connection {waiting}");
            await Assert.ThrowsAsync<MySqlException>(() => migrating.WaitAsync(Eventually.Bound));
        }

        await Migrator(TimeSpan.FromMinutes(1)).RunAsync(CancellationToken.None).WaitAsync(Eventually.Bound);
    }

    public async ValueTask InitializeAsync() =>
        _store = (MySqlUnderTest)await MySqlUnderTest.CreateAsync(mariaDb.Server);

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private MySqlMigrator Migrator(TimeSpan total) =>
        new(
            (MySqlDatabase)_store.Database,
            [s_next],
            TimeProvider.System,
            _log,
            new MigrationRetryPolicy(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(200), total)
        );

    /// <summary>Somebody who has read a table and has not ended the transaction.</summary>
    private async Task<MySqlConnection> ReadAsync(string table)
    {
        var reader = await _store.OpenAsync();
        await MySqlUnderTest.RunAsync(reader, $"start transaction; select count(*) from {table}");
        return reader;
    }

    /// <summary>The connection whose change of a table waits, 0 where none does.</summary>
    private Task<long> WaitingMigrationAsync() =>
        _store.NumberAsync(
            """
            select coalesce(max(id), 0) from information_schema.processlist
              where db = database() and info like 'alter table timed_task%'
            """
        );

    private async Task<Load> StartLoadAsync()
    {
        var load = new Load(await _store.StartAsync());
        await load.GoOnAsync();
        return load;
    }

    /// <summary>A silo of the release before, which commits without pause.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private const int AFew = 5;
        private readonly Committer _committer;
        private readonly CancellationTokenSource _over = new();
        private readonly Task _running;
        private long _committed;

        public Load(Committer committer)
        {
            _committer = committer;
            _running = Task.Run(CommitAsync);
        }

        public long Committed => Interlocked.Read(ref _committed);

        /// <summary>Waits for a few more commits.</summary>
        public async Task GoOnAsync()
        {
            var enough = Committed + AFew;
            await Eventually.TrueAsync(() => Committed >= enough || _running.IsCompleted, "commits go on");
            if (_running.IsCompleted)
                await _running;
        }

        public async Task StopAsync()
        {
            await _over.CancelAsync();
            await _running.WaitAsync(Eventually.Bound);
            Assert.False(_committer.Fenced.IsCompleted);
        }

        public async ValueTask DisposeAsync()
        {
            await _over.CancelAsync();
            _over.Dispose();
        }

        private async Task CommitAsync()
        {
            for (var sequence = 1; !_over.IsCancellationRequested; sequence++)
            {
                var result = await _committer.SendAsync(Commits.Join(Commits.Group(1), sequence));
                Assert.Equal(CommitStatus.Committed, result.Status);
                Interlocked.Increment(ref _committed);
            }
        }
    }

    /// <summary>What was logged, by the number of the event.</summary>
    private sealed class Told : ILogger
    {
        private readonly ConcurrentQueue<(int Id, string Text)> _lines = new();

        public List<string> Of(int id) => [.. _lines.Where(line => line.Id == id).Select(line => line.Text)];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) =>
            _lines.Enqueue((eventId.Id, string.Create(CultureInfo.InvariantCulture, $"{formatter(state, exception)}")));
    }
}
