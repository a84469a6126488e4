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
/// Problem: a packet goes out and no answer comes. The server may have committed it, may have lost it, or may work on
/// it still; what is read meanwhile proves nothing. The lane therefore stops and sends the same commits at the
/// same positions again, for as long as it takes, until one of these is known:
/// <code>
///   sent ─┬─ ok ─────────────────────────────────────────► committed
///         ├─ duplicate, my commit at my first position ──► committed: an earlier try was stored
///         ├─ duplicate, another's commit (sequence, run) ► those are refused, the rest is sent again
///         ├─ other duplicate, row fault, lock ───────────► each commit is sent alone, once
///         ├─ refused, or no connection ──────────────────► tried again for a while, then not made (see below)
///         ├─ stream not alive ─► a plain read is now conclusive ─► committed or unavailable
///         └─ no answer ─► sent again; after UnknownOutcomesMax times the lane fences its stream and reads
/// </code>
/// A refusal (read-only, full, no permission; <see cref="DatabaseErrors"/>) proves that nothing is stored, but only of
/// the try that met it: a batch of which an earlier try is in doubt is sent on for as long as it takes, and refusals
/// never count towards a fence. A batch without a doubt is given up once <see cref="StoreOptions.RefusalPatience"/> is
/// over, where a write that means nothing fails, too; where that succeeds, one of its commits is the trouble, and they
/// go singly. Guarantees: positions are gap-free, since nobody else writes the stream and a refused batch leaves
/// nothing behind; a try that is still under way fails once a later one has landed, for it has the same positions. A
/// batch is changed only when a foreign row refused it: a late first try meets that row, too. What would break it:
/// sending two batches at once, or giving out positions before the outcome of those before is known.
/// </remarks>
internal sealed class MySqlLaneWriter(
    string connectionString,
    StoreOptions options,
    TimeProvider time,
    CommitMetrics metrics,
    ILogger log
) : LaneWriter
{
    private static readonly Backoff s_repeat = new(TimeSpan.FromMilliseconds(40), TimeSpan.FromSeconds(1));
    private readonly MySqlSession _session = new(connectionString, options.CommandTimeout);
    private readonly MySqlPacket _packet = new(time);
    private readonly RefusalPatience _patience = new(time, options.RefusalPatience);

    private enum Conclusion
    {
        Committed,
        Conflicts,
        Unexplained,
        Locked,
        Refused,
        Fenced,
    }

    private enum FenceState
    {
        Whole,
        Short,
        Dead,
    }

    /// <inheritdoc/>
    public override int Open(SiloIdentity silo)
    {
        _session.Open();
        var sentAt = time.GetTimestamp();
        Stream = NewStreamId();
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
        if (IsWhole())
            return true;
        ConcludeFenced([], null);
        return false;
    }

    /// <inheritdoc/>
    public override bool TakesWrites() => _session.Send(MySqlPacket.Probe(Stream)) == MySqlAnswer.Ok;

    /// <summary>False where the stream is known to be fenced or cut short; no answer is none.</summary>
    private bool IsWhole()
    {
        var sentAt = time.GetTimestamp();
        if (!TryReadFence(out var fence))
        {
            CommitLog.Unreachable(log, Stream, _session.Failure!.Message);
            return true;
        }
        if (fence == FenceState.Whole)
            ConfirmedAt = sentAt;
        return fence == FenceState.Whole;
    }

    /// <inheritdoc/>
    public override bool Write(List<QueuedCommit> batch, List<QueuedCommit> deferred)
    {
        while (batch.Count > 0)
        {
            Number(batch);
            switch (Conclude(batch, isPatient: true, out var conflicts))
            {
                case Conclusion.Committed:
                    Land(batch);
                    return true;
                case Conclusion.Fenced:
                    return false;
                case Conclusion.Conflicts:
                    CommitLog.Conflicts(log, Stream, conflicts.Count, batch.Count);
                    foreach (var loser in conflicts)
                        Refuse(batch, loser);
                    batch = batch.FindAll(p => p.Status is null);
                    break;
                // A table's lock stops every commit, a row's only some.
                case Conclusion.Refused or Conclusion.Locked when !_session.WasDeadlock && !TakesWrites():
                    TakeNoMore(batch);
                    return true;
                default:
                    return WriteSingly(batch, deferred);
            }
        }
        return true;
    }

    /// <summary>The database takes nothing: these commits are not made, and none is taken until it does.</summary>
    private void TakeNoMore(IEnumerable<QueuedCommit> reservations)
    {
        Refuses = true;
        GiveUp(reservations);
    }

    /// <inheritdoc/>
    public override void Close() => _session.Discard();

    /// <summary>
    /// Each commit alone, once: who fails alone is refused; who meets a lock is set aside, and its activation's later
    /// ones with it.
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
            Number(single);
            switch (Conclude(single, isPatient: false, out _))
            {
                case Conclusion.Committed:
                    Land(single);
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
                    if (TakesWrites())
                    {
                        GiveUp(
                            batch.Where(p =>
                                p.Status is null && p.Commit.Token == queued.Commit.Token && !deferred.Contains(p)
                            )
                        );
                        break;
                    }
                    TakeNoMore(batch.Where(p => p.Status is null && !deferred.Contains(p)));
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
    private Conclusion Conclude(List<QueuedCommit> batch, bool isPatient, out List<QueuedCommit> conflicts)
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
                case MySqlAnswer.Duplicate when TryFindPresent(batch, out var landed, out conflicts):
                    Answered(sentAt);
                    if (landed)
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
                    // While an earlier try is in doubt, it may be the one that holds the lock.
                    if (unknown > 0)
                        break;
                    CommitLog.LockMet(log, Stream, batch.Count, _session.Failure!.Message);
                    return Conclusion.Locked;
                case MySqlAnswer.Unreachable or MySqlAnswer.Refused:
                    CountRefusal(answer, batch.Count);
                    var isOver = _patience.IsOver();
                    if (unknown == 0 && (isOver || !isPatient))
                        return Conclusion.Refused;
                    // No more is taken while this batch is in doubt; its own outcome is still to be found out.
                    if (isOver)
                        Refuses = true;
                    if (answer == MySqlAnswer.Refused && !IsWhole())
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

    private void Answered(long sentAt)
    {
        ConfirmedAt = sentAt;
        _patience.Reset();
        Refuses = false;
    }

    private void CountRefusal(MySqlAnswer answer, int commits)
    {
        metrics.Retried(answer == MySqlAnswer.Refused ? "refused" : "unreachable");
        if (answer == MySqlAnswer.Refused)
            CommitLog.TransactionRefused(log, Stream, commits, _session.Failure!.Message);
        else
            CommitLog.Unreachable(log, Stream, _session.Failure!.Message);
    }

    /// <summary>
    /// Which of the batch's rows are there; false where the question got no answer: the batch is then sent again.
    /// </summary>
    private bool TryFindPresent(List<QueuedCommit> batch, out bool landed, out List<QueuedCommit> conflicts)
    {
        landed = false;
        conflicts = [];
        if (
            !_session.TryRead(
                _packet.Present(batch, Stream),
                r => (Kind: r.GetInt64(0), Number: (int)r.GetInt64(1), Commit: ReadId(r, 2)),
                out var rows
            )
        )
        {
            CommitLog.Unreachable(log, Stream, _session.Failure!.Message);
            return false;
        }
        foreach (var row in rows)
        {
            if (row.Commit == batch[row.Number].Commit.Id)
                landed = true;
            else if (row.Kind > 0 && !conflicts.Contains(batch[row.Number]))
                conflicts.Add(batch[row.Number]);
        }
        return true;
    }

    /// <summary>
    /// Finds out, for as long as it takes, what became of a batch on a stream that takes no more: fences it first where
    /// nobody has.
    /// </summary>
    private Conclusion ConcludeFenced(List<QueuedCommit> batch, string? because)
    {
        for (var tries = 1; !TryConcludeFenced(batch, because); tries++)
        {
            CommitLog.Unreachable(log, Stream, _session.Failure!.Message);
            PauseAfter(tries);
        }
        return Conclusion.Fenced;
    }

    private bool TryConcludeFenced(List<QueuedCommit> batch, string? because)
    {
        if (!TryReadFence(out var fence))
            return false;
        FencedBecause ??=
            because
            ?? (
                fence == FenceState.Dead
                    ? "The stream is fenced because another silo declared this one dead."
                    : $"Position {LastPosition}, which this silo committed, is missing: the database lost "
                        + "acknowledged commits."
            );
        // Waits for whatever is under way on the stream, and is seen by all that comes later.
        if (
            fence != FenceState.Dead
            && _session.Send($"update stream set state=2 where id={Stream} and state=1") != MySqlAnswer.Ok
        )
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
            Land(batch);
        return true;
    }

    private bool TryReadFence(out FenceState fence)
    {
        fence = FenceState.Dead;
        if (
            !_session.TryRead(
                MySqlPacket.FenceState(Stream, LastPosition),
                r => (Alive: r.GetInt64(0), Last: r.GetInt64(1)),
                out var rows
            )
        )
            return false;
        if (rows[0].Alive == 1)
            fence = LastPosition > 0 && rows[0].Last == 0 ? FenceState.Short : FenceState.Whole;
        return true;
    }

    /// <summary>The first repetition is at once; later ones wait longer each time.</summary>
    private void PauseAfter(int tries)
    {
        if (tries >= 2)
            Pause(s_repeat.After(tries - 1), time);
    }

    private static Guid ReadId(MySqlDataReader reader, int column) =>
        new((byte[])reader.GetValue(column), bigEndian: true);
}
