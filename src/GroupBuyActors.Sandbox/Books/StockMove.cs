using GroupBuyActors.Ports;

namespace GroupBuyActors.Sandbox.Books;

/// <summary>A call that moves stock of one sku: the rows that it needs, and its effect on them.</summary>
internal abstract record StockMove(string Key, GroupId Group, string Sku, string ReservationKey, long AtMs)
{
    /// <summary>The operation as which it is counted.</summary>
    public abstract string Operation { get; }

    /// <summary>The deductions that it needs.</summary>
    public virtual IReadOnlyList<string> DeductionKeys => [];

    /// <summary>True if it needs the sku's row as a lock even if nothing was ever reserved of the sku.</summary>
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
/// Deducts reserved units. The stock row is missing only if nothing is reserved, and then nothing is changed.
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
