namespace GroupBuyActors.Integrations.Http;

/// <summary>A call would have left for a host that is not on the allow-list.</summary>
internal sealed class HostNotAllowedException(string message) : HttpRequestException(message);

/// <summary>
/// Lets calls go to allowed hosts only, whatever address they were given. The client behind it must not follow
/// redirects by itself: those would not come past here.
/// </summary>
internal sealed class AllowedHostsHandler(HostAllowList allowed) : DelegatingHandler
{
    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        // The host alone is told: what else an address has may be a secret.
        if (!allowed.Allows(request.RequestUri))
            throw new HostNotAllowedException($"Calls to {Authority(request.RequestUri)} are not allowed.");
        return base.SendAsync(request, cancellationToken);
    }

    private static string Authority(Uri? address) =>
        address is { IsAbsoluteUri: true }
            ? $"{address.Scheme}://{address.Host}:{address.Port}"
            : "an address without a host";
}
