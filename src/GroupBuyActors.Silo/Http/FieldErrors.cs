namespace GroupBuyActors.Silo.Http;

/// <summary>Gathers every faulty field of a request, so that one answer names them all.</summary>
internal sealed class FieldErrors
{
    /// <summary>Stands for the body as a whole.</summary>
    public const string Body = "$";

    private readonly SortedDictionary<string, List<string>> _errors = new(StringComparer.Ordinal);

    /// <summary>Fields that one answer names at most.</summary>
    public const int FieldsMax = 100;

    public bool Any => _errors.Count > 0;

    public string Sentence =>
        _errors.Count switch
        {
            1 => "One field is invalid.",
            >= FieldsMax => $"{FieldsMax} or more fields are invalid.",
            var count => $"{count} fields are invalid.",
        };

    public void Add(string field, string text)
    {
        if (!_errors.TryGetValue(field, out var texts))
        {
            if (_errors.Count >= FieldsMax)
                return;
            _errors[field] = texts = [];
        }

        texts.Add(text);
    }

    /// <summary>Adds what a rule found, except about fields (or their members) that are known to be faulty.</summary>
    public void AddRest(IReadOnlyDictionary<string, string[]> found)
    {
        foreach (var (field, texts) in found)
            if (!IsFaulty(field))
                foreach (var text in texts)
                    Add(field, text);
    }

    public IReadOnlyDictionary<string, string[]> ToDictionary() =>
        _errors.ToDictionary(error => error.Key, error => error.Value.ToArray());

    /// <summary>True for a field known to be faulty, or inside one.</summary>
    public bool IsFaulty(string field) =>
        _errors.ContainsKey(field) || (field.LastIndexOf('.') is var dot and > 0 && IsFaulty(field[..dot]));
}
