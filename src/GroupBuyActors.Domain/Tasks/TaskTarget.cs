namespace GroupBuyActors.Tasks;

/// <summary>The services that runs of tasks wait for: see <see cref="TaskPolicy.Target"/>.</summary>
internal static class TaskTarget
{
    public const string Payments = "payments";

    public const string Inventory = "inventory";

    public const string Notices = "notices";

    /// <summary>Services by their contracts.</summary>
    public const string Services = "services";
}
