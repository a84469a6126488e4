namespace GroupBuyActors.Tasks;

/// <summary>The services that tasks wait for: see <see cref="TaskPolicy.Target"/>.</summary>
internal static class TaskTarget
{
    /// <summary>The payment provider.</summary>
    public const string Payments = "payments";

    /// <summary>The inventory service.</summary>
    public const string Inventory = "inventory";

    /// <summary>The notice service.</summary>
    public const string Notices = "notices";

    /// <summary>Services by their contracts.</summary>
    public const string Services = "services";
}
