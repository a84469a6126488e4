namespace GroupBuyActors.Store.Migrations;

/// <summary>How long a migration waits for a table that somebody keeps in an open transaction.</summary>
/// <param name="FirstPause">After the first try; twice as long after each further one.</param>
/// <param name="PauseMax">Long beside what a try takes from those who commit meanwhile.</param>
/// <param name="Total">After which the start fails and names the transactions that block it.</param>
internal sealed record MigrationPatience(TimeSpan FirstPause, TimeSpan PauseMax, TimeSpan Total)
{
    /// <summary>A try stops commits for a second at most: one second in eleven, once the pauses are long.</summary>
    public static MigrationPatience Default { get; } =
        new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(10));
}
