namespace GroupBuyActors.Store.Retention;

/// <summary>A position of a scan of the journal, which reads one stream after the other, each by position.</summary>
internal readonly record struct JournalPosition(long Stream, long Position);
