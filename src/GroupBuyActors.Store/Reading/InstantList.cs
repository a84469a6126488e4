namespace GroupBuyActors.Store.Reading;

/// <summary>The page tokens of a list that is sorted by time and id.</summary>
internal sealed class InstantList(string name)
{
    public string Write((long Instant, string Id) position) => PageToken.Write(name, position.Instant, position.Id);

    /// <summary>Null is the start. Throws <see cref="FormatException"/> if the token is invalid.</summary>
    public (long Instant, string Id)? TryRead(string? pageToken) => PageToken.Read(name, pageToken);

    public (long Instant, string Id) Read(string pageToken) => PageToken.Read(name, pageToken)!.Value;
}
