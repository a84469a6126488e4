using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Placement;

/// <summary>Log messages about where actors are.</summary>
internal static partial class PlacementLog
{
    [LoggerMessage(
        2300,
        LogLevel.Information,
        "Moved {Moved} active actors to the silos where they are at home; {Left} are still to move."
    )]
    public static partial void Moved(ILogger log, int moved, int left);

    [LoggerMessage(
        2301,
        LogLevel.Information,
        "This silo drains: {Actors} active actors are to move, and {Told} of {Silos} other silos were told."
    )]
    public static partial void Draining(ILogger log, int actors, int told, int silos);

    [LoggerMessage(
        2302,
        LogLevel.Information,
        "This silo has drained in {Seconds:F1} s: {Moved} active actors moved, {Left} did not."
    )]
    public static partial void Drained(ILogger log, double seconds, int moved, int left);

    [LoggerMessage(
        2303,
        LogLevel.Information,
        "Silo {Address} was not told that this one drains; it learns it from the membership."
    )]
    public static partial void NotTold(ILogger log, Exception? exception, string address);
}
