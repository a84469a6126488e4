using GroupBuyActors.Integrations.Kafka;
using GroupBuyActors.Ports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GroupBuyActors.Integrations;

/// <summary>Registers the publisher of events to Kafka.</summary>
public static class KafkaServices
{
    /// <summary>Registers Kafka as an <see cref="IEventPublisher"/>. Nothing connects before the first event.</summary>
    public static IServiceCollection AddGroupBuyKafka(this IServiceCollection services, KafkaOptions options)
    {
        services.AddLogging();
        services.TryAddSingleton(options);
        services.TryAddSingleton<KafkaTopic>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IEventPublisher, KafkaPublisher>());
        return services;
    }
}
