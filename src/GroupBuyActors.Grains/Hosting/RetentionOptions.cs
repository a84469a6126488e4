namespace GroupBuyActors.Hosting;

/// <summary>How long data is kept (<c>GroupBuy:Retention</c>), with one setting for each kind.</summary>
public class RetentionOptions
{
    /// <summary>The longest time that can be set.</summary>
    public static readonly TimeSpan Max = TimeSpan.FromDays(36_500);

    /// <summary>
    /// Runs of tasks, because of which a second run of the same version is refused; well above the three days for which
    /// a refund is tried.
    /// </summary>
    public TimeSpan TaskRuns { get; set; } = TimeSpan.FromDays(8);

    /// <summary>Rows of the journal without an event: commits of tasks alone.</summary>
    public TimeSpan Commits { get; set; } = TimeSpan.FromDays(8);

    /// <summary>
    /// Ended tasks, in whole days; dead letters about money stay until an operator redrives or dismisses them, and this
    /// long after.
    /// </summary>
    public TimeSpan TaskOutcomes { get; set; } = TimeSpan.FromDays(30);

    /// <summary>
    /// Events of a group that is over, and all but the last status of each of its orders; counted from its last event.
    /// </summary>
    public TimeSpan Journals { get; set; } = TimeSpan.FromDays(90);

    /// <summary>
    /// Groups that are over, with all their remaining data; counted from their last event. Null keeps them for ever.
    /// </summary>
    public TimeSpan? Groups { get; set; }

    public TimeSpan Audit { get; set; } = TimeSpan.FromDays(400);

    /// <summary>The reports of redrives of many dead letters; counted from their last step.</summary>
    public TimeSpan Redrives { get; set; } = TimeSpan.FromDays(90);

    /// <summary>The faults by setting.</summary>
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

    /// <summary>A fault if a time is not between so many days and <see cref="Max"/>.</summary>
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
