using GroupBuyActors.Committing;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Streams;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Streams;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Conformance.Databases;

/// <summary>The server of a test run.</summary>
public sealed class MariaDb : IAsyncLifetime
{
    /// <summary>Running.</summary>
    public MariaDbServer Server { get; private set; } = null!;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync() => Server = await MariaDbServer.StartAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>A migrated database of its own, and silos on it.</summary>
internal abstract class StoreUnderTest : IAsyncDisposable
{
    private readonly List<Committer> _committers = [];
    private int _silos;

    /// <summary>For reading and writing beside the committer.</summary>
    public abstract Database Database { get; }

    /// <summary>The table of streams.</summary>
    public IStreams Streams => new StreamTable(Database);

    /// <summary>What is set aside on the way from streams.</summary>
    public IBlockedActorStore BlockedActors => new BlockedActorTable(Database);

    /// <summary>The table of tasks.</summary>
    public ITaskStore Tasks => new TaskReader(Database);

    /// <summary>The table of endings.</summary>
    public ITaskOutcomes Outcomes => new TaskOutcomes(Database);

    /// <summary>True where the database is a server: connections can be lost, locks wait, lanes are several.</summary>
    public abstract bool IsServer { get; }

    /// <summary>A committer that is not started; tests of time bring their own.</summary>
    public Committer NewCommitter(Action<StoreOptions>? configure = null, TimeProvider? time = null)
    {
        var options = new StoreOptions { CommandTimeout = TimeSpan.FromSeconds(3) };
        configure?.Invoke(options);
        var committer = Create(options, time ?? TimeProvider.System);
        _committers.Add(committer);
        return committer;
    }

    /// <summary>A committer of a silo that has started.</summary>
    public async Task<Committer> StartAsync(Action<StoreOptions>? configure = null, TimeProvider? time = null)
    {
        var committer = NewCommitter(configure, time);
        var silo = Interlocked.Increment(ref _silos);
        await committer.StartAsync(
            new SiloIdentity($"S127.0.0.1:{11110 + silo}:{silo}", $"silo-{silo}"),
            CancellationToken.None
        );
        return committer;
    }

    /// <summary>Ends a silo in good order.</summary>
    public static Task StopAsync(Committer committer) =>
        committer.StopAsync(CancellationToken.None).WaitAsync(Eventually.Bound);

    /// <summary>
    /// Keeps every commit of the committer waiting until disposed, so that those called meanwhile make one batch.
    /// </summary>
    public abstract Task<IAsyncDisposable> HoldCommitsAsync(Committer committer);

    /// <summary>Lets the database answer and take no commit until disposed.</summary>
    public abstract Task<IAsyncDisposable> RefuseWritesAsync();

    /// <summary>Runs statements.</summary>
    public Task ExecuteAsync(string sql) =>
        Database.WriteAsync((session, ct) => session.ExecuteAsync(Text(sql), ct), CancellationToken.None);

    /// <summary>The first value of the first row as a number, 0 where there is none.</summary>
    public Task<long> NumberAsync(string sql) =>
        Database.ReadAsync((session, ct) => session.NumberAsync(Text(sql), 0, ct), CancellationToken.None);

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        foreach (var committer in _committers)
        {
            using var soon = new CancellationTokenSource(Eventually.Bound);
            try
            {
                await committer.StopAsync(soon.Token);
            }
            catch (OperationCanceledException)
            {
                // A lane that some tests leave waiting for a database which does not come back.
            }
            committer.Dispose();
        }
        await Database.DisposeAsync();
    }

    /// <summary>Makes the committer of the database.</summary>
    protected abstract Committer Create(StoreOptions options, TimeProvider time);

    private static SqlText Text(string sql)
    {
        var text = new SqlText();
        text.AppendLiteral(sql);
        return text;
    }
}

/// <summary>Waits that end as soon as they can and fail when they take too long.</summary>
internal static class Eventually
{
    /// <summary>Longer than anything takes that works.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    /// <summary>Waits for a condition in the server.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string claim)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(started) < Bound,
                $"In {Bound.TotalSeconds} s it did not come about that {claim}."
            );
            // Longer than InnoDB keeps its table of transactions for the next reader.
            await Task.Delay(TimeSpan.FromMilliseconds(120), TimeProvider.System);
        }
    }

    /// <summary>Waits for a condition that gives no signal.</summary>
    public static async Task TrueAsync(Func<bool> condition, string claim)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(started) < Bound,
                $"In {Bound.TotalSeconds} s it did not come about that {claim}."
            );
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }
}
