namespace GroupBuyActors.Integrations.Inventory;

internal sealed record ReservationDocument(string GroupId, long MerchantId, string Sku, int Units);

internal sealed record DeductionDocument(string GroupId, long MerchantId, string Sku, string ReservationKey, int Units);

internal sealed record ReleaseDocument(
    string GroupId,
    long MerchantId,
    string Sku,
    string ReservationKey,
    bool UndoReservation,
    IReadOnlyList<string> UndoDeductions,
    int Units,
    int Returned
);

internal sealed record StockBookDocument(IReadOnlyList<StockBookItem?> Items, string? Next = null);

internal sealed record StockBookItem(string GroupId, string Sku, long Reserved, long Deducted);
