using System.Buffers.Text;
using System.Security.Cryptography;

namespace GroupBuyActors.Silo.Http;

/// <summary>A short text that two different requests do not share.</summary>
internal static class RequestHash
{
    /// <summary>
    /// 128 bits of SHA-256: nobody can make two bodies of one hash by accident, and a group remembers the text for a
    /// day.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Base64Url.EncodeToString(hash[..16]);
    }
}
