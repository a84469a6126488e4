using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Ports;
using GroupBuyActors.Reading;
using GroupBuyActors.Relay;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Reading;
using GroupBuyActors.Streams;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Orleans.TestingHost;

namespace GroupBuyActors.Setting;

/// <summary>
/// One silo with everything of ours in it: the real store on a SQLite file, scripted ports, and the cluster's clock in
/// the test's hand.
/// </summary>
internal sealed class TestSilo : IAsyncDisposable
{
    /// <summary>No wait of a test is longer.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(90);

    public static readonly DateTimeOffset Evening = new(2026, 11, 23, 19, 0, 0, TimeSpan.Zero);

    private readonly InProcessTestCluster _cluster;

    private TestSilo(InProcessTestCluster cluster, string file, FakeTimeProvider time, ScriptedPorts ports) =>
        (_cluster, File, Time, Ports) = (cluster, file, time, ports);

    public string File { get; }

    /// <summary>The cluster's clock.</summary>
    public FakeTimeProvider Time { get; }

    public ScriptedPorts Ports { get; }

    public IServiceProvider Services => _cluster.GetSiloServiceProvider();

    public IClusterClient Client => _cluster.Client;

    public HeldCommitter Committer => (HeldCommitter)Services.GetRequiredService<ICommitter>();

    public T Get<T>()
        where T : notnull => Services.GetRequiredService<T>();

    public IGroupGrain Group(string id) => Client.GetGrain<IGroupGrain>(id);

    /// <summary>Starts a silo; on a file that another one left behind, it goes on with what is in it.</summary>
    public static async Task<TestSilo> StartAsync(
        string? file = null,
        FakeTimeProvider? time = null,
        ScriptedPorts? ports = null,
        Action<GrainsOptions>? configure = null,
        Action<IServiceCollection>? services = null
    )
    {
        file ??= Path.Combine(Directory.CreateTempSubdirectory("groupbuy-silo-").FullName, "groupbuy.db");
        time ??= new FakeTimeProvider(Evening);
        ports ??= new ScriptedPorts();
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.UseDistributedGrainDirectory = true;
        builder.ConfigureHost(host => host.Logging.SetMinimumLevel(LogLevel.Warning));
        builder.ConfigureSilo(
            (_, silo) =>
            {
                silo.Services.AddSingleton<IInventory>(ports)
                    .AddSingleton<IPayments>(ports)
                    .AddSingleton<INotices>(ports);
                silo.Services.AddSingleton(new ClusterClock(time));
                silo.Services.AddGroupBuyStore(store => store.ConnectionString = $"Data Source={file}");
                var committer = silo.Services.Last(service => service.ServiceType == typeof(ICommitter));
                silo.Services.Remove(committer);
                silo.Services.AddSingleton<ICommitter>(provider => new HeldCommitter(
                    (ICommitter)committer.ImplementationFactory!(provider)
                ));
                silo.UseInMemoryReminderService();
                services?.Invoke(silo.Services);
                silo.UseGroupBuyActors(configure);
            }
        );
        var cluster = builder.Build();
        await cluster.DeployAsync();
        var started = new TestSilo(cluster, file, time, ports);
        // What the silo commits by itself at its start is over before a test holds commits and counts them.
        using var bound = new CancellationTokenSource(Bound);
        while (started.Get<Tasks.CronScheduler>().Wanted > 0)
            await Task.Delay(5, bound.Token);
        return started;
    }

    /// <summary>Publishes a group with small numbers; everything else as the test wants it.</summary>
    public async Task<IGroupGrain> PublishAsync(
        string id,
        int minGroupSize = 2,
        int? capacity = null,
        Func<GroupTermsRequest, GroupTermsRequest>? with = null
    )
    {
        var group = Group(id);
        var termsRequest = new GroupTermsRequest
        {
            Title = "Tea",
            Sku = "tea",
            UnitPrice = new Money(1_500, "CNY"),
            MinGroupSize = minGroupSize,
            Capacity = capacity,
        };
        var reply = await group.Publish(with is null ? termsRequest : with(termsRequest));
        Assert.Null(reply.Refusal);
        return group;
    }

    /// <summary>Waits until the group is as the test expects it.</summary>
    public static Task<GroupView> UntilAsync(IGroupGrain group, Func<GroupView, bool> expected) =>
        UntilAsync(group, group.Get, expected);

    /// <summary>Waits until an order is as the test expects it.</summary>
    public static Task<OrderView> UntilAsync(IGroupGrain group, int order, Func<OrderView, bool> expected) =>
        UntilAsync(group, () => group.GetOrder(order), expected);

    private static async Task<T> UntilAsync<T>(IGroupGrain group, Func<Task<Reply<T>>> read, Func<T, bool> expected)
        where T : class
    {
        using var bound = new CancellationTokenSource(Bound);
        T? seen = null;
        while (true)
        {
            try
            {
                var sequence = (await group.Get()).Value?.Sequence ?? 0;
                seen = (await read()).Value;
                if (seen is not null && expected(seen))
                    return seen;
                await group.WaitForEvents(sequence).WaitAsync(bound.Token);
            }
            catch (StoreUnavailableException) when (!bound.IsCancellationRequested)
            {
                // The activation ended; the next one knows.
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"Still {seen}.");
            }
        }
    }

    /// <summary>Waits until a task has neither a row nor a place in memory.</summary>
    public static async Task GoneAsync(TestSilo silo, string taskId)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (
            silo.Get<Tasks.LocalTaskScheduler>().Find(taskId).Task is not null
            || await silo.Get<Store.Tasks.ITaskStore>().FindAsync(taskId, bound.Token) is not null
        )
            await Task.Delay(10, bound.Token);
    }

    /// <summary>Waits until something holds that no event tells of.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!holds())
            await Task.Delay(10, bound.Token);
    }

    /// <summary>
    /// Moves the clock in steps until something has happened: what waits for a time may begin to wait a moment later.
    /// </summary>
    public Task AdvanceUntilAsync(TimeSpan step, Func<Task> happens) => AdvanceUntilAsync(Time, step, happens());

    /// <summary>The same with another clock.</summary>
    public static async Task AdvanceUntilAsync(FakeTimeProvider time, TimeSpan step, Task happened)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (!happened.IsCompleted)
        {
            time.Advance(step);
            await Task.WhenAny(happened, Task.Delay(20, bound.Token));
            bound.Token.ThrowIfCancellationRequested();
        }

        await happened;
    }

    /// <summary>Waits until every durable sink has all that this silo has committed so far.</summary>
    public async Task RelayedAsync()
    {
        using var bound = new CancellationTokenSource(Bound);
        foreach (var stream in Committer.Streams)
        {
            var end = await Get<IStreams>().EndAsync(stream, bound.Token);
            foreach (var sink in Get<StreamRelay>().DurableSinks)
                while (await Get<IStreams>().CursorAsync(stream, sink, bound.Token) < end)
                    await Task.Delay(20, bound.Token);
        }
    }

    /// <summary>Waits until the group has so many reminders.</summary>
    public async Task RemindersAsync(IGroupGrain group, int count)
    {
        using var bound = new CancellationTokenSource(Bound);
        while ((await Get<IReminderTable>().ReadRows(group.GetGrainId())).Reminders.Count != count)
            await Task.Delay(20, bound.Token);
    }

    /// <summary>Waits until the lists show the group in a phase.</summary>
    public async Task ProjectedAsync(string id, GroupPhase phase)
    {
        using var bound = new CancellationTokenSource(Bound);
        while (
            !(await Get<IGroupQueries>().GroupsAsync(new GroupFilter(State: phase), null, 500, bound.Token)).Items.Any(
                view => view.GroupId.Value == id
            )
        )
            await Task.Delay(20, bound.Token);
    }

    /// <summary>The group's events as they are stored.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(string id) =>
        [
            .. (
                await Get<IActorReader>().HistoryAsync(GroupId.Parse(id).Actor, 0, 100_000, CancellationToken.None)
            ).Select(row => row.Type),
        ];

    /// <summary>Stops the silo and leaves its file.</summary>
    public async Task StopAsync()
    {
        // A test that failed in between may have left the door shut.
        Committer.Release();
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
    }

    /// <summary>Ends the silo without letting it finish anything.</summary>
    public async Task KillAsync()
    {
        foreach (var silo in _cluster.Silos.ToArray())
            await _cluster.KillSiloAsync(silo);
        await _cluster.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        // With it go the files beside the database.
        Directory.Delete(Path.GetDirectoryName(File)!, recursive: true);
    }
}
