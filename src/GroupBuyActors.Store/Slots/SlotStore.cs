using GroupBuyActors.Committing;
using GroupBuyActors.Reading;
using GroupBuyActors.Store.Committing;
using GroupBuyActors.Store.Committing.MySql;
using GroupBuyActors.Store.Committing.Sqlite;
using GroupBuyActors.Store.Databases;
using GroupBuyActors.Store.Placement;
using GroupBuyActors.Store.Projections;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Store.Retention;
using GroupBuyActors.Store.Streams;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Streams;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Store.Slots;

/// <summary>One database and everything that uses it, for a range of merchant slots.</summary>
internal sealed class SlotStore : IAsyncDisposable
{
    private readonly Lazy<Committer> _committer;

    public SlotStore(
        SlotRange range,
        string connectionString,
        StoreOptions options,
        Lazy<CommitMetrics> metrics,
        TimeProvider time,
        ILoggerFactory logs
    )
    {
        Range = range;
        if (options.Provider == StoreProvider.Sqlite)
        {
            var sqlite = new SqliteDatabase(connectionString, StoreOptions.ReadConnectionsMax);
            Database = sqlite;
            Health = new SqliteStoreHealth(sqlite, time, logs.CreateLogger<SqliteStoreHealth>());
            var log = logs.CreateLogger<SqliteCommitter>();
            _committer = new(() =>
                new SqliteCommitter(sqlite, options, time, log, metrics.Value) { LowestSlot = range.First }
            );
        }
        else
        {
            var mySql = new MySqlDatabase(
                connectionString,
                StoreOptions.ReadConnectionsMax,
                MySqlDatabase.StatementTimeout
            );
            Database = mySql;
            Health = new MySqlStoreHealth(mySql, time, logs.CreateLogger<MySqlStoreHealth>());
            var log = logs.CreateLogger<MySqlCommitter>();
            _committer = new(() =>
                new MySqlCommitter(mySql, options, time, log, metrics.Value) { LowestSlot = range.First }
            );
        }

        Streams = new StreamTable(Database);
        BlockedActors = new BlockedActorTable(Database);
        Reader = new ActorReader(Database);
        Groups = new GroupQueries(Database);
        Books = new BookReader(Database);
        Projections = new ProjectionWriter(Database);
        Totals = new BookTotals(Database);
        Tasks = new TaskReader(Database);
        TaskLists = new TaskLists(Database);
        Outcomes = new TaskOutcomes(Database);
        Policies = new PolicyStore(Database);
        OldRows = new OldRows(Database);
        OldActors = new OldActors(Database);
        OldJournals = new OldJournals(Database, OldActors);
        Shards = new Shards(Database);
    }

    public SlotRange Range { get; }

    public Database Database { get; }

    public IStoreHealth Health { get; }

    public ICommitter Committer => _committer.Value;

    public IStreams Streams { get; }

    public IBlockedActorStore BlockedActors { get; }

    public IActorReader Reader { get; }

    public GroupQueries Groups { get; }

    public BookReader Books { get; }

    public IProjections Projections { get; }

    public BookTotals Totals { get; }

    public ITaskStore Tasks { get; }

    public TaskLists TaskLists { get; }

    public ITaskOutcomes Outcomes { get; }

    public IPolicyStore Policies { get; }

    public OldRows OldRows { get; }

    public OldActors OldActors { get; }

    public OldJournals OldJournals { get; }

    public IShards Shards { get; }

    /// <summary>True once a call of <see cref="SlotStores.FromEachAsync"/> got no answer, until one gets it.</summary>
    internal bool IsAway { get; set; }

    public async ValueTask DisposeAsync()
    {
        if (_committer.IsValueCreated)
            _committer.Value.Dispose();
        await Database.DisposeAsync().ConfigureAwait(false);
    }
}
