using System.Diagnostics.Metrics;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Membership;

/// <summary>
/// Measures the offset to the database's clock; of several round trips the fastest is the most exact.
/// </summary>
internal sealed class ClockSynchronizer : PeriodicService<TimeSpan>
{
    private const int Samples = 5;
    private static readonly TimeSpan LocalInterval = TimeSpan.FromMilliseconds(500);
    private readonly ClusterClock _clock;
    private readonly IStoreHealth _store;
    private readonly TimeProvider _time;
    private readonly IOptions<StoreOptions> _storage;
    private readonly ILogger<ClockSynchronizer> _log;
    private double _offset;
    private TimeSpan _alarmedAt;

    public ClockSynchronizer(
        ClusterClock clock,
        IStoreHealth store,
        TimeProvider time,
        IMeterFactory meters,
        IOptions<StoreOptions> storage,
        ILogger<ClockSynchronizer> log
    )
    {
        (_clock, _store, _time, _storage, _log) = (clock, store, time, storage, log);
        meters
            .Create("GroupBuyActors")
            .CreateObservableGauge(
                "cluster_clock_offset_seconds",
                () => Volatile.Read(ref _offset),
                "s",
                "Offset between this silo's clock and the database's clock at the last measurement, before slewing."
            );
    }

    public override string Name => "cluster-clock";

    public override bool RunsUntilGroupsAreGone => true;

    /// <summary>Measures once and returns the offset; if that fails, the last offset stays.</summary>
    public override async Task<TimeSpan> RunOnceAsync(CancellationToken cancellation)
    {
        var offset = IsLocal ? _clock.FollowLocal() : await QueryDatabaseAsync(cancellation);
        Volatile.Write(ref _offset, offset.TotalSeconds);
        AlarmAt(offset);
        return offset;
    }

    /// <summary>The machine's own clock is read more often, because reading it is cheap.</summary>
    protected override TimeSpan PauseAfter(TimeSpan result) => IsLocal ? LocalInterval : GrainsOptions.ClockInterval;

    // The embedded database uses the machine's clock.
    private bool IsLocal => _storage.Value.Provider == StoreProvider.Sqlite;

    private async Task<TimeSpan> QueryDatabaseAsync(CancellationToken cancellation)
    {
        var (best, at, said) = (TimeSpan.MaxValue, 0L, default(DateTimeOffset));
        for (var i = 0; i < Samples; i++)
        {
            var sent = _time.GetTimestamp();
            var now = await _store.NowAsync(cancellation);
            var trip = _time.GetElapsedTime(sent);
            if (trip < best)
                (best, at, said) = (trip, sent, now - trip / 2);
        }

        return _clock.Discipline(at, said);
    }

    /// <summary>Logs a jump once: an offset that is corrected gradually is seen by many measurements.</summary>
    private void AlarmAt(TimeSpan offset)
    {
        var alarm = GrainsOptions.ClockAlarm;
        if (offset.Duration() <= alarm)
            _alarmedAt = TimeSpan.Zero;
        else if ((offset - _alarmedAt).Duration() > alarm)
        {
            MembershipLog.ClockJumped(_log, offset.TotalMilliseconds);
            _alarmedAt = offset;
        }
    }
}
