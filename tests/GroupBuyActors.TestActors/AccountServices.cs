using GroupBuyActors.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace GroupBuyActors.TestActors;

internal static class AccountServices
{
    /// <summary>
    /// Adds accounts to a silo: their grain with what crosses its calls, what they decide, and their timed task.
    /// </summary>
    public static IServiceCollection AddAccounts(this IServiceCollection services) =>
        services
            .AddSerializer(serializer => serializer.AddAssembly(typeof(AccountGrain).Assembly))
            .AddSingleton<AccountBehavior>()
            .AddTaskType(TaskRegistration.Of<BonusHandler>(BonusHandler.TaskType));
}
