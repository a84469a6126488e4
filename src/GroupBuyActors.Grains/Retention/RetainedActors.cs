using GroupBuyActors.Store.Retention;

namespace GroupBuyActors.Retention;

/// <summary>
/// Actors of one kind that are removed once their time to be kept is over. Each removes itself, a part at a time, so
/// that nothing can be decided on it meanwhile.
/// </summary>
internal abstract class RetainedActors<TId>(TimeProvider clock, TimeProvider time) : IRetainedKind
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(15);
    private readonly Queue<TId> _found = new();
    private bool _isLast;

    public abstract string Kind { get; }

    public virtual TimeSpan Interval => TimeSpan.FromHours(6);

    /// <summary>How long they are kept after their last event; null: for ever.</summary>
    protected abstract TimeSpan? Kept { get; }

    public async Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
    {
        if (Kept is not { } kept)
            return new PurgeStep(0, true);
        var before = clock.GetUtcNow() - kept;
        if (_found.TryDequeue(out var actor))
        {
            // One that fails is out of the way of the others until the next pass.
            bool? isGone;
            do isGone = await RemoveAsync(actor, before).WaitAsync(AnswerWithin, time, cancellation);
            while (isGone is false);
            return new PurgeStep(isGone is true ? 1 : 0, IsDone: false);
        }

        if (_isLast)
        {
            _isLast = false;
            return new PurgeStep(0, true);
        }

        (var some, _isLast) = await FindAsync(before, cancellation);
        foreach (var found in some)
            _found.Enqueue(found);
        return new PurgeStep(0, IsDone: false);
    }

    /// <summary>The next that may have to go, and whether the pass has seen all.</summary>
    protected abstract Task<(IReadOnlyList<TId> Found, bool IsLast)> FindAsync(
        DateTimeOffset before,
        CancellationToken cancellation
    );

    /// <summary>Removes a part of one: true once it is gone, false where there is more, null where it stays.</summary>
    protected abstract Task<bool?> RemoveAsync(TId actor, DateTimeOffset before);
}
