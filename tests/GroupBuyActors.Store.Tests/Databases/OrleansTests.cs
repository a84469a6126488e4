using System.Net;
using GroupBuyActors.Testing.Silos;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Storage;

namespace GroupBuyActors.Store.Tests.Databases;

public sealed class SqliteOrleansTests(SqliteFiles files) : OrleansTests(files)
{
    protected override void Cluster(ISiloBuilder silo, OrleansDatabase database, int siloPort, int gatewayPort) =>
        silo.UseLocalhostClustering(siloPort, gatewayPort, serviceId: "test", clusterId: "test");
}

public sealed class MySqlOrleansTests(MariaDb server) : OrleansTests(server)
{
    protected override void Cluster(ISiloBuilder silo, OrleansDatabase database, int siloPort, int gatewayPort)
    {
        silo.UseAdoNetClustering(options =>
        {
            options.Invariant = database.Invariant;
            options.DataSource = database.DataSource;
        });
        silo.Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = ("test", "test"));
        silo.ConfigureEndpoints(IPAddress.Loopback, siloPort, gatewayPort);
    }

    [Fact]
    public async Task TwoSilosJoinOneCluster()
    {
        await using var store = await TestStore.NewAsync(server);
        await using var first = await StartAsync(store);
        var second = await StartAsync(store);
        var members = first.Services.GetRequiredService<IManagementGrainAccess>();
        await members.WaitForActiveAsync(2);
        await second.DisposeAsync();
        await members.WaitForActiveAsync(1);
    }

    [Fact]
    public async Task MembershipMovesWithItsVersionOrNotAtAll()
    {
        await using var store = await TestStore.NewAsync(server);
        using var host = Build(store);
        var table = host.Services.GetRequiredService<IMembershipTable>();
        await table.InitializeMembershipTableAsync(true, default);
        var empty = await table.ReadAllAsync();
        var (first, second) = (Entry(1), Entry(2));
        Assert.True(await table.InsertRowAsync(first, empty.Version.Next()));
        var one = await table.ReadAllAsync();
        Assert.Equal(empty.Version.Version + 1, one.Version.Version);
        var etag = one.Members[0].Item2;
        Assert.Equal(first.StartTime, one.Members[0].Item1.StartTime);

        // The same silo again, another with a stale version, one that is not there: nothing changes, not even the
        // version.
        Assert.False(await table.InsertRowAsync(first, one.Version.Next()));
        Assert.False(await table.InsertRowAsync(second, empty.Version.Next()));
        Assert.False(await table.UpdateRowAsync(second, etag, one.Version.Next()));
        Assert.Equal(one.Version.Version, (await table.ReadAllAsync()).Version.Version);

        // Ten at once on one version: one wins.
        var outcomes = await Task.WhenAll(
            Enumerable.Range(10, 10).Select(port => table.InsertRowAsync(Entry(port), one.Version.Next()))
        );
        Assert.Single(outcomes, won => won);
        var two = await table.ReadAllAsync();
        Assert.Equal(2, two.Members.Count);

        // The dead are swept, the living stay, whatever their clock says.
        first.Status = SiloStatus.Dead;
        Assert.True(await table.UpdateRowAsync(first, two.Members[0].Item2, two.Version.Next()));
        await table.CleanupDefunctSiloEntriesAsync(TimeProvider.System.GetUtcNow().AddYears(1));
        Assert.NotEqual(first.SiloAddress, Assert.Single((await table.ReadAllAsync()).Members).Item1.SiloAddress);
        await table.DeleteMembershipTableEntriesAsync("test");
    }

    private static MembershipEntry Entry(int port)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        now = new DateTime(now.Ticks - now.Ticks % TimeSpan.TicksPerMicrosecond, DateTimeKind.Utc);
        return new MembershipEntry
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, port, 1),
            SiloName = $"silo-{port}",
            HostName = "host",
            Status = SiloStatus.Joining,
            ProxyPort = 0,
            StartTime = now,
            IAmAliveTime = now,
            SuspectTimes = [],
        };
    }
}

/// <summary>Orleans' own providers on our schema: what they bind and what they read back.</summary>
public abstract class OrleansTests(IDatabaseFixture databases)
{
    [Fact]
    public async Task StateSurvivesAndStaleWritersAreRefused()
    {
        await using var store = await TestStore.NewAsync(databases);
        await using var host = await StartAsync(store);
        var storage = host.Services.GetRequiredKeyedService<IGrainStorage>("Default");
        var id = GrainId.Create("test.group", $"10042.SH-PUDONG.{new string('x', 40)}");
        var mine = new GrainState<List<string>>([]);
        var other = new GrainState<List<string>>([]);
        await storage.ReadStateAsync("state", id, mine);
        await storage.ReadStateAsync("state", id, other);
        Assert.False(mine.RecordExists);

        mine.State = ["first"];
        await storage.WriteStateAsync("state", id, mine);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", id, other));
        mine.State = ["second"];
        await storage.WriteStateAsync("state", id, mine);
        await storage.ReadStateAsync("state", id, other);
        Assert.Equal("second", Assert.Single(other.State!));
        Assert.Equal(mine.ETag, other.ETag);

        await storage.ClearStateAsync("state", id, mine);
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("state", id, other));
        await storage.ReadStateAsync("state", id, other);
        Assert.False(other.RecordExists);
        other.State = ["third"];
        await storage.WriteStateAsync("state", id, other);
    }

    [Fact]
    public async Task StateOfAKindIsPurgedByAgeAndNoOther()
    {
        await using var store = await TestStore.NewAsync(databases);
        await using var host = await StartAsync(store);
        var storage = host.Services.GetRequiredKeyedService<IGrainStorage>("Default");
        for (var n = 0; n < 5; n++)
            await storage.WriteStateAsync(
                "answers",
                GrainId.Create("test.answer", $"{n}"),
                new GrainState<List<string>>([$"{n}"])
            );
        var other = GrainId.Create("test.group", "stays");
        await storage.WriteStateAsync("state", other, new GrainState<List<string>>(["stays"]));
        var now = await store.Health.NowAsync(default);
        Assert.Equal(0, await store.StorageUpkeep.PurgeAsync("answers", now.AddMinutes(-1), 100, default));
        Assert.Equal(3, await store.StorageUpkeep.PurgeAsync("answers", now.AddMinutes(1), 3, default));
        Assert.Equal(2, await store.StorageUpkeep.PurgeAsync("answers", now.AddMinutes(1), 3, default));
        var left = new GrainState<List<string>>([]);
        await storage.ReadStateAsync("state", other, left);
        Assert.True(left.RecordExists);
        // One that is wanted all the same begins anew.
        var again = new GrainState<List<string>>([]);
        await storage.ReadStateAsync("answers", GrainId.Create("test.answer", "1"), again);
        Assert.False(again.RecordExists);
        await storage.WriteStateAsync("answers", GrainId.Create("test.answer", "1"), again);
    }

    [Fact]
    public async Task TwoFirstWritersHaveOneWinner()
    {
        await using var store = await TestStore.NewAsync(databases);
        await using var host = await StartAsync(store);
        var storage = host.Services.GetRequiredKeyedService<IGrainStorage>("Default");
        var id = GrainId.Create("test.group", "one");
        var outcomes = await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(async n =>
                {
                    try
                    {
                        await storage.WriteStateAsync("state", id, new GrainState<List<string>>([$"{n}"]));
                        return true;
                    }
                    catch (InconsistentStateException)
                    {
                        return false;
                    }
                })
        );
        Assert.Single(outcomes, won => won);
    }

    [Fact]
    public async Task RemindersKeepTheirMillisecondsAndFarOnesAreNotRead()
    {
        await using var store = await TestStore.NewAsync(databases);
        await using var host = await StartAsync(store);
        var table = host.Services.GetRequiredService<IReminderTable>();
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        now = new DateTime(now.Ticks - now.Ticks % TimeSpan.TicksPerMillisecond, DateTimeKind.Utc);
        var ids = Enumerable
            .Range(0, 40)
            .Select(n =>
                GrainId.Create(
                    "groupbuy.group",
                    $"9223372036854775807.SHANGHAI-ABCDEFGHIJKLMNOP-ABCDEFGHIJKLMNOP-ABCDEFGHIJ.tea-{n:D36}"
                )
            )
            .ToList();
        foreach (var id in ids)
        {
            await table.UpsertRow(
                new ReminderEntry
                {
                    GrainId = id,
                    ReminderName = "running",
                    StartAt = now.AddDays(-1).AddMilliseconds(7),
                    Period = TimeSpan.FromMinutes(5),
                }
            );
            await table.UpsertRow(
                new ReminderEntry
                {
                    GrainId = id,
                    ReminderName = "soon",
                    StartAt = now.AddMinutes(14),
                    Period = TimeSpan.FromDays(40),
                }
            );
            await table.UpsertRow(
                new ReminderEntry
                {
                    GrainId = id,
                    ReminderName = "far",
                    StartAt = now.AddMinutes(16),
                    Period = TimeSpan.FromMinutes(5),
                }
            );
        }

        // Any two ranges that make the whole ring see every reminder that is due soon, once, whether or not the hash
        // wraps.
        foreach (var cut in new uint[] { 0, 7, 0x7fffffff, 0x80000000, 0xfffffff0 })
        {
            var all = (await table.ReadRows(cut, 0x90000000))
                .Reminders.Concat((await table.ReadRows(0x90000000, cut)).Reminders)
                .ToList();
            Assert.Equal(80, all.Count);
            Assert.DoesNotContain(all, reminder => reminder.ReminderName == "far");
        }

        var running = await table.ReadRow(ids[3], "running");
        Assert.Equal(now.AddDays(-1).AddMilliseconds(7), running!.StartAt);
        Assert.Equal(DateTimeKind.Utc, running.StartAt.Kind);
        Assert.Equal(TimeSpan.FromMinutes(5), running.Period);
        Assert.Equal(TimeSpan.FromDays(40), (await table.ReadRow(ids[3], "soon"))!.Period);
        Assert.Equal(3, (await table.ReadRows(ids[3])).Reminders.Count);
        Assert.Equal(ids[3], running.GrainId);

        var newer = await table.UpsertRow(running);
        Assert.NotEqual(running.ETag, newer);
        Assert.False(await table.RemoveRow(ids[3], "running", running.ETag!));
        Assert.True(await table.RemoveRow(ids[3], "running", newer!));
        Assert.Null(await table.ReadRow(ids[3], "running"));
    }

    [Fact]
    public async Task AReminderIsRegisteredThroughAGrain()
    {
        await using var store = await TestStore.NewAsync(databases);
        await using var host = await StartAsync(store);
        var grain = host
            .Services.GetRequiredService<IGrainFactory>()
            .GetGrain<IRemindedGrain>("10042.SH-PUDONG.tea-1123");
        await grain.Remember();
        Assert.Equal(1, await store.NumberAsync($"select count(*) from OrleansRemindersTable"));
        await grain.Forget();
        Assert.Equal(0, await store.NumberAsync($"select count(*) from OrleansRemindersTable"));
    }

    protected abstract void Cluster(ISiloBuilder silo, OrleansDatabase database, int siloPort, int gatewayPort);

    private protected async Task<TestSilo> StartAsync(TestStore store)
    {
        var host = Build(store);
        await host.StartAsync();
        return new TestSilo(host);
    }

    private protected IHost Build(TestStore store) =>
        Host.CreateDefaultBuilder()
            .ConfigureLogging(logging => logging.ClearProviders().SetMinimumLevel(LogLevel.Warning))
            .UseOrleans(silo =>
            {
                var database = store.Orleans;
                Cluster(silo, database, LoopbackPorts.Draw(), LoopbackPorts.Draw());
                silo.UseAdoNetReminderService(options =>
                {
                    options.Invariant = database.Invariant;
                    options.DataSource = database.DataSource;
                });
                silo.AddAdoNetGrainStorage(
                    "Default",
                    options =>
                    {
                        options.Invariant = database.Invariant;
                        options.DataSource = database.DataSource;
                    }
                );
                silo.Services.AddSingleton<IManagementGrainAccess, ManagementGrainAccess>();
            })
            .Build();
}

/// <summary>A silo that leaves its cluster before it is taken apart, whatever the test came to.</summary>
internal sealed class TestSilo(IHost host) : IAsyncDisposable
{
    public IServiceProvider Services => host.Services;

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync();
        host.Dispose();
    }
}

/// <summary>Waits for members.</summary>
internal interface IManagementGrainAccess
{
    Task WaitForActiveAsync(int silos);
}

internal sealed class ManagementGrainAccess(IGrainFactory grains) : IManagementGrainAccess
{
    public async Task WaitForActiveAsync(int silos)
    {
        for (var tries = 0; ; tries++)
        {
            var hosts = await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true);
            if (hosts.Count == silos)
                return;
            Assert.True(tries < 200, $"{hosts.Count} silos are active, not {silos}.");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }
}

public interface IRemindedGrain : IGrainWithStringKey
{
    Task Remember();

    Task Forget();
}

public sealed class RemindedGrain : Grain, IRemindedGrain, IRemindable
{
    public Task Remember() => this.RegisterOrUpdateReminder("deadline", TimeSpan.FromHours(2), TimeSpan.FromMinutes(5));

    public async Task Forget() => await this.UnregisterReminder((await this.GetReminder("deadline"))!);

    public Task ReceiveReminder(string reminderName, TickStatus status) => Task.CompletedTask;
}
