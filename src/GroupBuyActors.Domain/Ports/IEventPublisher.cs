namespace GroupBuyActors.Ports;

/// <summary>An event to be published.</summary>
/// <param name="Actor">The actor that the event belongs to.</param>
/// <param name="Sequence">The event's number in its actor, from 1.</param>
/// <param name="Type">The event's type, such as <c>order.placed</c>.</param>
/// <param name="Version">The version of the data's format.</param>
/// <param name="Time">The time of the event.</param>
/// <param name="Data">UTF-8 JSON, the same as in the history.</param>
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

/// <summary>The outcome of publishing an event.</summary>
public enum PublishState
{
    /// <summary>Not known to be published: it must be passed again.</summary>
    Open,

    /// <summary>Durable at the destination.</summary>
    Published,

    /// <summary>
    /// This event is refused permanently: passing it again is useless until an operator changes something.
    /// </summary>
    Refused,
}

/// <summary>
/// The outcome of publishing an event.</summary>
/// <param name="State">See <see cref="PublishState"/>.
/// </param>
/// <param name="Reason">Why it was refused; null otherwise.</param>
public readonly record struct PublishOutcome(PublishState State, string? Reason = null);

/// <summary>
/// A destination outside, to which events of actors are published. Contract: an actor's events become durable there in
/// the order in which they are passed; if one of them is not published, none of the same actor that follow it are.
/// Events may be published again, together with all that follow them: readers drop sequences that they have seen.
/// </summary>
public interface IEventPublisher
{
    /// <summary>
    /// The name under which the progress is stored: it never changes and has at most 40 ASCII characters.
    /// </summary>
    string Name { get; }

    /// <summary>
    /// The kinds of actors whose events are published, such as <c>groups</c>; null for all kinds that are
    /// published outside.
    /// </summary>
    IReadOnlyCollection<string>? Kinds => null;

    /// <summary>
    /// Publishes events of many actors and returns the outcome of each, in the same order. Waits while the destination
    /// cannot be reached. Throws on a failure that no single event caused; then each of them may or may not be
    /// published.
    /// </summary>
    Task<IReadOnlyList<PublishOutcome>> PublishAsync(
        IReadOnlyList<OutgoingEvent> events,
        CancellationToken cancellation
    );
}
