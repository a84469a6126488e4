namespace GroupBuyActors.Ports;

/// <summary>An event of an actor that is to be published.</summary>
/// <param name="Actor">The actor.</param>
/// <param name="Sequence">The actor's own, from 1.</param>
/// <param name="Type">Such as <c>order.placed</c>.</param>
/// <param name="Version">Of the data.</param>
/// <param name="Time">When it happened.</param>
/// <param name="Data">UTF-8 JSON, as the history shows it.</param>
/// <param name="Trace">W3C traceparent or null.</param>
public sealed record OutgoingEvent(
    ActorId Actor,
    long Sequence,
    string Type,
    int Version,
    DateTimeOffset Time,
    ReadOnlyMemory<byte> Data,
    string? Trace
);

/// <summary>The outcome of offering an event.</summary>
public enum PublishState
{
    /// <summary>Not known to be published: to be offered again.</summary>
    Open,

    /// <summary>Durable where it was published.</summary>
    Published,

    /// <summary>
    /// This very event is refused for good: offering it again is useless until somebody changes something.
    /// </summary>
    Refused,
}

/// <summary>The outcome of offering an event.</summary>
/// <param name="State">See <see cref="PublishState"/>.</param>
/// <param name="Reason">Why it was refused.</param>
public readonly record struct PublishOutcome(PublishState State, string? Reason = null);

/// <summary>
/// A log outside to which events of actors are published. Contract: an actor's events become durable there in the order
/// they are offered; where one of them is not published, none that follow it of the same actor are. An event may be
/// published again as a whole, with all that followed it: readers drop sequences that they have seen.
/// </summary>
public interface IEventPublisher
{
    /// <summary>Names the progress of what is published here: stable for ever, at most 40 ASCII characters.</summary>
    string Name { get; }

    /// <summary>
    /// The kinds of actors whose events are published here, such as <c>groups</c>; null for all that are published
    /// outside.
    /// </summary>
    IReadOnlyCollection<string>? Kinds => null;

    /// <summary>
    /// Publishes events of many actors and reports the outcome of each, in their order. Waits while the log cannot be
    /// reached. Throws on a failure that no single event caused; then any of them may or may not be published.
    /// </summary>
    Task<IReadOnlyList<PublishOutcome>> PublishAsync(
        IReadOnlyList<OutgoingEvent> events,
        CancellationToken cancellation
    );
}
