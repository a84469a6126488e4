using System.Text.Json.Serialization;

namespace GroupBuyActors.Requests;

/// <summary>An answered request: what is needed to know it again and to give its first answer.</summary>
/// <param name="Id">Names it; whoever asks makes it up.</param>
/// <param name="Fingerprint">Of what was asked; empty where it is not compared.</param>
/// <param name="At">When it was answered.</param>
/// <param name="Answer">Its first answer.</param>
/// <param name="Journaled">True where an event tells of it.</param>
internal sealed record Remembered<TAnswer>(
    string Id,
    string Fingerprint,
    DateTimeOffset At,
    TAnswer Answer,
    bool Journaled
)
{
    /// <summary>True where a request of this fingerprint asks for the same.</summary>
    public bool Matches(string fingerprint) =>
        fingerprint.Length == 0 || Fingerprint.Length == 0 || fingerprint == Fingerprint;
}

/// <summary>
/// The requests that an actor answered in the last 24 h with their answers, oldest first. Those whose success changed
/// nothing are not in the journal and so are lost with the activation: deciding them again changes nothing either.
/// </summary>
internal sealed class RequestMemory<TAnswer>
{
    /// <summary>How long a request is kept.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromHours(24);

    private readonly Dictionary<string, Remembered<TAnswer>> _byId = new(StringComparer.Ordinal);
    private readonly Queue<Remembered<TAnswer>> _byAge = new();

    /// <summary>A memory of nothing.</summary>
    public RequestMemory() { }

    /// <summary>A memory as a snapshot keeps it.</summary>
    [JsonConstructor]
    public RequestMemory(IReadOnlyList<Remembered<TAnswer>> kept)
    {
        foreach (var request in kept)
            Add(request);
    }

    /// <summary>Those that a snapshot of the time of the newest keeps.</summary>
    public IReadOnlyList<Remembered<TAnswer>> Kept => [.. KeptAt(_byAge.LastOrDefault()?.At ?? default)];

    /// <summary>The first answer to a request, or null where it is new or too old.</summary>
    public Remembered<TAnswer>? Find(string id, DateTimeOffset now, TimeSpan keptFor) =>
        _byId.TryGetValue(id, out var known) && now - known.At < keptFor ? known : null;

    /// <summary>Remembers an answer; one that is not journaled never replaces another.</summary>
    public void Add(Remembered<TAnswer> request)
    {
        Prune(request.At);
        if (_byId.TryGetValue(request.Id, out var former) && request.At - former.At < KeptFor && !request.Journaled)
            return;
        _byId[request.Id] = request;
        _byAge.Enqueue(request);
    }

    /// <summary>Those that a snapshot of this time keeps.</summary>
    public IEnumerable<Remembered<TAnswer>> KeptAt(DateTimeOffset time)
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
