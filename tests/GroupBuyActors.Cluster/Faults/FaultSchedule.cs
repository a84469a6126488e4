using System.Globalization;

namespace GroupBuyActors.Cluster.Faults;

/// <summary>
/// What breaks when, over a bounded time; it follows from a seed and nothing else. Every fault is mended within that
/// time. The first one's kind goes round with the seed, so that a run of neighbouring seeds meets every kind.
/// </summary>
internal sealed class FaultSchedule
{
    /// <summary>Every kind, in the order in which seeds take turns.</summary>
    public static readonly IReadOnlyList<FaultKind> Kinds = Enum.GetValues<FaultKind>();

    private const int FaultsMax = 4;

    // The length for which the faults' durations are meant; those of longer schedules grow with it.
    private static readonly TimeSpan ShortLength = TimeSpan.FromSeconds(2.5);

    private FaultSchedule(int seed, TimeSpan length, IReadOnlyList<Fault> faults) =>
        (Seed, Length, Faults) = (seed, length, faults);

    public int Seed { get; }

    /// <summary>After this everything is mended.</summary>
    public TimeSpan Length { get; }

    /// <summary>In the order of their beginning.</summary>
    public IReadOnlyList<Fault> Faults { get; }

    /// <summary>
    /// The schedule of a seed: 2 to 4 faults, at most one of each target and one silo killed, for silos 0 to
    /// <paramref name="silos"/> − 1.
    /// </summary>
    public static FaultSchedule Of(int seed, TimeSpan length, int silos)
    {
        var dice = new Random(seed);
        var faults = new List<Fault>
        {
            Draw(Kinds[((seed % Kinds.Count) + Kinds.Count) % Kinds.Count], dice, length, silos),
        };
        for (var more = dice.Next(1, FaultsMax); more > 0; more--)
        {
            var fault = Draw(Kinds[dice.Next(Kinds.Count)], dice, length, silos);
            // A target has one thing at a time to bear, or a mended fault would mend another's too. One silo ends at a
            // time: the end of all at once is another test's, and takes longer to come back from than all the rest.
            if (faults.All(other => other.Target != fault.Target && !(other.EndsSilo && fault.EndsSilo)))
                faults.Add(fault);
        }
        if (faults.Count == 1)
            faults.Add(
                Draw(
                    faults[0].Target == "payments" ? FaultKind.InventoryFails : FaultKind.PaymentsFail,
                    dice,
                    length,
                    silos
                )
            );
        return new FaultSchedule(seed, length, [.. faults.OrderBy(fault => fault.At)]);
    }

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"seed {Seed}, {Length.TotalSeconds:0.0} s\n    {string.Join("\n    ", Faults)}"
        );

    private static Fault Draw(FaultKind kind, Random dice, TimeSpan length, int silos)
    {
        var (shortest, longest) = kind switch
        {
            FaultKind.SiloKilled => (0.05, 1.0),
            FaultKind.SiloKilledTwice => (0.5, 2.0),
            FaultKind.SiloFrozen => (0.2, 1.5),
            FaultKind.SiloStopped => (0.5, 2.0),
            FaultKind.SiloAdded => (1.5, 2.5),
            FaultKind.DatabaseKilled => (0.1, 1.0),
            FaultKind.DatabaseFrozen => (0.1, 1.2),
            FaultKind.DatabaseCut => (0.01, 0.5),
            FaultKind.ViewKilled => (0.05, 1.0),
            _ => (1.0, 2.5),
        };
        var lasts = Math.Min(
            shortest + (dice.NextDouble() * ((longest * Math.Max(1, length / ShortLength)) - shortest)),
            length.TotalSeconds
        );
        var at = dice.NextDouble() * (length.TotalSeconds - lasts);
        var silo = dice.Next(silos);
        var share = kind switch
        {
            FaultKind.InventoryFails or FaultKind.PaymentsFail or FaultKind.NoticesFail => new[] { 0.3, 0.7, 1.0 }[
                dice.Next(3)
            ],
            FaultKind.NoticesSlow => 0.3,
            FaultKind.InventoryRefusesSku => 1.0,
            _ => 0.0,
        };
        var delay = kind switch
        {
            FaultKind.DatabaseSlow => dice.Next(2, 30),
            FaultKind.KafkaSlow => dice.Next(20, 400),
            FaultKind.InventorySlow or FaultKind.PaymentsSlow or FaultKind.NoticesSlow => dice.Next(50, 1_500),
            _ => 0,
        };
        return new Fault(kind, Cut(at), Cut(lasts), silo, share, TimeSpan.FromMilliseconds(delay));
    }

    private static TimeSpan Cut(double seconds) => TimeSpan.FromMilliseconds(Math.Floor(seconds * 1_000));
}
