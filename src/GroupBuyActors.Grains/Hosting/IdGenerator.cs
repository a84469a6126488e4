using System.Security.Cryptography;

namespace GroupBuyActors.Hosting;

/// <summary>
/// Creates the silo's ids, secrets and random numbers; replaced in tests that need reproducible ones.
/// </summary>
internal class IdGenerator
{
    private const string SecretAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
    private const int SecretLength = 26;
    private readonly ulong _process = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));
    private long _commits;

    /// <summary>
    /// A commit's id: 64 random bits of this process and a counter. As unique as a random id, without a call of the
    /// system's generator for each commit.
    /// </summary>
    public virtual Guid NextCommitId()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, _process);
        BitConverter.TryWriteBytes(bytes[8..], Interlocked.Increment(ref _commits));
        return new Guid(bytes);
    }

    /// <summary>A random secret for a voucher: 26 characters of <c>[a-z0-9]</c>, 134 bits.</summary>
    public virtual string NextSecret() => RandomNumberGenerator.GetString(SecretAlphabet, SecretLength);

    /// <summary>A random number from [0, 1), to spread retries.</summary>
    public virtual double NextShare() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;
}
