using GroupBuyActors.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Relay;

/// <summary>
/// Keeps its own data from the events of actors. Registered with
/// <see cref="EventProjectionRegistration.AddEventProjection"/>, it receives each event that is committed from then on,
/// on any silo, and continues from its cursors after a restart. Streams that were drained before it was registered are
/// not forwarded again: it reads what it needs of them from the journal.
/// </summary>
internal interface IEventProjection
{
    /// <summary>
    /// The name under which its cursors are stored: it never changes and has at most 40 ASCII characters.
    /// </summary>
    string Name { get; }

    /// <summary>The kinds of actors whose events it is given.</summary>
    IReadOnlyCollection<string> Kinds { get; }

    /// <summary>
    /// Applies events, each actor's in sequence and without gaps, whichever silos committed them. After a crash, and
    /// after an exception, some are repeated in order: it must drop sequences that it has seen. An exception delays
    /// this projection only.
    /// </summary>
    Task ApplyAsync(IReadOnlyList<OutgoingEvent> events, CancellationToken cancellation);
}

/// <summary>Registers projections.</summary>
internal static class EventProjectionRegistration
{
    /// <summary>Adds a projection as a sink of streams.</summary>
    public static IServiceCollection AddEventProjection<TProjection>(this IServiceCollection services)
        where TProjection : class, IEventProjection
    {
        services.AddSingleton<TProjection>();
        services.AddSingleton<IStreamSink>(static provider =>
            EventSink.For(provider, new ProjectionPublisher(provider.GetRequiredService<TProjection>()))
        );
        return services;
    }

    /// <summary>A projection as a publisher: it applies all events that it receives, or none.</summary>
    private sealed class ProjectionPublisher(IEventProjection projection) : IEventPublisher
    {
        public string Name => projection.Name;

        public IReadOnlyCollection<string> Kinds => projection.Kinds;

        public async Task<IReadOnlyList<PublishOutcome>> PublishAsync(
            IReadOnlyList<OutgoingEvent> events,
            CancellationToken cancellation
        )
        {
            await projection.ApplyAsync(events, cancellation);
            var outcomes = new PublishOutcome[events.Count];
            Array.Fill(outcomes, new PublishOutcome(PublishState.Published));
            return outcomes;
        }
    }
}
