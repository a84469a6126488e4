using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace GroupBuyActors.Silo.Auth;

/// <summary>
/// Bounds how many keys can be tried from one address, and logs wrong ones. After too many wrong ones, all keys from
/// that address are refused, except those that were accepted from there before, so that callers behind a shared address
/// (a proxy) are not locked out by others.
/// </summary>
internal sealed class FailedKeyAttempts(TimeProvider time, ILogger<FailedKeyAttempts> log)
{
    /// <summary>The number of wrong keys in a row that are accepted as mistakes.</summary>
    public const int Burst = 200;

    /// <summary>After them, one more key may be tried per this time.</summary>
    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(1);

    // Fewer wrong keys in a minute are logged as information only.
    private const int Suspicious = 10;
    private const int AddressesMax = 10_000;
    private static readonly TimeSpan ReportInterval = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<IPAddress, Entry> _entries = new();

    // Addresses beyond the bound share one entry; so many addresses occur only in an attack.
    private readonly Entry _rest = new();
    private long _swept = time.GetTimestamp();

    /// <summary>
    /// True if any key may be tried from an address; otherwise only those in <paramref name="worked"/> are accepted.
    /// </summary>
    public bool CanTry(IPAddress address, out IReadOnlySet<ApiKey> worked)
    {
        var entry = EntryOf(address);
        lock (entry)
        {
            FillUp(entry);
            worked = entry.Worked;
            return entry.Tokens >= 1;
        }
    }

    /// <summary>Records that a key was accepted.</summary>
    public void Worked(IPAddress address, ApiKey key)
    {
        var entry = EntryOf(address);
        lock (entry)
        {
            // The set is replaced and never changed, because it is read without the lock.
            entry.Worked = [.. entry.Worked, key];
        }
    }

    /// <summary>Records that a key was wrong or refused.</summary>
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

    // Removes addresses whose allowance is full again; at most once a minute.
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

    // A caller with one IPv6 address usually has 2^64 of them, so all addresses of a /64 network count as one.
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
