using System.Globalization;

namespace GroupBuyActors.Membership.Liveness;

/// <summary>What one connect to a silo's liveness port told.</summary>
internal abstract record LivenessReply
{
    private LivenessReply() { }

    /// <summary>A silo answered; perhaps not the one that was asked for.</summary>
    public sealed record Greeted(LivenessHello Hello) : LivenessReply;

    /// <summary>The machine answered that nobody listens there.</summary>
    public sealed record Refused : LivenessReply;

    /// <summary>Anything else, in words.</summary>
    public sealed record Failed(string Why) : LivenessReply;
}

/// <summary>Whether one run of a silo lives, asked over a fresh connection to its liveness port.</summary>
internal abstract record LivenessAnswer
{
    private LivenessAnswer() { }

    /// <summary>It answered itself.</summary>
    public sealed record Alive(LivenessHello Hello) : LivenessAnswer;

    /// <summary>
    /// Its process is gone: the port was refused twice, or belongs to another run of the silo.
    /// </summary>
    public sealed record Dead(string Proof) : LivenessAnswer;

    /// <summary>Nothing is proven: it may be alive, slow, frozen or out of reach.</summary>
    public sealed record Unknown(string Why) : LivenessAnswer;

    /// <summary>
    /// Concludes from one connect; null if only a second one, a moment later, can tell. A port is refused for a moment
    /// by a machine whose queue of connections is full, too.
    /// </summary>
    public static LivenessAnswer? Of(SiloAddress silo, LivenessReply reply, bool isSecond) =>
        reply switch
        {
            LivenessReply.Greeted { Hello: var hello } => Of(silo, hello),
            LivenessReply.Failed failed => new Unknown(failed.Why),
            _ => isSecond ? new Dead("its liveness port refused two connections") : null,
        };

    private static LivenessAnswer Of(SiloAddress silo, LivenessHello hello)
    {
        if (hello.Silo.Equals(silo))
            return new Alive(hello);
        // Another silo behind the same address proves nothing: the address may be a service's, not a silo's.
        return hello.Silo.Endpoint.Equals(silo.Endpoint)
            ? new Dead(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"generation {hello.Silo.Generation} of the silo answers at its liveness port"
                )
            )
            : new Unknown($"silo {hello.Silo.ToParsableString()} answers at its liveness port");
    }
}
