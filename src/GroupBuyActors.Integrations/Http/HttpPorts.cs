namespace GroupBuyActors.Integrations.Http;

/// <summary>
/// Options of all ports over HTTP. A port without a base address keeps its other implementation, such as the sandbox.
/// </summary>
public sealed record HttpPorts
{
    /// <summary>The inventory service.</summary>
    public HttpPortOptions Inventory { get; init; } = new();

    /// <summary>The payment provider.</summary>
    public HttpPortOptions Payments { get; init; } = new();

    /// <summary>The notice service.</summary>
    public HttpPortOptions Notices { get; init; } = new();

    /// <summary>Hosts that may be called; null: only those of the base addresses.</summary>
    public HostAllowList? AllowedHosts { get; init; }

    /// <summary>Headers that logs must not show.</summary>
    public MaskedHeaders MaskedHeaders { get; init; } = new(MaskedHeaders.Default);

    /// <summary>The allow-list in force.</summary>
    public HostAllowList Hosts =>
        AllowedHosts
        ?? HostAllowList.OfAddresses(new[] { Inventory, Payments, Notices }.Select(port => port.BaseUrl).OfType<Uri>());
}
