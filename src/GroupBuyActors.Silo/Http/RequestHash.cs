using System.Buffers.Text;
using System.Security.Cryptography;

namespace GroupBuyActors.Silo.Http;

/// <summary>Short hashes of requests.</summary>
internal static class RequestHash
{
    /// <summary>
    /// 128 bits of SHA-256: long enough that two bodies do not have the same hash by accident, short because a group
    /// remembers it for a day.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Base64Url.EncodeToString(hash[..16]);
    }
}
