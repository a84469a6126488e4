using GroupBuyActors.Groups;

namespace GroupBuyActors.Tasks;

/// <summary>The default policies of groups' tasks.</summary>
internal static class GroupTaskPolicies
{
    private static readonly TaskTypeRegistry Types = new([
        OrderClose.Type,
        GroupDeadline.Type,
        GroupSettle.Type,
        StockRollback.Type,
        SuccessSaga.Type,
        Refund.Type,
        PaymentCheck.Type,
        Notify.Type,
    ]);

    public static IReadOnlyList<TaskPolicy> All { get; } = [.. Types.All.Select(type => type.Policy)];

    public static TaskPolicy Of(string type) => Types.Of(type).Policy;
}
