using System.Threading.Channels;
using GroupBuyActors.Hosting;
using GroupBuyActors.Setting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Background;

public sealed class BackgroundSupervisorTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly FakeTimeProvider _time = new();
    private readonly RecordedExit _exit = new();

    [Fact]
    public async Task AServiceThatThrowsGoesOn()
    {
        var service = new Counting(failures: 3);
        var supervisor = Supervisor(service);
        supervisor.Start();
        await TestSilo.AdvanceUntilAsync(_time, Second, service.RanAsync(5));
        Assert.Null(supervisor.FailingBecause);
        await supervisor.StopAsync();
        Assert.Null(supervisor.FailingBecause);
        Assert.Empty(_exit.Reasons);
    }

    [Fact]
    public async Task AFailedRunIsMadeAgainAfterGrowingWaitsUnlessItIsStopped()
    {
        var log = new KeptLog();
        var service = new Counting(failures: int.MaxValue);
        using var stop = new CancellationTokenSource();
        var running = service.RunAsync(
            Loops.NewContext(_time, LoggerFactory.Create(logs => logs.AddProvider(log)).CreateLogger<BackgroundLoop>()),
            stop.Token
        );
        await TestSilo.AdvanceUntilAsync(_time, TimeSpan.FromMilliseconds(250), service.RanAsync(4));
        Assert.InRange(log.Of(2200).Count, 3, 5);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TestSilo.Bound));
    }

    [Fact]
    public async Task AServiceRunsAgainAfterItsPauseAndAtOnceWhereItIsAskedFor()
    {
        var service = new Counting(failures: 0);
        var supervisor = Supervisor(service);
        supervisor.Start();
        await service.RanAsync(1);
        service.RunSoon();
        await service.RanAsync(1);
        await TestSilo.AdvanceUntilAsync(_time, Second, service.RanAsync(1));
        await supervisor.StopAsync();
    }

    [Fact]
    public async Task AServiceThatEndsByItselfIsNamed()
    {
        var (ends, throws) = (new Ending("ends"), new Ending("throws", new IOException("As scripted.")));
        var supervisor = Supervisor(ends, throws, new Counting(failures: 0));
        supervisor.Start();
        await TestSilo.UntilAsync(() => supervisor.FailingBecause?.Contains("ends, throws") ?? false);
        Assert.Empty(_exit.Reasons);
        await supervisor.StopAsync();
    }

    [Fact]
    public async Task AnEssentialServiceThatEndsByItselfEndsTheSilo()
    {
        var supervisor = Supervisor(new Ending("heart", isEssential: true));
        supervisor.Start();
        Assert.Contains("heart", await _exit.ExitedAsync());
        Assert.Contains("heart", supervisor.FailingBecause);
    }

    [Fact]
    public async Task OneThatComesAndGoesEndsWithItsToken()
    {
        var supervisor = Supervisor();
        using var stop = new CancellationTokenSource();
        var running = supervisor.RunAsync(new Counting(failures: 0), stop.Token);
        await stop.CancelAsync();
        await running.WaitAsync(TestSilo.Bound);
        Assert.Null(supervisor.FailingBecause);
    }

    [Fact]
    public async Task StoppingWaitsNoLongerThanItsBound()
    {
        var (hanging, last) = (new Hanging(), new Counting(failures: 0) { IsLast = true });
        var supervisor = Supervisor(hanging, last);
        supervisor.Start();
        await hanging.Began;
        var stopping = supervisor.StopFirstAsync();
        Assert.False(stopping.IsCompleted);
        _time.Advance(new GrainsOptions().StopBound);
        await stopping.WaitAsync(TestSilo.Bound);
        await last.RanAsync(1);
        last.RunSoon();
        await last.RanAsync(1);
        await supervisor.StopAsync();
    }

    private BackgroundSupervisor Supervisor(params BackgroundLoop[] loops) =>
        new(
            loops,
            Loops.NewContext(_time),
            _exit,
            _time,
            Options.Create(new GrainsOptions()),
            NullLogger<BackgroundSupervisor>.Instance
        );

    /// <summary>Counts its runs, the first of which fail.</summary>
    private sealed class Counting(int failures) : PeriodicService<int>
    {
        private readonly Channel<int> _runs = Channel.CreateUnbounded<int>();
        private int _count;

        public bool IsLast { get; init; }

        public override string Name => "counting";

        public override bool RunsUntilGroupsAreGone => IsLast;

        public async Task RanAsync(int times)
        {
            using var bound = new CancellationTokenSource(TestSilo.Bound);
            for (var n = 0; n < times; n++)
                await _runs.Reader.ReadAsync(bound.Token);
        }

        public override Task<int> RunOnceAsync(CancellationToken cancellation)
        {
            _runs.Writer.TryWrite(++_count);
            return _count <= failures ? throw new IOException("As scripted.") : Task.FromResult(_count);
        }

        protected override TimeSpan PauseAfter(int result) => 2 * Second;
    }

    /// <summary>Ends though nobody stopped it.</summary>
    private sealed class Ending(string name, Exception? cause = null, bool isEssential = false) : BackgroundLoop
    {
        public override string Name => name;

        public override bool IsEssential => isEssential;

        internal override Task RunAsync(BackgroundContext context, CancellationToken stopping) =>
            cause is null ? Task.CompletedTask : Task.FromException(cause);
    }

    /// <summary>A run that does not heed its token.</summary>
    private sealed class Hanging : StreamingService
    {
        private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Began => _began.Task;

        public override string Name => "hanging";

        public override Task<int> RunOnceAsync(CancellationToken cancellation)
        {
            _began.TrySetResult();
            return new TaskCompletionSource<int>().Task;
        }
    }

    private sealed class RecordedExit : ISiloExit
    {
        private readonly TaskCompletionSource<string> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<string> Reasons { get; } = [];

        public Task<string> ExitedAsync() => _exited.Task.WaitAsync(TestSilo.Bound);

        public void Exit(string why)
        {
            Reasons.Add(why);
            _exited.TrySetResult(why);
        }
    }
}
