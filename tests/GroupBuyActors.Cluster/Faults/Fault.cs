using System.Globalization;

namespace GroupBuyActors.Cluster.Faults;

/// <summary>What breaks.</summary>
internal enum FaultKind
{
    /// <summary>kill -9 of a silo; started again at the fault's end.</summary>
    SiloKilled,

    /// <summary>
    /// kill -9 of a silo, started again at once and killed once more while it starts; started again at the fault's end.
    /// </summary>
    SiloKilledTwice,

    /// <summary>SIGSTOP of a silo, SIGCONT at the end.</summary>
    SiloFrozen,

    /// <summary>SIGTERM of a silo, which drains; started again at the fault's end.</summary>
    SiloStopped,

    /// <summary>A silo more, which is stopped by SIGTERM at the fault's end.</summary>
    SiloAdded,

    /// <summary>kill -9 of the database server; started again at the fault's end.</summary>
    DatabaseKilled,

    /// <summary>Nothing gets to the database nor back, and connections stay open.</summary>
    DatabaseFrozen,

    /// <summary>Every packet to the database takes longer.</summary>
    DatabaseSlow,

    /// <summary>Connections to the database are cut, and refused until the fault's end.</summary>
    DatabaseCut,

    /// <summary>A share of the calls of inventory fails.</summary>
    InventoryFails,

    /// <summary>Inventory is slow.</summary>
    InventorySlow,

    /// <summary>Inventory refuses one sku for good.</summary>
    InventoryRefusesSku,

    /// <summary>A share of the calls of the payment provider fails.</summary>
    PaymentsFail,

    /// <summary>The payment provider is slow.</summary>
    PaymentsSlow,

    /// <summary>A share of notices fails.</summary>
    NoticesFail,

    /// <summary>Notices are slow, and some fail.</summary>
    NoticesSlow,

    /// <summary>All brokers of Kafka are gone; what they hold is there again with them.</summary>
    KafkaGone,

    /// <summary>Every answer of Kafka takes longer.</summary>
    KafkaSlow,

    /// <summary>kill -9 of the consumer that keeps a view; started again at the fault's end.</summary>
    ViewKilled,
}

/// <summary>One fault of a schedule.</summary>
/// <param name="Kind">What breaks.</param>
/// <param name="At">When, from the schedule's start.</param>
/// <param name="For">After this it is mended.</param>
/// <param name="Silo">Which silo, where it is about one.</param>
/// <param name="FailRate">The share of calls that fails, where it is about a port.</param>
/// <param name="Delay">By how much each call or packet is delayed, where it is about slowness.</param>
internal sealed record Fault(FaultKind Kind, TimeSpan At, TimeSpan For, int Silo, double FailRate, TimeSpan Delay)
{
    /// <summary>When it is over.</summary>
    public TimeSpan End => At + For;

    /// <summary>What it happens to; no two faults of one target overlap.</summary>
    public string Target => TargetOf(Kind, Silo);

    /// <summary>True where a silo dies or stops.</summary>
    public bool EndsSilo => Kind is FaultKind.SiloKilled or FaultKind.SiloKilledTwice or FaultKind.SiloStopped;

    private static string TargetOf(FaultKind kind, int silo) =>
        kind switch
        {
            FaultKind.SiloKilled or FaultKind.SiloKilledTwice or FaultKind.SiloFrozen or FaultKind.SiloStopped =>
                $"silo {silo + 1}",
            FaultKind.SiloAdded => "one silo more",
            FaultKind.DatabaseKilled or FaultKind.DatabaseFrozen or FaultKind.DatabaseSlow or FaultKind.DatabaseCut =>
                "database",
            FaultKind.InventoryFails or FaultKind.InventorySlow or FaultKind.InventoryRefusesSku => "inventory",
            FaultKind.PaymentsFail or FaultKind.PaymentsSlow => "payments",
            FaultKind.NoticesFail or FaultKind.NoticesSlow => "notices",
            FaultKind.KafkaGone or FaultKind.KafkaSlow => "kafka",
            FaultKind.ViewKilled => "view",
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };

    public override string ToString()
    {
        var how = Kind switch
        {
            FaultKind.SiloKilled => "killed",
            FaultKind.SiloKilledTwice => "killed, and again as it starts",
            FaultKind.SiloFrozen or FaultKind.DatabaseFrozen => "frozen",
            FaultKind.SiloStopped => "stopped",
            FaultKind.SiloAdded => "joins, and is stopped",
            FaultKind.DatabaseKilled or FaultKind.ViewKilled => "killed",
            FaultKind.KafkaGone => "gone",
            FaultKind.DatabaseSlow => Slow("packet"),
            FaultKind.DatabaseCut => "cut off",
            FaultKind.InventoryRefusesSku => "refuses one sku for good",
            _ when Delay > TimeSpan.Zero => Slow("call") + (FailRate > 0 ? $", {Share()} fail" : ""),
            _ => $"{Share()} of calls fail",
        };
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{At.TotalSeconds, 5:0.00} to {End.TotalSeconds, 5:0.00} s  {Target}: {how}"
        );
    }

    private string Slow(string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{Delay.TotalMilliseconds:0} ms more a {what}");

    private string Share() => string.Create(CultureInfo.InvariantCulture, $"{FailRate:0%}");
}
