using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Tasks;

/// <summary>What a redrive keeps.</summary>
[GenerateSerializer, Alias("groupbuy.RedriveState")]
internal sealed class RedriveState
{
    [Id(0)]
    public RedriveOrder? Order { get; set; }

    [Id(1)]
    public string? Mark { get; set; }

    [Id(2)]
    public int Total { get; set; }

    [Id(3)]
    public int Done { get; set; }

    [Id(4)]
    public int Refused { get; set; }

    [Id(5)]
    public string Status { get; set; } = "running";

    [Id(6)]
    public DateTimeOffset StartedAt { get; set; }

    [Id(7)]
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>
/// See <see cref="IRedriveGrain"/>. One page a second, kept after each, so that a crash repeats at most a page; and a
/// dead letter that was redriven already is refused, so that repeating does nothing. A reminder wakes it where its silo
/// is gone.
/// </summary>
internal sealed class RedriveGrain(
    [PersistentState(RedriveGrain.StateName)] IPersistentState<RedriveState> memory,
    ITaskOutcomes outcomes,
    TaskOperations operations,
    ClusterClock clock,
    TimeProvider time,
    ILogger<RedriveGrain> log
) : Grain, IRedriveGrain, IRemindable
{
    /// <summary>Names the state in grain storage: stable for ever.</summary>
    public const string StateName = "redrive";

    private const string ReminderName = "go-on";
    private const int CountMax = 100_000;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1),
        Minute = TimeSpan.FromMinutes(1);
    private IGrainTimer? _timer;
    private IdleDeactivation? _idle;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (IsRunning)
            GoOn();
        return Task.CompletedTask;
    }

    public async Task<RedriveReport> Start(RedriveOrder order)
    {
        if (memory.State.Order is not null)
            return Report();
        var now = clock.GetUtcNow();
        order = order with { To = order.To is { } to && to < now ? to : now };
        memory.State = new RedriveState
        {
            Order = order,
            StartedAt = now,
            Total = await outcomes.CountAsync(order.Filter(), CountMax, CancellationToken.None),
        };
        await memory.WriteStateAsync();
        await this.RegisterOrUpdateReminder(ReminderName, Minute, Minute);
        GoOn();
        return Report();
    }

    public Task<RedriveReport?> GetReport() => Task.FromResult(memory.State.Order is null ? Nothing() : Report());

    public async Task<RedriveReport?> Stop()
    {
        if (memory.State.Order is null)
            return Nothing();
        if (IsRunning)
            await EndAsync("stopped");
        return Report();
    }

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        if (IsRunning)
            GoOn();
        else
            await ForgetReminderAsync();
    }

    /// <summary>A made-up id: nothing is kept under it, so nothing stays in memory for it.</summary>
    private RedriveReport? Nothing()
    {
        (_idle ??= new IdleDeactivation(this, () => memory.State.Order is not null, time)).Touched();
        return null;
    }

    private bool IsRunning => memory.State is { Order: not null, Status: "running" };

    private void GoOn() =>
        _timer ??= this.RegisterGrainTimer(
            StepAsync,
            new GrainTimerCreationOptions
            {
                DueTime = TimeSpan.Zero,
                Period = Second,
                KeepAlive = true,
            }
        );

    private async Task StepAsync(CancellationToken cancellation)
    {
        try
        {
            var state = memory.State;
            if (!IsRunning || state.Order is not { } order)
                return;
            var page = await outcomes.SearchAsync(order.Filter(), state.Mark, order.RatePerSecond, cancellation);
            foreach (var ending in page.Items)
            {
                if (await operations.RedriveAsync(ending.TaskId, cancellation) == TaskChangeOutcome.Done)
                    state.Done++;
                else
                    state.Refused++;
            }

            state.Mark = page.Next;
            if (page.Next is null)
                await EndAsync("completed");
            else
                await memory.WriteStateAsync(cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            TaskLog.RedriveFailed(log, e, this.GetPrimaryKeyString());
        }
    }

    private async Task EndAsync(string status)
    {
        _timer?.Dispose();
        _timer = null;
        (memory.State.Status, memory.State.EndedAt) = (status, clock.GetUtcNow());
        await memory.WriteStateAsync();
        await ForgetReminderAsync();
    }

    private async Task ForgetReminderAsync()
    {
        if (await this.GetReminder(ReminderName) is { } reminder)
            await this.UnregisterReminder(reminder);
    }

    private RedriveReport Report()
    {
        var state = memory.State;
        return new RedriveReport(
            state.Status,
            state.Total,
            state.Done,
            state.Refused,
            state.Order!.RatePerSecond,
            state.StartedAt,
            state.EndedAt
        );
    }
}
