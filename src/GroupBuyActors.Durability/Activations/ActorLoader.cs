using GroupBuyActors.Reading;

namespace GroupBuyActors.Activations;

internal static class ActorLoader
{
    /// <summary>
    /// Builds the state from snapshot and tail; throws if they are incomplete or were written by a newer release.
    /// </summary>
    public static TState Build<TState>(IActorFormat<TState> format, ActorId actor, StoredActor stored)
        where TState : class, IActorState
    {
        var state = format.Restore(actor, stored.Snapshot);
        if (state.Sequence != stored.SnapshotSequence)
            throw new InvalidDataException(
                $"The snapshot of actor {actor} has sequence {state.Sequence}, but its header has "
                    + $"{stored.SnapshotSequence}."
            );
        foreach (var row in stored.Tail)
        {
            if (row.Sequence != state.Sequence + 1)
                throw new InvalidDataException(
                    $"The journal of actor {actor} has a gap: sequence {row.Sequence} follows {state.Sequence}."
                );
            format.Replay(state, row);
        }

        return state;
    }
}
