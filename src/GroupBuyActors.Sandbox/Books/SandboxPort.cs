namespace GroupBuyActors.Sandbox.Books;

/// <summary>A port that has a sandbox.</summary>
internal enum SandboxPort
{
    /// <summary>Stock.</summary>
    Inventory = 1,

    /// <summary>The payment provider.</summary>
    Payments = 2,

    /// <summary>Notices to buyers.</summary>
    Notices = 3,
}
