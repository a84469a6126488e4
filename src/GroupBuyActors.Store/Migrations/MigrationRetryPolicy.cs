namespace GroupBuyActors.Store.Migrations;

/// <summary>How often and how long a migration tries to lock a table that an open transaction uses.</summary>
/// <param name="FirstPause">The pause after the first try; it doubles after each further one.</param>
/// <param name="PauseMax">The longest pause; long compared with the time for which a try delays commits.</param>
/// <param name="Total">The time after which the start fails and names the transactions that block it.</param>
internal sealed record MigrationRetryPolicy(TimeSpan FirstPause, TimeSpan PauseMax, TimeSpan Total)
{
    /// <summary>A try delays commits for at most a second: one second in eleven with the longest pauses.</summary>
    public static MigrationRetryPolicy Default { get; } =
        new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10));
}
