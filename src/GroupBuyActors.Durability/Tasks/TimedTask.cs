using System.Globalization;

namespace GroupBuyActors.Tasks;

/// <summary>
/// Where a task's row lies: the clustered key of the task table. It never changes while the task lives inside the
/// horizon.
/// </summary>
/// <param name="Shard">The shard of its actor.</param>
/// <param name="Due">When it is to run; UTC, milliseconds.</param>
/// <param name="Id">See <see cref="TaskIds"/>.</param>
public readonly record struct TaskKey(ShardId Shard, DateTimeOffset Due, string Id)
{
    /// <summary>
    /// The type of the task that lies there, where whoever names it knows: for counting only, and no part of the key.
    /// </summary>
    public string? Type { get; init; }

    /// <summary>True for the same row.</summary>
    public bool Equals(TaskKey other) => Shard == other.Shard && Due == other.Due && Id == other.Id;

    /// <summary>Of the row.</summary>
    public override int GetHashCode() => HashCode.Combine(Shard, Due, Id);
}

/// <summary>
/// Something that must happen later: persisted with the change that caused it, run once, retried by policy.
/// </summary>
public sealed record TimedTask
{
    /// <summary>Where its row lies.</summary>
    public required TaskKey Key { get; init; }

    /// <summary>Names its type.</summary>
    public required string Type { get; init; }

    /// <summary>The actor it is about, as its id says; null for a task of a shard.</summary>
    public ActorId? Actor { get; init; }

    /// <summary>What the handler needs, as UTF-8 JSON.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The next try, never before <see cref="TaskKey.Due"/>.</summary>
    public required DateTimeOffset NextAt { get; init; }

    /// <summary>Tries that are recorded.</summary>
    public int Attempts { get; init; }

    /// <summary>Optimistic version, from 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>W3C traceparent of what caused it, or null.</summary>
    public string? Trace { get; init; }

    /// <summary>Why the last try failed, at most 500 characters, or null.</summary>
    public string? LastError { get; init; }

    /// <summary>Its row, named for removal.</summary>
    public TaskKey Row => Key with { Type = Type };

    /// <summary>Its own weight on top of its type's, −1,000 to 1,000.</summary>
    public int Weight { get; init; }

    /// <summary>
    /// When it was first to run, where its row has been moved since: from there its age counts. Null:
    /// <see cref="TaskKey.Due"/>.
    /// </summary>
    public DateTimeOffset? FirstDue { get; init; }

    /// <summary>
    /// What in its row cannot be understood, or null. Such a task is run by nobody, and keeps no other from running.
    /// </summary>
    public string? Fault { get; init; }

    /// <summary>How long ago it was first to run, however often its row was moved meanwhile; zero before.</summary>
    public TimeSpan AgeAt(DateTimeOffset now) =>
        now - (FirstDue ?? Key.Due) is { Ticks: > 0 } age ? age : TimeSpan.Zero;

    /// <summary>The task at another place in the table, to be tried then. Its age goes on.</summary>
    public TimedTask MovedTo(DateTimeOffset due) =>
        this with
        {
            Key = Key with { Due = due },
            NextAt = due,
            Version = Version + 1,
            FirstDue = FirstDue ?? Key.Due,
        };

    /// <summary>
    /// The task at a time that a person gave it. Where it has not been tried yet, that is when it is first to run; one
    /// that was tried keeps its age, or moving it now and then would keep it from ever being given up.
    /// </summary>
    public TimedTask MovedByHand(DateTimeOffset due) =>
        Attempts == 0 ? MovedTo(due) with { FirstDue = null } : MovedTo(due);
}

/// <summary>
/// Task ids: <c>{actor}:{sequence}:{i}</c> for the i-th task that the actor's event of that sequence caused, so that
/// cancelling needs no look-up and the id routes to its actor; <c>{job}:{shard}:{yyyyMMdd'T'HHmmss'Z'}</c> for a firing
/// of a schedule.
/// </summary>
public static class TaskIds
{
    private const int LengthMax = 160;

    /// <summary>The id of the i-th task (from 0) caused by an event.</summary>
    public static string Of(ActorId actor, long sequence, int i) =>
        string.Create(CultureInfo.InvariantCulture, $"{actor}:{sequence}:{i}");

    /// <summary>The id of a schedule's firing in a shard.</summary>
    public static string Of(string job, ShardId shard, DateTimeOffset firing) =>
        string.Create(CultureInfo.InvariantCulture, $"{job}:{shard}:{firing.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");

    /// <summary>
    /// True for a text that a row may have as its id: ASCII without blanks. A server compares no other text with such a
    /// column, and takes one that ends in a blank for the one without.
    /// </summary>
    public static bool IsStorable(string text)
    {
        if (text.Length > LengthMax)
            return false;
        foreach (var character in text)
            if (!char.IsAsciiLetterOrDigit(character) && character is not ('.' or ':' or '-' or '_'))
                return false;
        return true;
    }

    /// <summary>True for a text that may be a task's id: it can be stored, and leads to a shard.</summary>
    public static bool IsId(string text) => IsStorable(text) && TryGetShard(text, out _);

    /// <summary>The actor of an actor's task: all before the last two parts.</summary>
    public static bool TryGetActor(string id, out ActorId actor) => TryGetCause(id, out actor, out _, out _);

    /// <summary>The actor of an actor's task, the event that caused it, and which of its tasks this is.</summary>
    public static bool TryGetCause(string id, out ActorId actor, out long sequence, out int i)
    {
        (actor, sequence, i) = (default, 0, 0);
        var last = id.LastIndexOf(':');
        var before = last < 1 ? -1 : id.LastIndexOf(':', last - 1);
        return before > 0
            && long.TryParse(
                id.AsSpan(before + 1, last - before - 1),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out sequence
            )
            && int.TryParse(id.AsSpan(last + 1), NumberStyles.None, CultureInfo.InvariantCulture, out i)
            && ActorId.TryParse(id[..before], out actor);
    }

    /// <summary>Where a task lies: the shard of its actor, or the one that a schedule's firing names.</summary>
    public static bool TryGetShard(string id, out ShardId shard)
    {
        if (TryGetActor(id, out var actor))
        {
            shard = actor.Shard;
            return true;
        }

        shard = default;
        var parts = id.Split(':');
        return parts.Length == 3 && ShardId.TryParse(parts[1], null, out shard);
    }
}
