using System.Diagnostics;
using System.Runtime.InteropServices;
using GroupBuyActors.Samples.InventoryView;
using GroupBuyActors.Testing;

namespace GroupBuyActors.Client.Tests.Events;

/// <summary>The sample as its users run it: a process that is killed while it stores, again and again.</summary>
public sealed class SampleProcessTests(BrokersFixture brokers) : IClassFixture<BrokersFixture>, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _topic = brokers.NewTopic();
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-sample-").FullName;
    private readonly List<Process> _started = [];

    private string Data => Path.Combine(_directory, "view.db");

    public void Dispose()
    {
        foreach (var process in _started)
        {
            if (!process.HasExited)
                process.Kill();
            process.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task KilledBetweenStoringAndCommittingItEndsEqualToTheJournal()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Lives.Seed}");
        var groups = Lives.Many(30, Lives.Seed);
        var events = Lives.Interleaved(groups, Lives.Seed);
        const int Kills = 2;
        for (var round = 0; round < Kills; round++)
        {
            // The producer's side dies, too: what was sent last is sent again, whole, by its successor.
            var (begin, end) = (events.Count * round / (Kills + 1), events.Count * (round + 1) / (Kills + 1));
            await brokers.ProduceAsync(
                _topic,
                events[Math.Max(0, begin - 25)..end].Select(happened => happened.Message)
            );
            // Offsets would be committed once an hour: what is stored when it is killed is never committed.
            var running = Start("3600000");
            await UntilStoredAsync(begin + (end - begin) / 2, running);
            running.Kill();
            await running.WaitForExitAsync().WaitAsync(Patience);
        }

        Assert.All(
            brokers.Committed("inventory-view", _topic),
            offset => Assert.True(offset <= 0, "Nothing was committed before a kill.")
        );
        await brokers.ProduceAsync(
            _topic,
            events[(events.Count * Kills / (Kills + 1))..].Select(happened => happened.Message)
        );
        var last = Start("200");
        await UntilStoredAsync(events.Count, last);
        Assert.Equal(0, Signal(last.Id, 15));
        await last.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(0, last.ExitCode);

        using var view = new InventoryView(Data);
        foreach (var group in groups)
            Assert.Equal(group.Truth, LivedGroup.Said(view.Read(group.Id)));
        Assert.Equal(groups.Count, view.ReadAll().Count);
        var listing = Run("--data", Data, "--list");
        Assert.Contains(
            $"{groups[0].Id}  {groups[0].Events.Count}  {groups[0].State.Phase}",
            await listing.StandardOutput.ReadToEndAsync()
        );
    }

    [Fact]
    public async Task WithoutWhatItNeedsItSaysHowItIsUsed()
    {
        var nothing = Run();
        Assert.Contains("Usage:", await nothing.StandardError.ReadToEndAsync());
        await nothing.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(2, nothing.ExitCode);
        var noBroker = Run("--data", Data);
        Assert.Contains("BootstrapServers", await noBroker.StandardError.ReadToEndAsync());
        await noBroker.WaitForExitAsync().WaitAsync(Patience);
        Assert.Equal(1, noBroker.ExitCode);
    }

    private Process Start(string commitInterval) =>
        Run(
            "--bootstrap",
            brokers.Kafka.BootstrapServers,
            "--topic",
            _topic,
            "--data",
            Data,
            "--commit-interval",
            commitInterval,
            "--session-timeout",
            "4500"
        );

    private Process Run(params string[] arguments)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "GroupBuyActors.Samples.InventoryView.dll"), .. arguments]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        ChildProcess.LeaveNoPipes(start);
        var process = Process.Start(start) ?? throw new InvalidOperationException("The sample did not start.");
        _started.Add(process);
        return process;
    }

    private async Task UntilStoredAsync(long events, Process running)
    {
        using var limit = new CancellationTokenSource(Patience, TimeProvider.System);
        using var view = new InventoryView(Data);
        for (long stored; (stored = view.ReadAll().Sum(line => line.Sequence)) < events; )
        {
            if (limit.IsCancellationRequested)
            {
                running.Kill();
                Assert.Fail(
                    $"{stored} of {events} events are stored. It said: "
                        + $"{await running.StandardOutput.ReadToEndAsync(CancellationToken.None)}"
                );
            }

            if (running.HasExited)
                Assert.Fail(
                    $"The sample ended with {running.ExitCode}: "
                        + $"{await running.StandardError.ReadToEndAsync(CancellationToken.None)}"
                );
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int Signal(int process, int signal);
}
