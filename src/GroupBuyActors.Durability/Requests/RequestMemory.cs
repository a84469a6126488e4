using System.Text.Json.Serialization;

namespace GroupBuyActors.Requests;

/// <summary>An answered request: what is needed to recognise its repetition and to return its first answer.</summary>
/// <param name="Id">Identifies the request; chosen by the caller.</param>
/// <param name="Fingerprint">A hash of the request's content; empty if the content is not compared.</param>
/// <param name="At">The time of the answer.</param>
/// <param name="Answer">The first answer.</param>
/// <param name="Journaled">True if an event records the request.</param>
internal sealed record RememberedRequest<TAnswer>(
    string Id,
    string Fingerprint,
    DateTimeOffset At,
    TAnswer Answer,
    bool Journaled
)
{
    /// <summary>True if a request with this fingerprint has the same content.</summary>
    public bool Matches(string fingerprint) =>
        fingerprint.Length == 0 || Fingerprint.Length == 0 || fingerprint == Fingerprint;
}

/// <summary>
/// The requests that an actor answered in the last 24 h, with their answers, oldest first. Requests that changed
/// nothing are not in the journal and are lost with the activation; deciding them again changes nothing either.
/// </summary>
internal sealed class RequestMemory<TAnswer>
{
    /// <summary>How long a request is remembered.</summary>
    public static readonly TimeSpan RememberedFor = TimeSpan.FromHours(24);

    private readonly Dictionary<string, RememberedRequest<TAnswer>> _byId = new(StringComparer.Ordinal);
    private readonly Queue<RememberedRequest<TAnswer>> _byAge = new();

    /// <summary>Creates an empty memory.</summary>
    public RequestMemory() { }

    /// <summary>Creates a memory with the requests of a snapshot.</summary>
    [JsonConstructor]
    public RequestMemory(IReadOnlyList<RememberedRequest<TAnswer>> kept)
    {
        foreach (var request in kept)
            Add(request);
    }

    /// <summary>The requests that a snapshot taken at the time of the newest contains.</summary>
    public IReadOnlyList<RememberedRequest<TAnswer>> Kept => [.. KeptAt(_byAge.LastOrDefault()?.At ?? default)];

    /// <summary>The remembered request of this id, or null if it is new or too old.</summary>
    public RememberedRequest<TAnswer>? Find(string id, DateTimeOffset now, TimeSpan keptFor) =>
        _byId.TryGetValue(id, out var known) && now - known.At < keptFor ? known : null;

    /// <summary>Remembers an answer; one that is not journaled never replaces another.</summary>
    public void Add(RememberedRequest<TAnswer> request)
    {
        Prune(request.At);
        if (
            _byId.TryGetValue(request.Id, out var former)
            && request.At - former.At < RememberedFor
            && !request.Journaled
        )
            return;
        _byId[request.Id] = request;
        _byAge.Enqueue(request);
    }

    /// <summary>The requests that a snapshot taken at this time contains.</summary>
    public IEnumerable<RememberedRequest<TAnswer>> KeptAt(DateTimeOffset time)
    {
        foreach (var request in _byAge)
            if (
                request.Journaled
                && time - request.At < RememberedFor
                && ReferenceEquals(_byId.GetValueOrDefault(request.Id), request)
            )
                yield return request;
    }

    private void Prune(DateTimeOffset now)
    {
        while (_byAge.TryPeek(out var oldest) && now - oldest.At >= RememberedFor)
        {
            _byAge.Dequeue();
            if (ReferenceEquals(_byId.GetValueOrDefault(oldest.Id), oldest))
                _byId.Remove(oldest.Id);
        }
    }
}
