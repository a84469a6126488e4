using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Tasks;

/// <summary>
/// A task type of this silo, with its handler. Tasks without a handler wait for a release that has one.
/// </summary>
internal sealed record TaskRegistration(TaskType Type, Func<IServiceProvider, ITaskHandler>? Handler)
{
    /// <summary>Registers a type with its handler.</summary>
    public static TaskRegistration Of<THandler>(TaskType type)
        where THandler : class, ITaskHandler =>
        new(type, provider => ActivatorUtilities.CreateInstance<THandler>(provider));

    /// <summary>Registers a type without a handler.</summary>
    public static TaskRegistration WithoutHandler(TaskType type) => new(type, null);
}

/// <summary>Registration of task types.</summary>
internal static class TaskRegistrationExtensions
{
    /// <summary>Adds a task type after those that are registered.</summary>
    public static IServiceCollection AddTaskType(this IServiceCollection services, TaskRegistration registration)
    {
        services.AddSingleton(registration);
        if (registration.Handler is { } handler)
            services.AddSingleton(handler);
        return services;
    }
}
