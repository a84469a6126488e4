namespace GroupBuyActors.Silo.Http;

/// <summary>Gathers every faulty field of a request, so that one answer names them all.</summary>
internal sealed class FieldErrors
{
    /// <summary>Stands for the body as a whole.</summary>
    public const string Body = "$";

    private readonly SortedDictionary<string, List<string>> _errors = new(StringComparer.Ordinal);

    public bool Any => _errors.Count > 0;

    public string Sentence => _errors.Count == 1 ? "One field is faulty." : $"{_errors.Count} fields are faulty.";

    public void Add(string field, string text)
    {
        if (!_errors.TryGetValue(field, out var texts)) _errors[field] = texts = [];
        texts.Add(text);
    }

    /// <summary>Adds what a rule found, except about fields (or their members) that are known to be faulty.</summary>
    public void AddRest(IReadOnlyDictionary<string, string[]> found)
    {
        foreach (var (field, texts) in found)
            if (!IsFaulty(field))
                foreach (var text in texts) Add(field, text);
    }

    public IReadOnlyDictionary<string, string[]> ToDictionary() => _errors.ToDictionary(error => error.Key, error => error.Value.ToArray());

    private bool IsFaulty(string field) => _errors.ContainsKey(field) || (field.LastIndexOf('.') is var dot and > 0 && IsFaulty(field[..dot]));
}
