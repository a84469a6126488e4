using GroupBuyActors.Committing;

namespace GroupBuyActors.Setting;

/// <summary>
/// The real committer behind a door that a test can shut: commits wait outside, in order, until it opens.
/// </summary>
internal sealed class HeldCommitter(ICommitter inner) : ICommitter, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Queue<(
        CommitReservation Place,
        Commit Commit,
        TaskCompletionSource<CommitResult> Outcome
    )> _outside = new();
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _held;

    /// <summary>Set to refuse every reservation, as a full queue does.</summary>
    public bool IsFull { get; set; }

    /// <summary>Set to say how commits end instead of making them; null makes them.</summary>
    public Func<Commit, CommitStatus?>? Instead { get; set; }

    /// <summary>
    /// Set to do something else with a commit; it is given what makes the commit. Null, or what gives null, makes it.
    /// </summary>
    public Func<Commit, Func<Task<CommitResult>>, Task<CommitResult>?>? Around { get; set; }

    /// <summary>Set to let the fence look unconfirmed.</summary>
    public bool IsUnconfirmed { get; set; }

    public int CommitBytesMax => inner.CommitBytesMax;

    public IReadOnlyList<long> Streams => inner.Streams;

    public long FenceConfirmedAt => IsUnconfirmed ? 1 : inner.FenceConfirmedAt;

    public Task<string> Fenced => inner.Fenced;

    public Task StartAsync(SiloIdentity silo, CancellationToken cancellation) => inner.StartAsync(silo, cancellation);

    public CommitReservation? TryReserve(ShardId shard) =>
        !IsFull && inner.TryReserve(shard) is { } reservation ? new HeldReservation(reservation) : null;

    public void Subscribe(Action<CommittedBatch> subscriber) => inner.Subscribe(subscriber);

    public Task StopAsync(CancellationToken cancellation) => inner.StopAsync(cancellation);

    public void Dispose() => (inner as IDisposable)?.Dispose();

    // A commit that is refused at once leaves its reservation to whoever made it, as the real committer does.
    private Task<CommitResult> Make(CommitReservation taken, Commit commit)
    {
        try
        {
            return inner.CommitAsync(taken, commit);
        }
        catch (CommitTooLargeException)
        {
            taken.Dispose();
            throw;
        }
    }

    public Task<CommitResult> CommitAsync(CommitReservation reservation, Commit commit)
    {
        lock (_gate)
        {
            if (Instead?.Invoke(commit) is { } status)
            {
                return Task.FromResult(new CommitResult(status, default));
            }

            var taken = ((HeldReservation)reservation).Use();
            if (Around?.Invoke(commit, () => Make(taken, commit)) is { } other)
                return other;
            if (!_held)
                return Make(taken, commit);
            var outcome = new TaskCompletionSource<CommitResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            _outside.Enqueue((taken, commit, outcome));
            var arrived = _arrived;
            _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            arrived.SetResult();
            return outcome.Task;
        }
    }

    /// <summary>Shuts the door.</summary>
    public void Hold()
    {
        lock (_gate)
            _held = true;
    }

    /// <summary>Opens it; what waited goes in, in order.</summary>
    public void Release()
    {
        lock (_gate)
        {
            _held = false;
            while (_outside.TryDequeue(out var next))
                PassOn(next.Place, next.Commit, next.Outcome).Ignore();
        }
    }

    /// <summary>Waits until so many commits stand outside.</summary>
    public async Task WaitingAsync(int count)
    {
        using var bound = new CancellationTokenSource(TestSilo.Bound);
        while (true)
        {
            Task arrived;
            lock (_gate)
            {
                if (_outside.Count >= count)
                    return;
                arrived = _arrived.Task;
            }

            await arrived.WaitAsync(bound.Token);
        }
    }

    private async Task PassOn(
        CommitReservation reservation,
        Commit commit,
        TaskCompletionSource<CommitResult> outcome
    ) => outcome.SetResult(await inner.CommitAsync(reservation, commit));

    /// <summary>A place whose commit may wait outside is not given back when its caller lets go of it.</summary>
    private sealed class HeldReservation(CommitReservation inner) : CommitReservation
    {
        private bool _used;

        public CommitReservation Use()
        {
            _used = true;
            return inner;
        }

        public override void Dispose()
        {
            if (!_used)
                inner.Dispose();
        }
    }
}
