using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// Bounds how many keys can be tried from one address, and logs wrong ones. Once too many came, keys from there are
/// refused, right or wrong, except those that worked from there before: nobody behind a shared address (a proxy's) is
/// locked out by a neighbour.
/// </summary>
internal sealed class FailedKeyAttempts(TimeProvider time, ILogger<FailedKeyAttempts> log)
{
    /// <summary>So many wrong keys in a row are taken for mistakes.</summary>
    public const int Burst = 200;

    /// <summary>After them one more may be tried each time this has passed.</summary>
    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(1);

    // Fewer in a minute are somebody's mistakes, and call nobody.
    private const int Suspicious = 10;
    private const int AddressesMax = 10_000;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<IPAddress, Entry> _entries = new();

    // Addresses beyond the bound share one entry; there are so many only while somebody plays with them.
    private readonly Entry _rest = new();
    private long _swept = time.GetTimestamp();

    /// <summary>
    /// Whether any key may be tried from there; where not, those in <paramref name="worked"/> still are.
    /// </summary>
    public bool MayBeTried(IPAddress address, out IReadOnlySet<ApiKey> worked)
    {
        var entry = EntryOf(address);
        lock (entry)
        {
            FillUp(entry);
            worked = entry.Worked;
            return entry.Tokens >= 1;
        }
    }

    /// <summary>A key worked.</summary>
    public void Worked(IPAddress address, ApiKey key)
    {
        var entry = EntryOf(address);
        lock (entry)
        {
            // Replaced, never changed: it is read without the lock.
            entry.Worked = [.. entry.Worked, key];
        }
    }

    /// <summary>A key was wrong, or was not taken.</summary>
    public void Failed(IPAddress address)
    {
        var entry = EntryOf(address);
        lock (entry)
        {
            FillUp(entry);
            entry.Tokens = Math.Max(0, entry.Tokens - 1);
            entry.Unreported++;
            var begins = entry.Tokens < 1 && !entry.IsLimited;
            entry.IsLimited |= begins;
            if (begins)
                AuthLog.Limited(log, address, Burst);
            if (entry.ReportedAt is { } reportedAt && time.GetElapsedTime(reportedAt) < ReportInterval)
                return;
            AuthLog.Wrong(
                log,
                entry.Unreported < Suspicious ? LogLevel.Information : LogLevel.Warning,
                entry.Unreported,
                address
            );
            (entry.Unreported, entry.ReportedAt) = (0, time.GetTimestamp());
        }
    }

    private void FillUp(Entry entry)
    {
        var now = time.GetTimestamp();
        var since = entry.SeenAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(entry.SeenAt, now);
        entry.Tokens = Math.Min(Burst, entry.Tokens + (since / Refill));
        entry.SeenAt = now;
        if (entry.Tokens >= Burst)
            entry.IsLimited = false;
    }

    private Entry EntryOf(IPAddress address)
    {
        var network = NetworkOf(address);
        if (_entries.TryGetValue(network, out var entry))
            return entry;
        if (_entries.Count >= AddressesMax)
            Sweep();
        return _entries.Count >= AddressesMax ? _rest : _entries.GetOrAdd(network, _ => new Entry());
    }

    // Forgets addresses from which nothing came for so long that nothing is held against them; at most once a minute.
    private void Sweep()
    {
        var last = Interlocked.Read(ref _swept);
        if (time.GetElapsedTime(last) < ReportInterval)
            return;
        if (Interlocked.CompareExchange(ref _swept, time.GetTimestamp(), last) != last)
            return;
        foreach (var (address, entry) in _entries)
            lock (entry)
                if (time.GetElapsedTime(entry.SeenAt) > Burst * Refill)
                    _entries.TryRemove(address, out Entry? _);
    }

    // Who has one address of the sixth version has 2^64 of them.
    private static IPAddress NetworkOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    private sealed class Entry
    {
        public double Tokens = Burst;
        public long SeenAt;
        public int Unreported;
        public long? ReportedAt;
        public bool IsLimited;
        public HashSet<ApiKey> Worked = [];
    }
}
