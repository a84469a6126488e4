using GroupBuyActors.Groups;

namespace GroupBuyActors.Store;

/// <summary>Settings that cannot work, told at start in one message.</summary>
internal static class StoreOptionsCheck
{
    public const string Sentence =
        "GroupBuy:Storage is invalid: ConnectionStrings:GroupBuy must not be empty, Lanes must be between 1 and 16, LaneQueueMax, BatchCommitsMax, UnknownOutcomesMax and ReadConnectionsMax must be at least 1, BatchBytesMax must be at least 262144, and durations must be positive.";

    public static bool IsValid(StoreOptions options) =>
        !string.IsNullOrWhiteSpace(options.ConnectionString)
        && options.Lanes is >= 1 and <= 16
        && options
            is {
                LaneQueueMax: >= 1,
                BatchCommitsMax: >= 1,
                BatchBytesMax: >= CommitBytes.LeastMax,
                UnknownOutcomesMax: >= 1,
                ReadConnectionsMax: >= 1
            }
        && options.CommandTimeout > TimeSpan.Zero
        && options.RefusalPatience > TimeSpan.Zero
        && options.FenceConfirmInterval > TimeSpan.Zero;
}
