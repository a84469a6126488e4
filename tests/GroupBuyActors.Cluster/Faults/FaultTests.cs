using System.Diagnostics;
using System.Globalization;
using GroupBuyActors.Cluster.Checks;
using GroupBuyActors.Cluster.Load;
using GroupBuyActors.Testing;
using GroupBuyActors.Testing.Silos;
using Xunit;

namespace GroupBuyActors.Cluster.Faults;

/// <summary>
/// Whatever fails, in whatever order, under load: a cluster of real processes lives through one schedule of faults
/// after another, each with campaigns and buyers of its own, then comes to rest, and is taken to account for every
/// payment, unit and event.
/// </summary>
/// <remarks>
/// <c>GROUPBUY_SEED</c> is the first schedule's seed and the following ones count up from it;
/// <c>GROUPBUY_FAULT_SEEDS</c> says how many (default 20), <c>GROUPBUY_FAULT_SECONDS</c> how long each takes (default
/// 2.5), and <c>GROUPBUY_FAULT_MINUTES</c> after what time no further one is played (<c>tests/run --chaos</c> sets
/// it). A failure names the schedule by its campaigns' prefix: that seed with one schedule plays it again. Processes
/// and threads are not replayed to the letter.
/// </remarks>
public sealed class FaultTests(ITestOutputHelper output)
{
    private const int Silos = 3;
    private static readonly TimeSpan? TimeAllowed = Number("GROUPBUY_FAULT_MINUTES") is { } minutes
        ? TimeSpan.FromMinutes(minutes)
        : null;
    private static readonly int Seeds = (int)(Number("GROUPBUY_FAULT_SEEDS") ?? (TimeAllowed is null ? 20 : 100_000));
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(Number("GROUPBUY_FAULT_SECONDS") ?? 2.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly int _seed = (int?)Number("GROUPBUY_SEED") ?? Random.Shared.Next(1_000_000);
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Ledger _ledger = new();
    private readonly List<FaultSchedule> _played = [];

    [Fact]
    public async Task EveryPaymentEveryUnitAndEveryEventIsAccountedForAfterManySchedulesOfFaults()
    {
        output.WriteLine($"Seeds from {_seed}");
        using var kafka = new MockKafka();
        var environment = new Dictionary<string, string?>
        {
            ["GroupBuy__Kafka__BootstrapServers"] = kafka.BootstrapServers,
        };
        await using var system = await TestedSystem.OnMariaDbThroughProxyAsync(Silos, environment);
        Assert.SkipWhen(system.Database!.IsExternal, "The database server is not ours to kill.");
        await using var view = new ViewProcess(system.Directory, kafka.BootstrapServers);
        using var edge = new Edge(system.Addresses) { Complain = _ledger.Complain };
        var auditor = new Auditor(edge, _ledger);
        Tell("ready");
        try
        {
            await PlayAllAsync(system, kafka, view, edge, auditor);
            await SettleAsync(system, edge, auditor);
            List<string> faults =
            [
                .. await auditor.AuditAsync(),
                .. await new TablesAudit(system.Database, system.DatabaseName!, _ledger, auditor.Stories).AuditAsync(),
            ];
            faults.AddRange(await HearAsync(kafka, view, auditor));
            Tell("audited");
            if (faults.Count > 0)
                Fail(faults, auditor);
            // A run in which little happened proves little.
            Assert.True(
                _ledger.Purchases.Count > 10 * _played.Count && _ledger.Campaigns.Count > 4 * _played.Count,
                $"only {_ledger.Purchases.Count} orders in {_ledger.Campaigns.Count} campaigns"
            );
        }
        catch (Exception e)
        {
            system.KeepsFiles = true;
            output.WriteLine(
                $"{e.GetType().Name}; logs are kept in {system.Directory}. Complaints:\n  "
                    + $"{string.Join("\n  ", _ledger.Complaints)}\n{system.Tails()}\n{view.Tail()}"
            );
            output.WriteLine($"Played, the last one last:\n  {string.Join("\n  ", _played)}");
            throw;
        }
    }

    private async Task PlayAllAsync(TestedSystem system, MockKafka kafka, ViewProcess view, Edge edge, Auditor auditor)
    {
        using var enough = new CancellationTokenSource();
        var orchestrator = new Orchestrator(system);
        var player = new FaultPlayer(system, orchestrator, kafka, view, edge, OpenSku);
        Task[] watching = [orchestrator.WatchAsync(enough.Token), auditor.WatchBooksAsync(enough.Token)];
        var crowds = new List<(Crowd Crowd, Task Stopped)>();
        var looks = new List<Task>();
        // The first thing that should not be ends it, so that its schedule is among the last.
        for (
            var number = 0;
            number < Seeds
                && _ledger.Complaints.IsEmpty
                && (number == 0 || _clock.Elapsed < (TimeAllowed ?? TimeSpan.MaxValue));
            number++
        )
        {
            var schedule = FaultSchedule.Of(_seed + number, Length, Silos);
            _played.Add(schedule);
            var crowd = new Crowd(edge, _ledger, schedule.Seed, $"s{number}-");
            crowd.Start();
            await player.PlayAsync(schedule);
            Tell($"{_ledger.Acknowledged} acknowledged calls after schedule {number}, {schedule}");
            // Its people finish what they are at while the next ones come; and histories are read as far as they go.
            crowds.Add((crowd, crowd.StopAsync()));
            looks.Add(LookAsync(auditor, number));
            if (watching.FirstOrDefault(task => task.IsFaulted) is { } broken)
                await broken;
            // The next may kill one more, and somebody is to be left.
            await orchestrator.WaitUntilReadyAsync(Silos - 1, Patience);
        }
        await Task.WhenAll(looks);
        await Task.WhenAll(crowds.Select(crowd => crowd.Stopped));
        foreach (var (crowd, _) in crowds)
            crowd.ThrowIfBroken();
        await orchestrator.WaitUntilReadyAsync(Silos, Patience);
        await enough.CancelAsync();
        await Task.WhenAll(watching);
        Tell(
            $"{_ledger.Campaigns.Count} campaigns, {_ledger.Purchases.Count} orders, {_ledger.Acknowledged} "
                + $"acknowledged calls, {edge.Unknown} tries with an unknown outcome, "
                + $"{orchestrator.OwnEnds} silos ended by themselves"
        );
    }

    /// <summary>A schedule's own campaigns: their stories so far can be true.</summary>
    private async Task LookAsync(Auditor auditor, int number)
    {
        var faults = await auditor.ReadSoFarAsync(_ledger.Campaigns.Values.Where(campaign => IsOf(campaign, number)));
        foreach (var fault in faults)
            _ledger.Complain($"after schedule {number}: {fault}");
    }

    /// <summary>Everything due is done, and what would come hours later is brought forward.</summary>
    private async Task SettleAsync(TestedSystem system, Edge edge, Auditor auditor)
    {
        Assert.Null(await auditor.WaitUntilSettledAsync(Patience));
        Tell("settled");
        var ends = new Ends(edge, _ledger);
        await ends.CheckPaymentsAsync(Patience);
        await ends.LapseVouchersAsync(Patience);
        Assert.Null(await auditor.WaitUntilSettledAsync(Patience));
        var tables = new TablesAudit(system.Database!, system.DatabaseName!, _ledger, auditor.Stories);
        var started = TimeProvider.System.GetTimestamp();
        while ((await tables.OpenTasksAsync()).Count > 0 && TimeProvider.System.GetElapsedTime(started) < Patience)
            await Task.Delay(100);
        Tell($"settled again after {ends.Run} tasks that would have come later");
    }

    /// <summary>
    /// Waits until everything is on the topic and then in the view, and compares both with the journal.
    /// </summary>
    private async Task<IReadOnlyList<string>> HearAsync(MockKafka kafka, ViewProcess view, Auditor auditor)
    {
        var topic = new TopicAudit(kafka.BootstrapServers, auditor.Stories);
        var told = await RepeatAsync(topic.Audit);
        Tell($"heard: {topic.Messages} messages, {topic.Repeats} of them repeats");
        var seen = await RepeatAsync(() =>
        {
            view.ThrowIfEnded();
            return topic.Audit(view.Read());
        });
        Tell($"seen: the view was killed {view.Kills} times");
        return [.. told, .. seen];

        async Task<IReadOnlyList<string>> RepeatAsync(Func<IReadOnlyList<string>> audit)
        {
            IReadOnlyList<string> before = [];
            var started = TimeProvider.System.GetTimestamp();
            while (true)
            {
                var faults = await Task.Run(audit);
                if (faults.Count > 0 && faults.Count != before.Count)
                    Tell($"not yet: {faults.Count} such as {faults[0]}");
                before = faults;
                if (faults.Count == 0 || TimeProvider.System.GetElapsedTime(started) > Patience)
                    return faults;
                await Task.Delay(200);
            }
        }
    }

    /// <summary>A sku of a campaign that is on and will need stock; the schedule's own where there is one.</summary>
    private string OpenSku() =>
        _ledger
            .Campaigns.Values.Where(campaign =>
                !campaign.IsOver && campaign.Plot is not (Plot.TimesOut or Plot.Withdrawn)
            )
            .MaxBy(campaign => IsOf(campaign, _played.Count - 1))
            ?.Sku
        ?? "tea-nobody-sells";

    private static bool IsOf(Campaign campaign, int schedule) =>
        campaign.Id.Contains($".s{schedule}-", StringComparison.Ordinal);

    private void Fail(List<string> faults, Auditor auditor)
    {
        var told = _ledger
            .Campaigns.Keys.Where(group => faults.Any(fault => fault.Contains(group, StringComparison.Ordinal)))
            .Take(3)
            .Select(group => $"{group}:\n    {string.Join("\n    ", auditor.Stories[group].Lines)}");
        Assert.Fail(
            $"Seeds {_seed} to {_seed + _played.Count - 1}. {faults.Count} faults:\n  "
                + $"{string.Join("\n  ", faults.Take(60))}\n{string.Join('\n', told)}"
        );
    }

    private void Tell(string what) =>
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"{_clock.Elapsed.TotalSeconds, 6:0.0} s  {what}")
        );

    private static double? Number(string variable) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
}
