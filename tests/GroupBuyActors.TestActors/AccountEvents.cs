using System.Text.Json;
using GroupBuyActors.Relay;

namespace GroupBuyActors.TestActors;

/// <summary>What an account's events tell others: the amount, and nothing of who asked.</summary>
internal sealed class AccountEvents(bool isPublished) : IActorEvents
{
    public string Kind => "accounts";

    public bool IsPublished => isPublished;

    public ReadOnlyMemory<byte>? Data(string type, int version, ReadOnlyMemory<byte> payload) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new { amount = JsonSerializer.Deserialize(payload.Span, AccountJson.Default.Deposited)!.Amount }
        );
}
