using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Client;

/// <summary>
/// Creates request keys of the Orleans client. The scope of a caller's key is the operation and its ids; with other
/// arguments it is refused. Keys of HTTP calls are others, even if their text is the same.
/// </summary>
internal sealed class CallKeys(GroupBuyOrleansClientOptions options)
{
    private const int LengthMax = 255;

    /// <summary>The key of one logical call, the same over its tries.</summary>
    /// <param name="operation">The name of the operation.</param>
    /// <param name="target">The group, order or voucher.</param>
    /// <param name="key">The caller's, 1 to 255 characters; null for one that nobody else uses.</param>
    /// <param name="arguments">What must be the same in a repeated call.</param>
    public RequestKey Of(string operation, string target, string? key, string arguments = "")
    {
        if (key is null)
            return new RequestKey(options.NewIdempotencyKey(), "");
        if (key.Length is 0 or > LengthMax)
            throw new ArgumentException($"An idempotency key must have 1 to {LengthMax} characters.", nameof(key));
        return new RequestKey(Hash($"client\n{operation}\n{target}\n{key}"), Hash(arguments));
    }

    private static string Hash(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return Base64Url.EncodeToString(hash[..16]);
    }
}
