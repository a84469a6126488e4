using System.Globalization;

namespace GroupBuyActors.Tasks;

/// <summary>What caused a task of an actor, according to its id.</summary>
/// <param name="Actor">The actor of the task.</param>
/// <param name="Sequence">The actor's event that caused it.</param>
/// <param name="Type">The type of the task.</param>
/// <param name="Number">Its number among those of its type that the event caused, from 0.</param>
internal readonly record struct TaskCause(ActorId Actor, long Sequence, string Type, int Number);

/// <summary>
/// Task ids: <c>{actor}:{sequence}:{type}:{n}</c> for the n-th task of a type that the actor's event of that sequence
/// caused, so that cancelling needs no look-up and the actor follows from the id;
/// <c>{schedule}:{shard}:{yyyyMMdd'T'HHmmss'Z'}</c> for a firing of a schedule.
/// </summary>
internal static class TaskIds
{
    // The longest actor id with the largest numbers and the longest name of a task type.
    private const int LengthMax = 200;

    /// <summary>The id of the n-th task (from 0) of a type caused by an event.</summary>
    public static string Of(ActorId actor, long sequence, string type, int n = 0) =>
        string.Create(CultureInfo.InvariantCulture, $"{actor}:{sequence}:{type}:{n}");

    /// <summary>The id of a schedule's firing in a shard.</summary>
    public static string Of(string schedule, ShardId shard, DateTimeOffset firing) =>
        string.Create(CultureInfo.InvariantCulture, $"{schedule}:{shard}:{firing.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");

    /// <summary>
    /// True for a text that can be the id of a row: ASCII without blanks. A database server rejects a comparison of
    /// other text with such a column, and treats a text that ends in a blank as equal to the one without.
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

    /// <summary>True for a text that may be a task's id: it can be stored, and a shard follows from it.</summary>
    public static bool IsId(string text) => IsStorable(text) && TryGetShard(text, out _);

    /// <summary>The actor of an actor's task: all before the last three parts.</summary>
    public static bool TryGetActor(string id, out ActorId actor)
    {
        var found = TryGetCause(id, out var cause);
        actor = cause.Actor;
        return found;
    }

    /// <summary>What caused an actor's task.</summary>
    public static bool TryGetCause(string id, out TaskCause cause)
    {
        cause = default;
        var parts = id.Split(':');
        if (
            parts.Length != 5
            || !ActorId.TryParse($"{parts[0]}:{parts[1]}", out var actor)
            || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            || sequence < 1
            || !int.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        )
            return false;
        cause = new TaskCause(actor, sequence, parts[3], number);
        return true;
    }

    /// <summary>A task's shard: that of its actor, or the one in the id of a schedule's firing.</summary>
    public static bool TryGetShard(string id, out ShardId shard)
    {
        if (TryGetActor(id, out var actor))
        {
            shard = actor.Shard;
            return true;
        }

        return TryGetSchedule(id, out _, out shard);
    }

    /// <summary>The schedule and the shard of a firing.</summary>
    public static bool TryGetSchedule(string id, out string schedule, out ShardId shard)
    {
        var parts = id.Split(':');
        (schedule, shard) = (parts[0], default);
        return parts.Length == 3 && ShardId.TryParse(parts[1], null, out shard);
    }
}
