using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Retention;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Retention;

/// <summary>
/// Groups whose time to be kept is over, with all that is left of them. Only groups whose events have left already are
/// looked at; each removes itself (<see cref="IGroupTasks.Remove"/>). Off unless a time is set.
/// </summary>
internal sealed class RetainedGroups(
    OldJournals journals,
    IGrainFactory grains,
    ClusterClock clock,
    TimeProvider time,
    IOptions<GrainsOptions> options
) : IRetainedKind
{
    private const int RowsWalked = 500;
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(15);
    private readonly Queue<GroupId> _found = new();
    private JournalPosition? _position;
    private bool _isLast;

    public string Kind => "groups";

    public TimeSpan Interval => TimeSpan.FromHours(6);

    public async Task<PurgeStep> StepAsync(int rowsMax, CancellationToken cancellation)
    {
        if (options.Value.Retention.Groups is not { } kept)
            return new PurgeStep(0, true);
        var before = clock.GetUtcNow() - kept;
        if (_found.TryDequeue(out var group))
        {
            // One that fails is out of the way of the others until the next pass.
            bool? isGone;
            do isGone = await grains
                .GetGrain<IGroupTasks>(group.Value)
                .Remove(before)
                .WaitAsync(AnswerWithin, time, cancellation);
            while (isGone is false);
            return new PurgeStep(isGone is true ? 1 : 0, IsDone: false);
        }

        if (_isLast)
        {
            _isLast = false;
            return new PurgeStep(0, true);
        }

        (var groups, _position) = await journals.ScanAsync(_position, before, isAlone: true, RowsWalked, cancellation);
        _isLast = _position is null;
        foreach (var found in groups)
            _found.Enqueue(found);
        return new PurgeStep(0, IsDone: false);
    }
}
