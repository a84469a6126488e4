using System.Text.Json;

namespace GroupBuyActors.Cluster.Checks;

/// <summary>
/// A merchant's books as <c>GET /v1/admin/reconciliation</c> gives them; money of all currencies together.
/// </summary>
internal sealed class Books(JsonElement document)
{
    public bool Balanced => document.GetProperty("balanced").GetBoolean();
    public long Paid => Money("paid");
    public long Held => Money("held");
    public long Settled => Money("settled");
    public long Refunding => Money("refunding");
    public long Refunded => Money("refunded");
    public long Reserved => Stock("reserved");
    public long Outstanding => Stock("outstanding");
    public long Deducted => Stock("deducted");
    public long Released => Stock("released");

    /// <summary>True where every line was compared with those of the ports.</summary>
    public bool IsCompared =>
        document
            .GetProperty("ports")
            .EnumerateObject()
            .Where(port => port.Value.ValueKind == JsonValueKind.Object)
            .All(port =>
                !port.Value.TryGetProperty("reason", out var reason) || reason.ValueKind == JsonValueKind.Null
            );

    /// <summary>How they compare with a port's own.</summary>
    public PortBooks Port(string name)
    {
        var port = document.GetProperty("ports").GetProperty(name);
        var missing = port.GetProperty("kinds").TryGetProperty("missing-at-port", out var count) ? count.GetInt64() : 0;
        return new PortBooks(port.GetProperty("answered").GetBoolean(), port.GetProperty("count").GetInt64(), missing);
    }

    public override string ToString() => document.GetRawText();

    private long Money(string name) =>
        document.GetProperty("currencies").EnumerateArray().Sum(currency => currency.GetProperty(name).GetInt64());

    private long Stock(string name) => document.GetProperty("stock").GetProperty(name).GetInt64();
}

/// <summary>Lines that differ from a port's books, and how many of them it lacks.</summary>
internal sealed record PortBooks(bool Answered, long Count, long MissingAtPort);
