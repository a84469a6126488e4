namespace GroupBuyActors.Silo.Http;

/// <summary>Collects all faulty fields of a request, so that one answer names them all.</summary>
internal sealed class FieldErrors
{
    /// <summary>The field name of the body as a whole.</summary>
    public const string Body = "$";

    private readonly SortedDictionary<string, List<string>> _errors = new(StringComparer.Ordinal);

    /// <summary>The largest number of fields in an answer.</summary>
    public const int FieldsMax = 100;

    public bool Any => _errors.Count > 0;

    public string Summary =>
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

    /// <summary>
    /// Adds the faults that rules found, except those of fields (or their members) that are known to be faulty.
    /// </summary>
    public void AddRest(IReadOnlyDictionary<string, string[]> found)
    {
        foreach (var (field, texts) in found)
            if (!IsFaulty(field))
                foreach (var text in texts)
                    Add(field, text);
    }

    public IReadOnlyDictionary<string, string[]> ToDictionary() =>
        _errors.ToDictionary(error => error.Key, error => error.Value.ToArray());

    /// <summary>True if the field, or one that contains it, is known to be faulty.</summary>
    public bool IsFaulty(string field) =>
        _errors.ContainsKey(field) || (field.LastIndexOf('.') is var dot and > 0 && IsFaulty(field[..dot]));
}
