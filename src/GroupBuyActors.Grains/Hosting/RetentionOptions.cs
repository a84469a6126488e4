namespace GroupBuyActors.Hosting;

/// <summary>How long what is over is kept (<c>GroupBuy:Retention</c>), a setting a kind.</summary>
public class RetentionOptions
{
    /// <summary>The longest that can be set.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(36_500);

    /// <summary>
    /// Runs of tasks, by which a second run of the same version is refused: well above the three days that a refund is
    /// tried.
    /// </summary>
    public TimeSpan TaskRuns { get; set; } = TimeSpan.FromDays(8);

    /// <summary>Rows of the journal that no group's event is in: commits of tasks alone.</summary>
    public TimeSpan Commits { get; set; } = TimeSpan.FromDays(8);

    /// <summary>
    /// Ended tasks, whole days; dead letters about money stay until somebody decides, and this long after.
    /// </summary>
    public TimeSpan TaskOutcomes { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Events of a group that is over, and all but the last status of each of its orders, after its last event.
    /// </summary>
    public TimeSpan Journals { get; set; } = TimeSpan.FromDays(90);

    /// <summary>Groups that are over, with all that is left of them, after their last event; null: for ever.</summary>
    public TimeSpan? Groups { get; set; }

    /// <summary>The audit log.</summary>
    public TimeSpan Audit { get; set; } = TimeSpan.FromDays(400);

    /// <summary>What a redrive of many dead letters tells of itself, after its last step.</summary>
    public TimeSpan Redrives { get; set; } = TimeSpan.FromDays(90);

    /// <summary>What is wrong, by setting.</summary>
    public IEnumerable<(string Name, string Fault)> Faults() =>
        [
            .. Outside(nameof(TaskRuns), TaskRuns, 4),
            .. Outside(nameof(Commits), Commits, 1),
            .. Outside(nameof(TaskOutcomes), TaskOutcomes, 1),
            .. Outside(nameof(Journals), Journals, 7),
            .. Groups is { } groups ? Outside(nameof(Groups), groups, 365) : [],
            .. Outside(nameof(Audit), Audit, 1),
            .. Outside(nameof(Redrives), Redrives, 1),
        ];

    /// <summary>A fault where so many days at least and <see cref="Max"/> at most do not hold it.</summary>
    public static IEnumerable<(string Name, string Fault)> Outside(string name, TimeSpan kept, int daysMin)
    {
        if (kept >= TimeSpan.FromDays(daysMin) && kept <= Max)
            yield break;
        yield return (
            name,
            FormattableString.Invariant(
                $"must be between {daysMin} and {Max.TotalDays:0} days, not {kept.TotalDays:0.###}"
            )
        );
    }
}
