namespace GroupBuyActors.Store.Retention;

/// <summary>A place in the journal as a walk goes through it: a stream after the other, each by position.</summary>
internal readonly record struct JournalPosition(long Stream, long Position);
