using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// <see cref="AuthMode.ApiKey"/>: <c>X-Api-Key: {secret}</c>, <c>Authorization: ApiKey {secret}</c> or <c>Authorization: Bearer {secret}</c>.
/// Every key is compared, each in constant time, so that the time taken tells nothing.
/// </summary>
internal sealed class ApiKeyAuthenticator(AuthOptions options) : IAuthenticator
{
    private const int SecretBytesMax = 1024;

    public ValueTask<Caller?> AuthenticateAsync(HttpContext context)
    {
        if (Secret(context.Request.Headers) is not { } secret) return ValueTask.FromResult<Caller?>(null);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(secret), hash);
        Caller? found = null;
        foreach (var key in options.Keys)
            if (CryptographicOperations.FixedTimeEquals(hash, key.Hash)) found ??= key.Caller;
        return ValueTask.FromResult(found);
    }

    private static string? Secret(IHeaderDictionary headers)
    {
        if (Single(headers["X-Api-Key"]) is { } key) return key;
        if (Single(headers.Authorization) is not { } authorization) return null;
        var space = authorization.IndexOf(' ');
        if (space <= 0) return null;
        var scheme = authorization.AsSpan(0, space);
        return scheme.Equals("ApiKey", StringComparison.OrdinalIgnoreCase) || scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            ? authorization[(space + 1)..].Trim()
            : null;
    }

    private static string? Single(StringValues values) => values is [{ Length: > 0 and <= SecretBytesMax } value] ? value : null;
}
