namespace GroupBuyActors.Groups;

/// <summary>What an offer must look like, and the terms it gives.</summary>
public static class OfferRules
{
    /// <summary>Seats of one group at most.</summary>
    public const int CapacityMax = 100_000;

    /// <summary>
    /// Price of a seat at most, in minor units: an order of all seats costs no more than <see cref="Money.AmountMax"/>.
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
    /// Every faulty field by its JSON name, with what is wrong; empty where the offer is sound. Looks at no clock.
    /// </summary>
    public static Dictionary<string, string[]> Check(GroupOffer offer)
    {
        var faults = new Faults();
        faults.Unless(
            TextRules.IsTitle(offer.Title, 200),
            "title",
            "The title must be one line of 1 to 200 characters and must not be blank."
        );
        faults.Unless(TextRules.IsPrintable(offer.Sku, 64), "sku", "The sku must have 1 to 64 printable characters.");
        faults.Unless(
            offer.UnitPrice.Amount is >= 1 and <= UnitPriceMax,
            "unitPrice.amount",
            $"The price must be between 1 and {UnitPriceMax} minor units."
        );
        faults.Unless(Currencies.IsKnown(offer.UnitPrice.Currency), "unitPrice.currency", Currencies.Expected);
        CheckSizes(offer, faults);
        CheckTimes(Normalise(offer), faults);
        faults.Unless(
            offer.LapsePolicy is null || Enum.IsDefined(offer.LapsePolicy.Value),
            "lapsePolicy",
            "The lapse policy must be refund or forfeit."
        );
        faults.Unless(
            offer.CountBy is null || Enum.IsDefined(offer.CountBy.Value),
            "countBy",
            "countBy must be joined or paid."
        );
        return faults.Found;
    }

    /// <summary>
    /// What is wrong with a new publication at this time, for an offer that passes <see cref="Check"/>.
    /// </summary>
    internal static Dictionary<string, string[]> CheckAt(GroupOffer offer, DateTimeOffset now)
    {
        var faults = new Faults();
        faults.Unless(
            Resolve(offer, now).Deadline > now,
            offer.ShelfAt is null ? "timeout" : "shelfAt",
            "The deadline (shelfAt + timeout) must be in the future."
        );
        return faults.Found;
    }

    /// <summary>
    /// The offer with all times cut to milliseconds and in UTC: what is stored, compared and read back is the same.
    /// </summary>
    public static GroupOffer Normalise(GroupOffer offer) =>
        offer with
        {
            ShelfAt = offer.ShelfAt is { } shelfAt ? Instants.Cut(shelfAt) : null,
            OpenDelay = Instants.Cut(offer.OpenDelay),
            Timeout = Instants.Cut(offer.Timeout),
            PaymentWindow = Instants.Cut(offer.PaymentWindow),
            VoucherValidity = Instants.Cut(offer.VoucherValidity),
            RevokeWindow = Instants.Cut(offer.RevokeWindow),
        };

    /// <summary>The terms of a normalised offer published now.</summary>
    public static GroupTerms Resolve(GroupOffer offer, DateTimeOffset now) =>
        new()
        {
            Title = offer.Title,
            Sku = offer.Sku,
            UnitPrice = offer.UnitPrice,
            MinGroupSize = offer.MinGroupSize ?? GroupSizeDefault,
            Capacity = offer.Capacity ?? offer.MinGroupSize ?? GroupSizeDefault,
            PerUserLimit = offer.PerUserLimit ?? 1,
            ShelfAt = offer.ShelfAt ?? now,
            OpenDelay = offer.OpenDelay ?? TimeSpan.Zero,
            Timeout = offer.Timeout ?? TimeoutDefault,
            PaymentWindow = offer.PaymentWindow ?? PaymentWindowDefault,
            VoucherValidity = offer.VoucherValidity ?? VoucherValidityDefault,
            RevokeWindow = offer.RevokeWindow ?? RevokeWindowDefault,
            LapsePolicy = offer.LapsePolicy ?? LapsePolicy.Refund,
            CountBy = offer.CountBy ?? CountBy.Joined,
        };

    private static void CheckSizes(GroupOffer offer, Faults faults)
    {
        var size = offer.MinGroupSize ?? GroupSizeDefault;
        var capacity = offer.Capacity ?? size;
        var sizeFits = faults.Unless(
            size is >= 1 and <= CapacityMax,
            "minGroupSize",
            $"The minimum group size must be between 1 and {CapacityMax}."
        );
        var capacityFits = faults.Unless(
            capacity is >= 1 and <= CapacityMax && (!sizeFits || capacity >= size),
            offer.Capacity is null ? "minGroupSize" : "capacity",
            $"The capacity must be between minGroupSize and {CapacityMax} seats."
        );
        faults.Unless(
            offer.PerUserLimit is null
                || (offer.PerUserLimit >= 1 && (!capacityFits || offer.PerUserLimit <= capacity)),
            "perUserLimit",
            "The limit per buyer must be between 1 seat and the capacity."
        );
    }

    private static void CheckTimes(GroupOffer offer, Faults faults)
    {
        var timeout = offer.Timeout ?? TimeoutDefault;
        var delay = offer.OpenDelay ?? TimeSpan.Zero;
        faults.Unless(
            offer.ShelfAt is null || (offer.ShelfAt >= ShelfAtMin && offer.ShelfAt <= ShelfAtMax),
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
            offer.PaymentWindow,
            Shortest,
            PaymentWindowMax,
            "paymentWindow",
            "The payment window must be between 1 ms and 30 days."
        );
        Within(
            offer.VoucherValidity,
            Shortest,
            VoucherValidityMax,
            "voucherValidity",
            "The voucher validity must be between 1 ms and 3660 days."
        );
        Within(
            offer.RevokeWindow,
            TimeSpan.Zero,
            RevokeWindowMax,
            "revokeWindow",
            "The revoke window must be between 0 and 30 days."
        );

        void Within(TimeSpan? value, TimeSpan min, TimeSpan max, string field, string text) =>
            faults.Unless(value is null || (value >= min && value <= max), field, text);
    }
}

/// <summary>Gathers every faulty field of an input at once.</summary>
internal sealed class Faults
{
    public Dictionary<string, string[]> Found { get; } = [];

    /// <summary>Notes the field's first fault unless the claim holds; gives the claim back.</summary>
    public bool Unless(bool holds, string field, string text)
    {
        if (!holds)
            Found.TryAdd(field, [text]);
        return holds;
    }
}
