using GroupBuyActors.Ports;

namespace GroupBuyActors.Relay;

/// <summary>
/// Everything that streams are forwarded to: the registered sinks, and each publisher that the host registers.
/// </summary>
internal sealed class StreamSinks
{
    /// <summary>
    /// Throws <see cref="InvalidOperationException"/> if two sinks have the same name, because they would share their
    /// cursors.
    /// </summary>
    public StreamSinks(
        IEnumerable<IStreamSink> sinks,
        IEnumerable<IEventPublisher> publishers,
        IServiceProvider provider
    )
    {
        All = [.. sinks, .. publishers.Select(publisher => EventSink.For(provider, publisher))];
        if (All.GroupBy(sink => sink.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new InvalidOperationException($"Two sinks are registered under the name '{twice.Key}'.");
    }

    public IReadOnlyList<IStreamSink> All { get; }
}
