using GroupBuyActors.Reconciliation;

namespace GroupBuyActors.Groups;

/// <summary><see cref="GroupBooks"/> as it is sent between silos.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.GroupBooksReply")]
internal sealed record GroupBooksReply
{
    [Id(0)]
    public bool HasStock { get; init; }

    [Id(1)]
    public long Reserved { get; init; }

    [Id(2)]
    public long Deducted { get; init; }

    [Id(3)]
    public bool StockMoves { get; init; }

    [Id(4)]
    public PaymentLine[] Payments { get; init; } = [];

    [Id(5)]
    public int[] Awaiting { get; init; } = [];

    public static GroupBooksReply Of(GroupBooks books) =>
        new()
        {
            HasStock = books.Stock is not null,
            Reserved = books.Stock?.Reserved ?? 0,
            Deducted = books.Stock?.Deducted ?? 0,
            StockMoves = books.StockMoves,
            Payments =
            [
                .. books.Payments.Select(entry => new PaymentLine(
                    entry.Order,
                    entry.PaymentId,
                    entry.Amount,
                    entry.State,
                    entry.FinalAt
                )),
            ],
            Awaiting = [.. books.Awaiting],
        };

    public GroupBooks ToBooks(GroupId group) =>
        new(
            HasStock ? new StockLine(group, Reserved, Deducted) : null,
            StockMoves,
            [
                .. Payments.Select(line => new PaymentEntry(
                    line.Order,
                    line.PaymentId,
                    line.Amount,
                    line.State,
                    line.FinalAt
                )),
            ],
            Awaiting
        );
}

/// <summary>An accepted payment.</summary>
[GenerateSerializer, Immutable, Alias("groupbuy.PaymentLine")]
internal readonly record struct PaymentLine(
    [property: Id(0)] OrderId Order,
    [property: Id(1)] string PaymentId,
    [property: Id(2)] Money Amount,
    [property: Id(3)] PaymentState State,
    [property: Id(4)] DateTimeOffset? FinalAt
);
