using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// <see cref="AuthMode.ApiKey"/>: <c>X-Api-Key: {secret}</c>, <c>Authorization: ApiKey {secret}</c> or
/// <c>Authorization: Bearer {secret}</c>; for the dashboard also as described in <see cref="BrowserKey"/>. Every key is
/// compared, each in constant time, so that the time reveals nothing.
/// </summary>
internal sealed class ApiKeyAuthenticator(AuthOptions options, FailedKeyAttempts wrong) : IAuthenticator
{
    private const int SecretBytesMax = 1024;

    public ValueTask<Identity> AuthenticateAsync(HttpContext context) => ValueTask.FromResult(Identify(context));

    private Identity Identify(HttpContext context)
    {
        if (Secret(context) is not { } secret)
            return Identity.Nobody;
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        var open = wrong.CanTry(address, out var worked);
        if (Find(secret) is { } key && (open || worked.Contains(key)))
        {
            if (!worked.Contains(key))
                wrong.Worked(address, key);
            return Identity.Of(key.Caller);
        }

        wrong.Failed(address);
        return open ? Identity.Nobody : Identity.Limited;
    }

    private ApiKey? Find(string secret)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), hash);
        ApiKey? found = null;
        foreach (var key in options.Keys)
            if (CryptographicOperations.FixedTimeEquals(hash, key.Hash))
                found ??= key;
        return found;
    }

    private static string? Secret(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (Single(headers["X-Api-Key"]) is { } key)
            return key;
        if (Single(headers.Authorization) is { } authorization && HeaderKey(authorization) is { } sent)
            return sent;
        return BrowserKey.Read(context) is { Length: > 0 and <= SecretBytesMax } kept ? kept : null;
    }

    private static string? HeaderKey(string authorization)
    {
        var space = authorization.IndexOf(' ');
        if (space <= 0)
            return null;
        var scheme = authorization.AsSpan(0, space);
        return
            scheme.Equals("ApiKey", StringComparison.OrdinalIgnoreCase)
            || scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            ? authorization[(space + 1)..].Trim()
            : null;
    }

    private static string? Single(StringValues values) =>
        values is [{ Length: > 0 and <= SecretBytesMax } value] ? value : null;
}
