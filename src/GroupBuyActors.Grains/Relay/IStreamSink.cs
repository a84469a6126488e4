namespace GroupBuyActors.Relay;

/// <summary>
/// A destination of streams, registered in the service collection; a kind of actors can have its own. A destination
/// that only needs events is simpler to write as an <see cref="IEventProjection"/>.
/// </summary>
internal interface IStreamSink
{
    /// <summary>
    /// The name under which the sink's cursors are stored: it never changes and has at most 40 ASCII characters.
    /// </summary>
    string Name { get; }

    /// <summary>
    /// The kinds of actors whose commits it takes; null for all commits, including those without an actor.
    /// </summary>
    IReadOnlyCollection<string>? Kinds => null;

    /// <summary>Creates the consumer of one stream.</summary>
    IStreamConsumer Of(long stream);
}
