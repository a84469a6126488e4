using GroupBuyActors.Silo.Auth;

namespace GroupBuyActors.Silo.Gateways;

/// <summary>
/// Runs, on a silo, a route that a gateway was asked for and that needs what only silos have: who owns what, running
/// tasks, policies in force, the ports' services. Any key is right.
/// </summary>
[Alias("groupbuy.ISiloRouteGrain")]
internal interface ISiloRouteGrain : IGrainWithIntegerKey
{
    /// <summary>Answers a request whose caller was authenticated and permitted by the gateway.</summary>
    [Alias("Answer")]
    Task<RoutedAnswer> Answer(RoutedRequest request);

    /// <summary>Null if the silo serves; otherwise the reason as a sentence.</summary>
    [Alias("WhyNotServing")]
    Task<string?> WhyNotServing();
}

/// <summary>A request that a gateway passes on.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.RoutedRequest")]
internal sealed record RoutedRequest
{
    /// <summary>The route's template, such as <c>/v1/admin/tasks/{taskId}</c>.</summary>
    [Id(0)]
    public required string Template { get; init; }

    /// <summary>The method.</summary>
    [Id(1)]
    public required string Method { get; init; }

    /// <summary>The decoded parameters of the route.</summary>
    [Id(2)]
    public required Dictionary<string, string> Values { get; init; }

    /// <summary>The query string as it was sent, with its question mark; or empty.</summary>
    [Id(3)]
    public required string Query { get; init; }

    /// <summary>The headers that handlers read.</summary>
    [Id(4)]
    public required Dictionary<string, string[]> Headers { get; init; }

    /// <summary>The body; null for none.</summary>
    [Id(5)]
    public byte[]? Body { get; init; }

    /// <summary>The name of the caller's key.</summary>
    [Id(6)]
    public required string Caller { get; init; }

    /// <summary>The caller's role.</summary>
    [Id(7)]
    public required Role Role { get; init; }

    /// <summary>The caller's user or merchant id, or empty.</summary>
    [Id(8)]
    public required string Subject { get; init; }
}

/// <summary>The answer of a silo to a request that a gateway passed on.</summary>
/// <param name="Status">The status code; 0 if this silo has no such route, because it runs another release.</param>
/// <param name="Headers">The headers of the answer.</param>
/// <param name="Body">The body.</param>
[GenerateSerializer, Immutable, Alias("groupbuy.RoutedAnswer")]
internal sealed record RoutedAnswer(
    [property: Id(0)] int Status,
    [property: Id(1)] Dictionary<string, string[]> Headers,
    [property: Id(2)] byte[] Body
);
