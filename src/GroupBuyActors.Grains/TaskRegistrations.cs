using GroupBuyActors.Groups;
using GroupBuyActors.Reconciliation;
using GroupBuyActors.Redrives;
using GroupBuyActors.Schedules;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors;

/// <summary>
/// The task types and schedules of a release, one line each, in the order in which operators see them.
/// </summary>
internal static class TaskRegistrations
{
    internal static IReadOnlyList<TaskRegistration> All { get; } =
    [
        OfGroups(OrderClose.Type),
        OfGroups(GroupDeadline.Type),
        OfGroups(GroupSettle.Type),
        OfGroups(StockRollback.Type),
        TaskRegistration.Of<VoucherScan>(VoucherScan.TaskType),
        OfGroups(SuccessSaga.Type),
        OfGroups(Refund.Type),
        OfGroups(PaymentCheck.Type),
        OfGroups(Notify.Type),
        TaskRegistration.WithoutHandler(HttpCallback.Type),
        TaskRegistration.Of<BookComparison>(BookComparison.TaskType),
        TaskRegistration.Of<RedrivePages>(RedrivePages.TaskType),
    ];

    /// <summary>The task types, for code that reads settings about them before there is a silo.</summary>
    public static TaskTypeRegistry Types { get; } = new(All.Select(registration => registration.Type));

    /// <summary>The schedules that a silo starts with, before its configuration changes them.</summary>
    public static IReadOnlyList<ScheduleDefinition> Schedules { get; } = [VoucherScan.Daily, BookComparison.Daily];

    private static TaskRegistration OfGroups<TPayload>(GroupTaskType<TPayload> type) =>
        new(type, provider => ActivatorUtilities.CreateInstance<GroupTaskHandler>(provider, type));
}
