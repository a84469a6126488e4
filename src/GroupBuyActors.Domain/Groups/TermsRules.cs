namespace GroupBuyActors.Groups;

/// <summary>Validates a request to publish, and derives the terms from it.</summary>
internal static class TermsRules
{
    /// <summary>The largest number of seats of one group.</summary>
    public const int CapacityMax = 100_000;

    /// <summary>
    /// The largest price of a seat, in minor units, so that an order of all seats costs no more than
    /// <see cref="Money.AmountMax"/>.
    /// </summary>
    public const long UnitPriceMax = Money.AmountMax / CapacityMax;
    private const int GroupSizeDefault = 3;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan TimeoutDefault = TimeSpan.FromHours(24),
        TimeoutMax = TimeSpan.FromDays(366);
    private static readonly TimeSpan PaymentWindowDefault = TimeSpan.FromMinutes(30),
        PaymentWindowMax = TimeSpan.FromDays(30);
    private static readonly TimeSpan VoucherValidityDefault = TimeSpan.FromDays(30),
        VoucherValidityMax = TimeSpan.FromDays(3660);
    private static readonly TimeSpan RevokeWindowDefault = TimeSpan.FromHours(1),
        RevokeWindowMax = TimeSpan.FromDays(30);
    private static readonly DateTimeOffset ShelfAtMin = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero),
        ShelfAtMax = new(9000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// The faults by the JSON name of the field; empty if the request is valid. Does not depend on the time.
    /// </summary>
    public static Dictionary<string, string[]> Check(GroupTermsRequest termsRequest)
    {
        var faults = new Faults();
        faults.Unless(
            TextRules.IsTitle(termsRequest.Title, 200),
            "title",
            "The title must be one line of 1 to 200 characters and must not be blank."
        );
        faults.Unless(
            TextRules.IsPrintable(termsRequest.Sku, 64),
            "sku",
            "The sku must have 1 to 64 printable characters."
        );
        faults.Unless(
            termsRequest.UnitPrice.Amount is >= 1 and <= UnitPriceMax,
            "unitPrice.amount",
            $"The price must be between 1 and {UnitPriceMax} minor units."
        );
        faults.Unless(Currencies.IsKnown(termsRequest.UnitPrice.Currency), "unitPrice.currency", Currencies.Expected);
        CheckSizes(termsRequest, faults);
        CheckTimes(Normalise(termsRequest), faults);
        faults.Unless(
            termsRequest.LapsePolicy is null || Enum.IsDefined(termsRequest.LapsePolicy.Value),
            "lapsePolicy",
            "The lapse policy must be refund or forfeit."
        );
        faults.Unless(
            termsRequest.CountBy is null || Enum.IsDefined(termsRequest.CountBy.Value),
            "countBy",
            "countBy must be joined or paid."
        );
        return faults.Found;
    }

    /// <summary>
    /// The faults of a new publication at this time, for a request that passes <see cref="Check"/>.
    /// </summary>
    internal static Dictionary<string, string[]> CheckAt(GroupTermsRequest termsRequest, DateTimeOffset now)
    {
        var faults = new Faults();
        faults.Unless(
            Resolve(termsRequest, now).Deadline > now,
            termsRequest.ShelfAt is null ? "timeout" : "shelfAt",
            "The deadline (shelfAt + timeout) must be in the future."
        );
        return faults.Found;
    }

    /// <summary>
    /// The request with all times truncated to milliseconds and in UTC, so that stored and compared values are the
    /// same.
    /// </summary>
    public static GroupTermsRequest Normalise(GroupTermsRequest termsRequest) =>
        termsRequest with
        {
            ShelfAt = termsRequest.ShelfAt is { } shelfAt ? Instants.TruncateToMilliseconds(shelfAt) : null,
            OpenDelay = Instants.TruncateToMilliseconds(termsRequest.OpenDelay),
            Timeout = Instants.TruncateToMilliseconds(termsRequest.Timeout),
            PaymentWindow = Instants.TruncateToMilliseconds(termsRequest.PaymentWindow),
            VoucherValidity = Instants.TruncateToMilliseconds(termsRequest.VoucherValidity),
            RevokeWindow = Instants.TruncateToMilliseconds(termsRequest.RevokeWindow),
        };

    /// <summary>The terms of a normalised request published now.</summary>
    public static GroupTerms Resolve(GroupTermsRequest termsRequest, DateTimeOffset now) =>
        new()
        {
            Title = termsRequest.Title,
            Sku = termsRequest.Sku,
            UnitPrice = termsRequest.UnitPrice,
            MinGroupSize = termsRequest.MinGroupSize ?? GroupSizeDefault,
            Capacity = termsRequest.Capacity ?? termsRequest.MinGroupSize ?? GroupSizeDefault,
            PerUserLimit = termsRequest.PerUserLimit ?? 1,
            ShelfAt = termsRequest.ShelfAt ?? now,
            OpenDelay = termsRequest.OpenDelay ?? TimeSpan.Zero,
            Timeout = termsRequest.Timeout ?? TimeoutDefault,
            PaymentWindow = termsRequest.PaymentWindow ?? PaymentWindowDefault,
            VoucherValidity = termsRequest.VoucherValidity ?? VoucherValidityDefault,
            RevokeWindow = termsRequest.RevokeWindow ?? RevokeWindowDefault,
            LapsePolicy = termsRequest.LapsePolicy ?? LapsePolicy.Refund,
            CountBy = termsRequest.CountBy ?? CountBy.Joined,
        };

    private static void CheckSizes(GroupTermsRequest termsRequest, Faults faults)
    {
        var size = termsRequest.MinGroupSize ?? GroupSizeDefault;
        var capacity = termsRequest.Capacity ?? size;
        var sizeFits = faults.Unless(
            size is >= 1 and <= CapacityMax,
            "minGroupSize",
            $"The minimum group size must be between 1 and {CapacityMax}."
        );
        var capacityFits = faults.Unless(
            capacity is >= 1 and <= CapacityMax && (!sizeFits || capacity >= size),
            termsRequest.Capacity is null ? "minGroupSize" : "capacity",
            $"The capacity must be between minGroupSize and {CapacityMax} seats."
        );
        faults.Unless(
            termsRequest.PerUserLimit is null
                || (termsRequest.PerUserLimit >= 1 && (!capacityFits || termsRequest.PerUserLimit <= capacity)),
            "perUserLimit",
            "The limit per buyer must be between 1 seat and the capacity."
        );
    }

    private static void CheckTimes(GroupTermsRequest termsRequest, Faults faults)
    {
        var timeout = termsRequest.Timeout ?? TimeoutDefault;
        var delay = termsRequest.OpenDelay ?? TimeSpan.Zero;
        faults.Unless(
            termsRequest.ShelfAt is null || (termsRequest.ShelfAt >= ShelfAtMin && termsRequest.ShelfAt <= ShelfAtMax),
            "shelfAt",
            "shelfAt must be between the years 2000 and 9000."
        );
        var timeoutFits = faults.Unless(
            timeout >= Shortest && timeout <= TimeoutMax,
            "timeout",
            "The timeout must be between 1 ms and 366 days."
        );
        faults.Unless(
            delay >= TimeSpan.Zero && delay <= TimeoutMax && (!timeoutFits || delay < timeout),
            "openDelay",
            "Joining must open at or after shelfAt and before the deadline."
        );
        Within(
            termsRequest.PaymentWindow,
            Shortest,
            PaymentWindowMax,
            "paymentWindow",
            "The payment window must be between 1 ms and 30 days."
        );
        Within(
            termsRequest.VoucherValidity,
            Shortest,
            VoucherValidityMax,
            "voucherValidity",
            "The voucher validity must be between 1 ms and 3660 days."
        );
        Within(
            termsRequest.RevokeWindow,
            TimeSpan.Zero,
            RevokeWindowMax,
            "revokeWindow",
            "The revoke window must be between 0 and 30 days."
        );

        void Within(TimeSpan? value, TimeSpan min, TimeSpan max, string field, string text) =>
            faults.Unless(value is null || (value >= min && value <= max), field, text);
    }
}

/// <summary>Collects the faults of all fields of an input.</summary>
internal sealed class Faults
{
    public Dictionary<string, string[]> Found { get; } = [];

    /// <summary>
    /// Records the field's first fault unless <paramref name="holds"/>; returns <paramref name="holds"/>.
    /// </summary>
    public bool Unless(bool holds, string field, string text)
    {
        if (!holds)
            Found.TryAdd(field, [text]);
        return holds;
    }
}
