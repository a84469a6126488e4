namespace GroupBuyActors.Relay;

/// <summary>
/// Something that streams are forwarded to, registered in the service collection; an actor kind brings its own. What
/// only wants to see events is an <see cref="IEventProjection"/>, which is less to write.
/// </summary>
internal interface IStreamSink
{
    /// <summary>Names the sink's cursors in the database: stable for ever, at most 40 ASCII characters.</summary>
    string Name { get; }

    /// <summary>The kinds of actors whose commits it takes; null for all, and for commits of no actor.</summary>
    IReadOnlyCollection<string>? Kinds => null;

    /// <summary>What takes one stream: an object of its own where it remembers something about the stream.</summary>
    IStreamConsumer Of(long stream);
}
