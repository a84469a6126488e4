namespace GroupBuyActors.Sandbox.Books;

/// <summary>A sku's units; each unit is available, reserved or deducted.</summary>
internal sealed record SandboxStock(long Available, long Reserved, long Deducted)
{
    /// <summary>Units of a sku that nobody has set.</summary>
    public const long NeverSet = 1_000_000;

    /// <summary>The largest number of units that can be set, so that moves between the parts cannot overflow.</summary>
    public const long UnitsMax = 1_000_000_000_000;
}
