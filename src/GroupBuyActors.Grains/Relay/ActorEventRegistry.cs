using System.Collections.Frozen;
using GroupBuyActors.Ports;

namespace GroupBuyActors.Relay;

/// <summary>The kinds of actors whose events leave the journal.</summary>
internal sealed class ActorEventRegistry
{
    private readonly FrozenDictionary<string, IActorEvents> _byKind;

    /// <summary>Throws <see cref="InvalidOperationException"/> where one kind is registered twice.</summary>
    public ActorEventRegistry(IEnumerable<IActorEvents> kinds)
    {
        var all = kinds.ToList();
        if (all.GroupBy(events => events.Kind).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new InvalidOperationException($"The events of the kind '{twice.Key}' are registered twice.");
        _byKind = all.ToFrozenDictionary(events => events.Kind);
    }

    /// <summary>The kinds that a publisher is given: of those it names, or of those that are published.</summary>
    public IReadOnlyCollection<string> Of(IEventPublisher publisher) =>
        publisher.Kinds is { } named
            ? [.. named.Where(_byKind.ContainsKey)]
            : [.. _byKind.Values.Where(events => events.IsPublished).Select(events => events.Kind)];

    /// <summary>The event to publish; null if its journal row cannot be read.</summary>
    public OutgoingEvent? Outgoing(CommittedEvent e) =>
        _byKind.GetValueOrDefault(e.Actor.Kind)?.Data(e.Type, e.Version, e.Payload) is { } data
            ? new OutgoingEvent(e.Actor, e.Sequence, e.Type, e.Version, e.Time, data, e.Trace)
            : null;
}
