namespace GroupBuyActors.Groups;

/// <summary>An answered request: what is needed to know it again and to give its first answer.</summary>
internal sealed record Remembered(
    string Id,
    string Fingerprint,
    DateTimeOffset At,
    ReplyOutcome Outcome,
    object Answer,
    bool Journaled
);

/// <summary>
/// The request keys answered in the last 24 h with their answers, oldest first. Those whose success changed nothing are
/// not in the journal and so are lost with the activation: deciding them again changes nothing either.
/// </summary>
internal sealed class RequestMemory
{
    /// <summary>How long a request is remembered: clients may send it again for that long.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    private readonly Dictionary<string, Remembered> _byId = new(StringComparer.Ordinal);
    private readonly Queue<Remembered> _byAge = new();

    /// <summary>The first answer to a request, or null where it is new or too old.</summary>
    public Remembered? Find(string id, DateTimeOffset now, TimeSpan keptFor) =>
        _byId.TryGetValue(id, out var known) && now - known.At < keptFor ? known : null;

    public void Add(Remembered request)
    {
        Prune(request.At);
        if (_byId.TryGetValue(request.Id, out var former) && request.At - former.At < KeptFor && !request.Journaled)
            return;
        _byId[request.Id] = request;
        _byAge.Enqueue(request);
    }

    /// <summary>Those that a snapshot of this time keeps.</summary>
    public IEnumerable<Remembered> KeptAt(DateTimeOffset time)
    {
        foreach (var request in _byAge)
            if (
                request.Journaled
                && time - request.At < KeptFor
                && ReferenceEquals(_byId.GetValueOrDefault(request.Id), request)
            )
                yield return request;
    }

    private void Prune(DateTimeOffset now)
    {
        while (_byAge.TryPeek(out var oldest) && now - oldest.At >= KeptFor)
        {
            _byAge.Dequeue();
            if (ReferenceEquals(_byId.GetValueOrDefault(oldest.Id), oldest))
                _byId.Remove(oldest.Id);
        }
    }
}
