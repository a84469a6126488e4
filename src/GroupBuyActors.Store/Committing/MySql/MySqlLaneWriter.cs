using GroupBuyActors.Committing;
using GroupBuyActors.Retries;
using GroupBuyActors.Store.Databases;
using Microsoft.Extensions.Logging;
using MySqlConnector;

namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>
/// Writes a stream on MySQL or MariaDB.
/// </summary>
/// <remarks>
/// Problem: a packet is sent and not answered. The server may have committed it, may have lost it, or may still work on
/// it; a read meanwhile proves nothing. The lane therefore sends the same commits at the same positions again, for as
/// long as it takes, until one of these is known:
/// <code>
/// sent ─┬─ ok ─────────────────────────────────────────► committed
/// ├─ duplicate, my commit at my first position ──► committed: an earlier try was stored
/// ├─ duplicate, another's commit (sequence, run) ► these are refused, the others are sent again
/// ├─ other duplicate, row fault, lock ───────────► each commit is sent alone, once
/// ├─ refused, or no connection ──────────────────► tried again for a while, then not made (see below)
/// ├─ stream not alive ─► a plain read is now conclusive ─► committed or unavailable
/// └─ no answer ─► sent again; after UnknownOutcomesMax times the lane fences its stream and reads
/// </code>
/// A refusal (read-only, full, no permission; <see cref="DatabaseErrors"/>) proves that this try stored nothing, but
/// says nothing about earlier tries: a batch with an earlier try in doubt is sent again for as long as it takes, and
/// refusals never count towards a fence. A batch without a try in doubt is given up after
/// <see cref="StoreOptions.RefusalTimeout"/> if a test write fails too; if the test write succeeds, one of its commits
/// is the cause, and each is sent alone. Guarantees: positions have no gaps, since nobody else writes the stream and a
/// refused batch leaves nothing behind; a try that is still running fails once a later one is stored, because it has
/// the same positions. A batch is changed only if another writer's row refused it: a late first try fails by that row
/// too. What would break it: sending two batches at once, or assigning positions before the outcome of the previous
/// batch is known.
/// </remarks>
internal sealed class MySqlLaneWriter(
    string connectionString,
    StoreOptions options,
    TimeProvider time,
    CommitMetrics metrics,
    ILogger log
) : LaneWriter
{
    private static readonly Backoff s_repeat = new(TimeSpan.FromMilliseconds(40), StoreOptions.RecoveryInterval);
    private readonly MySqlSession _session = new(connectionString, options.CommandTimeout);
    private readonly MySqlPacket _packet = new(time);
    private readonly RefusalTimer _refusalTimer = new(time, options.RefusalTimeout);
    private readonly UnreachableReport _unreachable = new(time, log);

    private enum Conclusion
    {
        Committed,
        Conflicts,
        Unexplained,
        Locked,
        Refused,
        Fenced,
    }

    /// <inheritdoc/>
    public override int Open(SiloIdentity silo)
    {
        _session.Open();
        var sentAt = time.GetTimestamp();
        Stream = NewStreamId(LowestSlot);
        var row = new MySqlText()
            .Sql("insert into stream(id,silo_address,silo_slot,state)values(")
            .Number(Stream)
            .Sql(',')
            .Text(silo.Address)
            .Sql(',')
            .Text(silo.Slot)
            .Sql(",1)");
        if (_session.Send(row.ToString()) != MySqlAnswer.Ok)
            throw _session.Failure!;
        ConfirmedAt = sentAt;
        return (int)Math.Min(options.BatchBytesMax, _session.PacketBytesMax / 4);
    }

    /// <inheritdoc/>
    public override bool Confirm()
    {
        if (IsAlive())
            return true;
        ConcludeFenced([], null);
        return false;
    }

    /// <inheritdoc/>
    public override bool AcceptsWrites() => _session.Send(MySqlPacket.Probe(Stream)) == MySqlAnswer.Ok;

    /// <summary>False if the stream is known to be fenced or truncated; true if the database does not answer.</summary>
    private bool IsAlive()
    {
        var sentAt = time.GetTimestamp();
        if (!Fence.TryRead(Stream, LastPosition, out var fence))
        {
            _unreachable.Add(Stream, _session.Failure);
            return true;
        }
        if (fence == FenceState.Alive)
            ConfirmedAt = sentAt;
        return fence == FenceState.Alive;
    }

    /// <inheritdoc/>
    public override bool Write(List<QueuedCommit> batch, List<QueuedCommit> deferred)
    {
        while (batch.Count > 0)
        {
            AssignPositions(batch);
            switch (Conclude(batch, waitsForRecovery: true, out var conflicts))
            {
                case Conclusion.Committed:
                    MarkCommitted(batch);
                    return true;
                case Conclusion.Fenced:
                    return false;
                case Conclusion.Conflicts:
                    CommitLog.Conflicts(log, Stream, conflicts.Count, batch.Count);
                    foreach (var refused in conflicts)
                        Refuse(batch, refused);
                    batch = batch.FindAll(p => p.Status is null);
                    break;
                // The lock of a table stops every commit, the lock of a row only some.
                case Conclusion.Refused or Conclusion.Locked when !_session.WasDeadlock && !AcceptsWrites():
                    RefuseCommits(batch);
                    return true;
                default:
                    return WriteSingly(batch, deferred);
            }
        }
        return true;
    }

    /// <summary>The database accepts no writes: fails these commits, and refuses new ones until it does.</summary>
    private void RefuseCommits(IEnumerable<QueuedCommit> reservations)
    {
        Refuses = true;
        GiveUp(reservations);
    }

    /// <inheritdoc/>
    public override void Close() => _session.Discard();

    /// <summary>
    /// Sends each commit alone, once. A commit that fails alone is refused; one that is blocked by a lock is deferred,
    /// together with later ones of its activation.
    /// </summary>
    private bool WriteSingly(List<QueuedCommit> batch, List<QueuedCommit> deferred)
    {
        foreach (var queued in batch)
        {
            if (queued.Status is not null)
                continue;
            if (
                deferred.Exists(s =>
                    s.Commit.Token == queued.Commit.Token
                    || (s.Commit.Actor is { } actor && queued.Commit.Actor == actor)
                )
            )
            {
                deferred.Add(queued);
                continue;
            }
            List<QueuedCommit> single = [queued];
            AssignPositions(single);
            switch (Conclude(single, waitsForRecovery: false, out _))
            {
                case Conclusion.Committed:
                    MarkCommitted(single);
                    break;
                case Conclusion.Fenced:
                    return false;
                case Conclusion.Conflicts:
                    Refuse(batch, queued);
                    break;
                case Conclusion.Locked:
                    CommitLog.Deferred(log, Stream, queued.Commit.Id, queued.Commit.Actor?.ToString());
                    deferred.Add(queued);
                    break;
                case Conclusion.Refused:
                    CommitLog.CommitRefused(
                        log,
                        Stream,
                        queued.Commit.Id,
                        queued.Commit.Actor?.ToString(),
                        _session.Failure!.Message
                    );
                    if (AcceptsWrites())
                    {
                        GiveUp(
                            batch.Where(p =>
                                p.Status is null && p.Commit.Token == queued.Commit.Token && !deferred.Contains(p)
                            )
                        );
                        break;
                    }
                    RefuseCommits(batch.Where(p => p.Status is null && !deferred.Contains(p)));
                    return true;
                default:
                    CommitLog.RowRefused(
                        log,
                        Stream,
                        queued.Commit.Id,
                        queued.Commit.Actor?.ToString(),
                        _session.Failure!.Message
                    );
                    Refuse(batch, queued);
                    break;
            }
        }
        return true;
    }

    /// <summary>Sends a batch until its outcome is known; see the remarks of this class.</summary>
    private Conclusion Conclude(List<QueuedCommit> batch, bool waitsForRecovery, out List<QueuedCommit> conflicts)
    {
        conflicts = [];
        var packet = _packet.Transaction(batch, Stream, LastPosition);
        var unknown = 0;
        for (var tries = 0; ; tries++)
        {
            if (tries > 0)
                PauseAfter(tries);
            var sentAt = time.GetTimestamp();
            var answer = _session.Send(packet);
            switch (answer)
            {
                case MySqlAnswer.Ok:
                    Answered(sentAt);
                    return Conclusion.Committed;
                case MySqlAnswer.Duplicate when TryFindPresent(batch, out var isStored, out conflicts):
                    Answered(sentAt);
                    if (isStored)
                        return Conclusion.Committed;
                    if (conflicts.Count > 0)
                        return Conclusion.Conflicts;
                    metrics.Retried("duplicate");
                    return Conclusion.Unexplained;
                case MySqlAnswer.NotAlive:
                    return ConcludeFenced(batch, null);
                case MySqlAnswer.RowFault:
                    metrics.Retried("row");
                    return Conclusion.Unexplained;
                case MySqlAnswer.Lock:
                    metrics.Retried(_session.WasDeadlock ? "deadlock" : "lock_wait");
                    // An earlier try in doubt may be the one that holds the lock.
                    if (unknown > 0)
                        break;
                    CommitLog.LockMet(log, Stream, batch.Count, _session.Failure!.Message);
                    return Conclusion.Locked;
                case MySqlAnswer.Unreachable or MySqlAnswer.Refused:
                    CountRefusal(answer, batch.Count);
                    var isOver = _refusalTimer.IsOver();
                    if (unknown == 0 && (isOver || !waitsForRecovery))
                        return Conclusion.Refused;
                    // New commits are refused while this batch is in doubt; its own outcome must still be found.
                    if (isOver)
                        Refuses = true;
                    if (answer == MySqlAnswer.Refused && !IsAlive())
                        return ConcludeFenced(batch, null);
                    break;
                default:
                    metrics.Retried("unknown");
                    CommitLog.OutcomeUnknown(log, Stream, batch.Count, ++unknown, _session.Failure!.Message);
                    if (unknown < options.UnknownOutcomesMax)
                        break;
                    return ConcludeFenced(batch, $"The outcome of a transaction stayed unknown {unknown} times.");
            }
        }
    }

    private MySqlStreamFence Fence => new(_session);

    private void Answered(long sentAt)
    {
        ConfirmedAt = sentAt;
        _refusalTimer.Reset();
        Refuses = false;
    }

    private void CountRefusal(MySqlAnswer answer, int commits)
    {
        metrics.Retried(answer == MySqlAnswer.Refused ? "refused" : "unreachable");
        if (answer == MySqlAnswer.Refused)
            CommitLog.TransactionRefused(log, Stream, commits, _session.Failure!.Message);
        else
            _unreachable.Add(Stream, _session.Failure);
    }

    /// <summary>
    /// Finds which of the batch's rows are stored; false if the query was not answered: the batch is then sent again.
    /// </summary>
    private bool TryFindPresent(List<QueuedCommit> batch, out bool isStored, out List<QueuedCommit> conflicts)
    {
        isStored = false;
        conflicts = [];
        if (
            !_session.TryRead(
                _packet.Present(batch, Stream),
                r => (Kind: r.GetInt64(0), Number: (int)r.GetInt64(1), Commit: ReadId(r, 2)),
                out var rows
            )
        )
        {
            _unreachable.Add(Stream, _session.Failure);
            return false;
        }
        foreach (var row in rows)
        {
            if (row.Commit == batch[row.Number].Commit.Id)
                isStored = true;
            else if (row.Kind > 0 && !conflicts.Contains(batch[row.Number]))
                conflicts.Add(batch[row.Number]);
        }
        return true;
    }

    /// <summary>
    /// Finds the outcome of a batch on a fenced stream, for as long as it takes; fences the stream first if nobody has.
    /// </summary>
    private Conclusion ConcludeFenced(List<QueuedCommit> batch, string? because)
    {
        for (var tries = 1; !TryConcludeFenced(batch, because); tries++)
        {
            _unreachable.Add(Stream, _session.Failure);
            PauseAfter(tries);
        }
        return Conclusion.Fenced;
    }

    private bool TryConcludeFenced(List<QueuedCommit> batch, string? because)
    {
        if (!Fence.TryRead(Stream, LastPosition, out var fence))
            return false;
        if (fence == FenceState.Truncated && FenceReason is null)
            CommitLog.CommitsLost(log, Stream, LastPosition);
        FenceReason ??=
            because
            ?? (
                fence == FenceState.Dead
                    ? "The stream is fenced: another silo declared this one dead, or found lost commits (2118)."
                    : $"Position {LastPosition}, which this silo committed, is missing (2118)."
            );
        var isFenced = fence switch
        {
            FenceState.Dead => true,
            FenceState.Truncated => Fence.TryFenceAll(Stream),
            _ => Fence.TryFence(Stream),
        };
        if (!isFenced)
            return false;
        if (batch.Count == 0)
            return true;
        if (
            !_session.TryRead(
                $"select commit_id from journal where stream={Stream} and position={batch[0].FirstPosition}",
                r => ReadId(r, 0),
                out var found
            )
        )
            return false;
        if (found.Contains(batch[0].Commit.Id))
            MarkCommitted(batch);
        return true;
    }

    /// <summary>The first repetition is immediate; later ones wait longer each time.</summary>
    private void PauseAfter(int tries)
    {
        if (tries >= 2)
            Pause(s_repeat.After(tries - 1), time);
    }

    private static Guid ReadId(MySqlDataReader reader, int column) =>
        new((byte[])reader.GetValue(column), bigEndian: true);
}
