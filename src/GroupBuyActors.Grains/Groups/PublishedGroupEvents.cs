using System.Text.Json;
using GroupBuyActors.Events;
using GroupBuyActors.Relay;

namespace GroupBuyActors.Groups;

/// <summary>The events of groups, as everybody outside reads them.</summary>
internal sealed class PublishedGroupEvents : IActorEvents
{
    public string Kind => GroupActors.Kind;

    public bool IsPublished => true;

    public ReadOnlyMemory<byte>? Data(string type, int version, ReadOnlyMemory<byte> payload)
    {
        try
        {
            return JournalPayload.Data(type, version, payload);
        }
        catch (Exception unreadable) when (unreadable is JsonException or UnknownEventException)
        {
            return null;
        }
    }
}
