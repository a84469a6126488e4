using GroupBuyActors.Ports;

namespace GroupBuyActors.Setting;

/// <summary>
/// A log outside, as the contract of <see cref="IEventPublisher"/> has it: in memory, refusing, failing and hanging as
/// a test wants.
/// </summary>
internal sealed class ScriptedPublisher(string name = "kafka") : IEventPublisher
{
    private readonly Lock _gate = new();
    private readonly List<(ActorId Actor, long Sequence)> _log = [];
    private readonly List<OutgoingEvent> _events = [];
    private readonly HashSet<(ActorId, long)> _poison = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _hanging;

    public string Name => name;

    /// <summary>Runs before an event is published: true leaves it, and those of its group behind it, open.</summary>
    public Func<OutgoingEvent, bool> Fails { get; set; } = _ => false;

    /// <summary>Runs at each call; what it throws is thrown by the call.</summary>
    public Action Before { get; set; } = () => { };

    /// <summary>What is published, repeats included.</summary>
    public IReadOnlyList<(ActorId Actor, long Sequence)> Log
    {
        get
        {
            lock (_gate)
                return [.. _log];
        }
    }

    /// <summary>The same as it was offered.</summary>
    public IReadOnlyList<OutgoingEvent> Events
    {
        get
        {
            lock (_gate)
                return [.. _events];
        }
    }

    /// <summary>The most events that one call offered.</summary>
    public int OfferedMax { get; private set; }

    public void Poison(ActorId group, long sequence) => _poison.Add((group, sequence));

    public void Cure(ActorId group, long sequence) => _poison.Remove((group, sequence));

    /// <summary>Cannot be reached: calls wait.</summary>
    public void GoAway() => _hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void ComeBack() => Interlocked.Exchange(ref _hanging, null)?.SetResult();

    public async Task<IReadOnlyList<PublishOutcome>> PublishAsync(
        IReadOnlyList<OutgoingEvent> events,
        CancellationToken cancellation
    )
    {
        Before();
        if (_hanging is { } hanging)
            await hanging.Task.WaitAsync(cancellation);
        lock (_gate)
        {
            OfferedMax = Math.Max(OfferedMax, events.Count);
            var stopped = new HashSet<ActorId>();
            var outcomes = new List<PublishOutcome>(events.Count);
            foreach (var e in events)
                outcomes.Add(Publish(e, stopped));
            _changed.SetResult();
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return outcomes;
        }
    }

    /// <summary>Waits until what is published is as the test expects it.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<(ActorId Actor, long Sequence)>, bool> expected)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (expected(_log))
                    return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(bound.Token);
        }
    }

    /// <summary>
    /// What a reader that drops sequences it has seen has of a group; fails at a gap that is not expected.
    /// </summary>
    public IReadOnlyList<long> Read(ActorId group, Func<long, bool>? mayMiss = null)
    {
        var read = new List<long>();
        var last = 0L;
        foreach (var (_, sequence) in Log.Where(entry => entry.Actor == group))
        {
            if (sequence <= last)
                continue;
            for (var missed = last + 1; missed < sequence; missed++)
                Assert.True(mayMiss?.Invoke(missed) ?? false, $"{group} is at {sequence} behind {last}.");
            read.Add(last = sequence);
        }

        return read;
    }

    private PublishOutcome Publish(OutgoingEvent e, HashSet<ActorId> stopped)
    {
        if (stopped.Contains(e.Actor))
            return new PublishOutcome(PublishState.Open);
        if (_poison.Contains((e.Actor, e.Sequence)))
        {
            stopped.Add(e.Actor);
            return new PublishOutcome(PublishState.Refused, "Too large.");
        }

        if (Fails(e))
        {
            stopped.Add(e.Actor);
            return new PublishOutcome(PublishState.Open);
        }

        _log.Add((e.Actor, e.Sequence));
        _events.Add(e);
        return new PublishOutcome(PublishState.Published);
    }
}
