namespace GroupBuyActors.Integrations.Http;

/// <summary>A call to a host that is not on the allow-list was refused.</summary>
internal sealed class HostNotAllowedException(string message) : HttpRequestException(message);

/// <summary>
/// Allows calls to allowed hosts only. The inner handlers must not follow redirects, which would bypass this check.
/// </summary>
internal sealed class AllowedHostsHandler(HostAllowList allowed) : DelegatingHandler
{
    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        // The message has only the host, because other parts of an address may be secret.
        if (!allowed.Allows(request.RequestUri))
            throw new HostNotAllowedException($"Calls to {Authority(request.RequestUri)} are not allowed.");
        return base.SendAsync(request, cancellationToken);
    }

    private static string Authority(Uri? address) =>
        address is { IsAbsoluteUri: true }
            ? $"{address.Scheme}://{address.Host}:{address.Port}"
            : "an address without a host";
}
