using System.Globalization;
using GroupBuyActors.Groups;

namespace GroupBuyActors.Silo.Http;

/// <summary>Reads path and query parameters strictly and collects all faults.</summary>
internal sealed class Query(HttpContext context)
{
    public const int LimitDefault = 50;
    public const int LimitMax = 500;

    public FieldErrors Errors { get; } = new();

    /// <summary>A parameter as sent; null if it is absent or empty. Several values are a fault.</summary>
    public string? Text(string name)
    {
        string? text = null;
        foreach (var value in context.Request.Query[name])
        {
            if (string.IsNullOrEmpty(value))
                continue;
            if (text is not null)
            {
                Errors.Add(name, "This parameter must occur only once.");
                return null;
            }

            text = value;
        }

        return text;
    }

    public int Limit()
    {
        if (Text("limit") is not { } text)
            return LimitDefault;
        if (
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            && limit is >= 1 and <= LimitMax
        )
            return limit;
        Errors.Add("limit", $"The limit must be between 1 and {LimitMax}.");
        return LimitDefault;
    }

    public long? Sequence(string name = "after")
    {
        if (Text(name) is not { } text)
            return null;
        if (TryParseSequence(text, out var sequence))
            return sequence;
        Errors.Add(name, "A sequence must be a whole number, 0 or more.");
        return null;
    }

    public static bool TryParseSequence(string text, out long sequence) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out sequence);

    public long? MerchantId(bool required = false)
    {
        var text = Text("merchantId");
        if (text is null && required && !Errors.Any)
            Errors.Add("merchantId", "This parameter is required.");
        if (text is null)
            return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var merchant) && merchant > 0)
            return merchant;
        Errors.Add("merchantId", "A merchant id must be a positive 64-bit integer.");
        return null;
    }

    public DateTimeOffset? Instant(string name)
    {
        if (Text(name) is not { } text)
            return null;
        if (IsoInstants.TryParse(text, out var instant))
            return instant;
        Errors.Add(name, "A time must be in ISO 8601 format with an offset, for example 2026-11-23T14:00:00.000Z.");
        return null;
    }

    public string? Region()
    {
        if (Text("region") is not { } text)
            return null;
        if (GroupId.IsRegion(text))
            return text;
        Errors.Add("region", "The region must be written like SH-PUDONG.");
        return null;
    }

    public GroupPhase? State()
    {
        if (Text("state") is not { } text)
            return null;
        if (
            JsonNames<GroupPhase>.TryParse(text, out var phase)
            && phase is not (GroupPhase.None or GroupPhase.Publishing)
        )
            return phase;
        Errors.Add("state", "The state must be one of ON_SHELF, OPENING, SUCCESS, FULFILLED, EXPIRED.");
        return null;
    }

    public T? Id<T>(string name, string shape)
        where T : struct, ISpanParsable<T>
    {
        if (Text(name) is not { } text)
            return null;
        if (T.TryParse(text, null, out var value))
            return value;
        Errors.Add(name, shape);
        return null;
    }

    /// <summary>The group id in the path.</summary>
    public GroupId Group(string text)
    {
        if (!GroupId.TryParse(text, out var id))
            Errors.Add(
                "groupId",
                "A group id must be {merchantId}.{region}.{code}, for example 10042.SH-PUDONG.tea-1123."
            );
        return id;
    }

    /// <summary>The order id in the path.</summary>
    public OrderId Order(string text)
    {
        if (!OrderId.TryParse(text, out var id))
            Errors.Add("orderId", "An order id must be {groupId}.{n}, where n is 1 or more.");
        return id;
    }

    /// <summary>Answers with a page of a list; an invalid page token is a fault.</summary>
    public async Task<IResult> PageAsync<T>(Func<Task<T>> list, Func<T, IResult> answer)
    {
        if (Errors.Any)
            return Problem.Invalid(Errors);
        try
        {
            return answer(await list());
        }
        catch (FormatException)
        {
            Errors.Add("after", "The page token is not valid.");
            return Problem.Invalid(Errors);
        }
    }
}
