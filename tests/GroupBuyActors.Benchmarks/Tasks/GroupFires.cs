using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;
using HdrHistogram;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>A provider that answers at once that it holds nothing: its time is not the engine's.</summary>
internal sealed class EmptyProvider : IPayments
{
    private static readonly Task<PaymentFindings> Nothing = Task.FromResult(new PaymentFindings(PortAnswer.Done, []));

    public Task<PaymentFindings> QueryAsync(OrderId order, CancellationToken cancellation) => Nothing;

    public Task<PortReply> RefundAsync(
        string key,
        OrderId order,
        string paymentId,
        Money amount,
        CancellationToken cancellation
    ) => Task.FromResult(PortReply.Done);
}

/// <summary>
/// The closing of real orders, watched: how late each run begins, and how late its group has committed the close, by
/// the machine's clock. Tasks that are the benchmark's own go to <see cref="RecordingHandler"/>.
/// </summary>
internal sealed class WatchedCloses(RecordingHandler recording, GroupTaskHandler closing, TimeProvider time)
    : ITaskHandler
{
    private GroupFires? _watching;

    public string Type => OrderClose.TypeName;

    /// <summary>Orders closed from now on count there.</summary>
    public void Watch(GroupFires fires) => Volatile.Write(ref _watching, fires);

    public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        if (due.Task.Payload.Span[0] == '[')
            return await recording.RunAsync(due, cancellation);
        var begun = time.GetUtcNow() - due.Task.Key.Due;
        var result = await closing.RunAsync(due, cancellation);
        if (result is HandlerResult.Completed)
            Volatile.Read(ref _watching)?.Closed(due.Task.Key.Due, begun, time.GetUtcNow() - due.Task.Key.Due);
        return result;
    }
}

/// <summary>Orders placed at a rate and left unpaid, so that their closes come due at that rate.</summary>
internal sealed class GroupFires(IGrainFactory grains, TimeProvider time, int rate, TimeSpan over)
{
    private const int Groups = 512;
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(4),
        HeldWithin = TimeSpan.FromSeconds(1),
        PlacedWithin = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LongHistogram _begun = new(1, (long)TimeSpan.FromHours(1).TotalMicroseconds, 3),
        _committed = new(1, (long)TimeSpan.FromHours(1).TotalMicroseconds, 3);
    private int _placed = int.MaxValue;
    private int _closed;
    private DateTimeOffset _firstDue = DateTimeOffset.MaxValue,
        _lastDue,
        _lastEnd;

    private int Count => (int)(rate * over.TotalSeconds);

    /// <summary>
    /// Publishes groups whose orders have until after the last is placed, and places them at the rate.
    /// </summary>
    public async Task PlaceAsync()
    {
        var run = time.GetUtcNow().ToUnixTimeMilliseconds().ToString("x", CultureInfo.InvariantCulture);
        var groups = Enumerable
            .Range(0, Groups)
            .Select(n => BenchTasks.GroupOf(n * (ShardId.Count / Groups), 2, $"f{run}"))
            .ToArray();
        var termsRequest = new GroupTermsRequest
        {
            Title = "Longjing tea, 250 g",
            Sku = $"tea-{run}",
            UnitPrice = new Money(6_800, "CNY"),
            MinGroupSize = 1_000,
            Capacity = 1_000,
            PaymentWindow = over + Lead,
        };
        await Parallel.ForEachAsync(
            groups,
            new ParallelOptions { MaxDegreeOfParallelism = 64 },
            async (group, _) =>
            {
                var reply = await grains.GetGrain<IGroupGrain>(group).Publish(termsRequest);
                if (!reply.Succeeded)
                    throw new InvalidOperationException($"Group {group} was not published: {reply.Refusal.Detail}");
            }
        );
        var (began, joins) = (time.GetTimestamp(), new List<Task<bool>>(Count));
        for (var placed = 0; placed < Count; await Task.Delay(TimeSpan.FromMilliseconds(1), time))
        for (
            var wanted = Math.Min(Count, (int)(rate * time.GetElapsedTime(began).TotalSeconds));
            placed < wanted;
            placed++
        )
            joins.Add(JoinAsync(groups[placed % Groups], placed));
        var done = (await Task.WhenAll(joins).WaitAsync(PlacedWithin, time)).Count(succeeded => succeeded);
        Volatile.Write(ref _placed, done);
        if (Volatile.Read(ref _closed) == done)
            _all.TrySetResult();
    }

    /// <summary>A close is committed.</summary>
    public void Closed(DateTimeOffset due, TimeSpan begun, TimeSpan committed)
    {
        lock (_gate)
        {
            _begun.RecordValue(Microseconds(begun));
            _committed.RecordValue(Microseconds(committed));
            if (due < _firstDue)
                _firstDue = due;
            if (due > _lastDue)
                _lastDue = due;
            if (due + committed > _lastEnd)
                _lastEnd = due + committed;
        }

        if (Interlocked.Increment(ref _closed) == Volatile.Read(ref _placed))
            _all.TrySetResult();
    }

    /// <summary>
    /// Waits until all are closed, bounded; true where the last was a second after it was due at most.
    /// </summary>
    public async Task<bool> HeldAsync()
    {
        await _all.Task.WaitAsync(PlacedWithin, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
            return _all.Task.IsCompleted && _lastEnd <= _lastDue + HeldWithin;
    }

    /// <summary>Two rows: the beginning of runs, with what they cost, and their commits.</summary>
    public IEnumerable<Measurement> Measure(IReadOnlyList<ProcessorMeter> meters)
    {
        lock (_gate)
        {
            var elapsed = _lastEnd - _firstDue > over ? _lastEnd - _firstDue : over;
            var missing = Volatile.Read(ref _placed) - _closed + Count - Volatile.Read(ref _placed);
            Measurement Row(string what, LongHistogram latencies, IReadOnlyDictionary<string, TimeSpan> processors) =>
                new()
                {
                    Name = $"close orders {rate}/s, {what}",
                    Callers = 0,
                    Elapsed = elapsed,
                    Done = _closed,
                    Failed = missing,
                    FirstFailure = missing == 0 ? null : $"{missing} orders were not placed, or not closed.",
                    Latencies = latencies,
                    Processors = processors,
                };
            return
            [
                Row("begun", _begun, meters.ToDictionary(meter => meter.Name, meter => meter.Used)),
                Row("committed", _committed, new Dictionary<string, TimeSpan>()),
            ];
        }
    }

    private async Task<bool> JoinAsync(string group, int n)
    {
        try
        {
            return (await grains.GetGrain<IGroupGrain>(group).Join(new JoinGroup($"buyer-{n}"))).Succeeded;
        }
        catch (Exception e) when (e is StoreUnavailableException or TimeoutException)
        {
            return false;
        }
    }

    private static long Microseconds(TimeSpan time) => Math.Max(1, (long)time.TotalMicroseconds);
}
