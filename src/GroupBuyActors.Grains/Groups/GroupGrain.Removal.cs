namespace GroupBuyActors.Groups;

/// <summary>
/// The end of a group's data. Its activation does it, so that nothing can be decided between the last look and the last
/// row.
/// </summary>
internal sealed partial class GroupGrain
{
    private const int RowsAtOnce = 500;
    private bool _isLeaving;

    public async Task<bool?> Remove(DateTimeOffset before)
    {
        if (_malformed)
            return null;
        if (!_isLeaving)
        {
            await Ready();
            await CommitsCompleted();
            if (_state.UpdatedAt >= before || !GroupEnd.IsOver(_state, services.Clock.GetUtcNow()))
                return null;
            // From here on calls are refused as by an activation that has ended; whoever tries again finds another one,
            // or nothing.
            _isLeaving = true;
            _token.Poison();
            _endedBecause ??= "The group's retention period is over.";
        }

        bool? isGone = null;
        try
        {
            return isGone = await services.OldJournals.RemoveGroupAsync(
                _id,
                _state.Sequence,
                services.Relay.DurableSinks,
                RowsAtOnce,
                CancellationToken.None
            );
        }
        finally
        {
            if (isGone is not false)
                DeactivateOnIdle();
        }
    }
}
