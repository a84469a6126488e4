using GroupBuyActors.Ports;
using Microsoft.Extensions.DependencyInjection;

namespace GroupBuyActors.Relay;

/// <summary>
/// Keeps something of its own from the events of actors. Registered with
/// <see cref="EventProjectionRegistration.AddEventProjection"/>, it is given each event that is committed from then on,
/// on whatever silo, and goes on after a restart where its cursors stand. Streams that were drained before it was
/// registered are not given again: it reads what it needs of them from the journal.
/// </summary>
internal interface IEventProjection
{
    /// <summary>Names its cursors in the database: stable for ever, at most 40 ASCII characters.</summary>
    string Name { get; }

    /// <summary>The kinds of actors whose events it is given.</summary>
    IReadOnlyCollection<string> Kinds { get; }

    /// <summary>
    /// Applies events, each actor's in sequence and without gaps, whichever silos committed them. After a crash, and
    /// after it threw, some come again, in order: it drops sequences that it has seen. What it throws holds up this
    /// projection only.
    /// </summary>
    Task ApplyAsync(IReadOnlyList<OutgoingEvent> events, CancellationToken cancellation);
}

/// <summary>Registers projections.</summary>
internal static class EventProjectionRegistration
{
    /// <summary>Adds a projection to what streams are forwarded to.</summary>
    public static IServiceCollection AddEventProjection<TProjection>(this IServiceCollection services)
        where TProjection : class, IEventProjection
    {
        services.AddSingleton<TProjection>();
        services.AddSingleton<IStreamSink>(static provider =>
            EventSink.For(provider, new ProjectionPublisher(provider.GetRequiredService<TProjection>()))
        );
        return services;
    }

    /// <summary>A projection takes what it is given as a whole, or not at all.</summary>
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
