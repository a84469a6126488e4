using GroupBuyActors.Ports;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>A call that moves stock of one sku: the rows that it is about, and what it does to them.</summary>
internal abstract record StockMove(string Key, GroupId Group, string Sku, string ReservationKey, long AtMs)
{
    /// <summary>What it is counted as.</summary>
    public abstract string Operation { get; }

    /// <summary>The deductions that it is about.</summary>
    public virtual IReadOnlyList<string> DeductionKeys => [];

    /// <summary>
    /// True where it needs the sku's row, to hold others off, though nothing was ever reserved of it.
    /// </summary>
    public virtual bool NeedsStock => true;

    public SkuKey SkuKey => new(Group.MerchantId, Sku);

    public CountedCall Counted => new(SandboxPort.Inventory, Key, Operation, AtMs);

    public abstract PortReply Make(StockBook book);
}

/// <summary>Reserves units.</summary>
internal sealed record ReserveMove(StockReservation Request, long AtMs)
    : StockMove(Request.Key, Request.Group, Request.Sku, Request.Key, AtMs)
{
    public override string Operation => "reserve";

    public override PortReply Make(StockBook book) => book.Reserve(Request);
}

/// <summary>
/// Takes reserved units. It finds no stock row only where nothing is reserved, and then it changes none.
/// </summary>
internal sealed record DeductMove(StockDeduction Request, long AtMs)
    : StockMove(Request.Key, Request.Group, Request.Sku, Request.ReservationKey, AtMs)
{
    public override string Operation => "deduct";

    public override IReadOnlyList<string> DeductionKeys => [Request.Key];

    public override bool NeedsStock => false;

    public override PortReply Make(StockBook book) => book.Deduct(Request);
}

/// <summary>Releases units, once.</summary>
internal sealed record ReleaseMove(StockRelease Request, long AtMs)
    : StockMove(Request.Key, Request.Group, Request.Sku, Request.ReservationKey, AtMs)
{
    public override string Operation => "release";

    public override IReadOnlyList<string> DeductionKeys => Request.UndoDeductions;

    public override PortReply Make(StockBook book) => book.Release(Request);
}

/// <summary>The key of a sku's row, in the order in which rows are locked.</summary>
internal readonly record struct SkuKey(long MerchantId, string Sku) : IComparable<SkuKey>
{
    public int CompareTo(SkuKey other) =>
        MerchantId != other.MerchantId ? MerchantId.CompareTo(other.MerchantId) : string.CompareOrdinal(Sku, other.Sku);
}
