namespace GroupBuyActors.Membership.Liveness;

/// <summary>
/// The line that a silo sends to whoever connects to its liveness port, such as
/// <c>groupbuy-liveness 1 10.0.0.7:11111@123456 serving</c>: protocol and version, the address of this run of the silo,
/// and whether it serves or drains. It is sent again when that changes. Nothing is ever sent to a liveness port.
/// </summary>
/// <param name="Silo">The run of the silo, with its generation.</param>
/// <param name="IsDraining">True once the silo has begun to stop.</param>
internal readonly record struct LivenessHello(SiloAddress Silo, bool IsDraining)
{
    /// <summary>A longer line is not a hello.</summary>
    public const int BytesMax = 200;

    private const string Protocol = "groupbuy-liveness",
        Version = "1",
        Serving = "serving",
        Draining = "draining";

    /// <summary>Reads a line without its end; null if it is not a hello of this version.</summary>
    public static LivenessHello? TryParse(string line) =>
        line.Split(' ') is [Protocol, Version, var silo, (Serving or Draining) and var state]
        && ClusterMembers.TryParse(silo) is { } address
            ? new LivenessHello(address, state == Draining)
            : null;

    /// <summary>The line without its end.</summary>
    public string Line => $"{Protocol} {Version} {Silo.ToParsableString()} {(IsDraining ? Draining : Serving)}";
}
