using GroupBuyActors.Events;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Simulation;

/// <summary>What a life can come by: every event, every reason, and the rare turns of stock and settlement.</summary>
internal static class Corners
{
    public static IEnumerable<string> All =>
        [
            .. GroupEvents.Names,
            .. Enum.GetValues<ExpiryReason>().Select(reason => $"expired {reason}"),
            .. Enum.GetValues<JoiningEndReason>().Select(reason => $"joining ended {reason}"),
            .. Enum.GetValues<RefundReason>().Select(reason => $"refund {reason}"),
            .. Enum.GetValues<CloseReason>().Select(reason => $"closed {reason}"),
            "reservation undone",
            "published at a second attempt",
            "settlement deduction",
            "settlement failed, fulfilled",
            "settlement failed, shortfall",
            "surplus returned at fulfilment",
            "units released before settlement",
            "fulfilled past the deadline",
        ];

    public static IEnumerable<string> Of(World world)
    {
        var state = world.State;
        var corners = world.Events.SelectMany(Names).ToHashSet();
        if (world.Events.Any(happened => happened is GroupPublicationAbandoned { Reserved: null }))
            corners.Add("reservation undone");
        if (state.IsPublished && state.Attempt > 1)
            corners.Add("published at a second attempt");
        if (state.Ledger.Deductions.Count > 1)
            corners.Add("settlement deduction");
        if (state.Ledger.Deductions is [_, { State: DeductionState.Failed }, ..])
            corners.Add(state.FulfilledAt is null ? "settlement failed, shortfall" : "settlement failed, fulfilled");
        if (state.FulfilledAt is not null && state.Ledger.Releases.Exists(release => release.Returned > 0))
            corners.Add("surplus returned at fulfilment");
        if (state.Ledger.Releases.Count(release => !release.UndoReservation) > 1)
            corners.Add("units released before settlement");
        if (state.FulfilledAt > state.Terms?.Deadline)
            corners.Add("fulfilled past the deadline");
        return corners;
    }

    private static IEnumerable<string> Names(GroupEvent happened)
    {
        yield return GroupEvents.NameOf(happened);
        switch (happened)
        {
            case GroupExpired e:
                yield return $"expired {e.Reason}";
                break;
            case GroupJoiningEnded e:
                yield return $"joining ended {e.Reason}";
                break;
            case OrderRefundRequested e:
                yield return $"refund {e.Reason}";
                break;
            case OrderClosed e:
                yield return $"closed {e.Reason}";
                break;
        }
    }
}
