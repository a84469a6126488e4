namespace GroupBuyActors.Sandbox.Books;

/// <summary>A sku's units. What is not available, reserved or deducted was never there.</summary>
internal sealed record SandboxStock(long Available, long Reserved, long Deducted)
{
    /// <summary>Units of a sku that nobody has set.</summary>
    public const long NeverSet = 1_000_000;

    /// <summary>
    /// Units that a sku's stock is set to at most: what moves between its parts cannot overflow them.
    /// </summary>
    public const long UnitsMax = 1_000_000_000_000;
}
