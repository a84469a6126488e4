using GroupBuyActors.Activations;
using GroupBuyActors.Background;
using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Membership;
using GroupBuyActors.Membership.Liveness;
using GroupBuyActors.Placement;
using GroupBuyActors.Reading;
using GroupBuyActors.Reconciliation;
using GroupBuyActors.Redrives;
using GroupBuyActors.Relay;
using GroupBuyActors.Retention;
using GroupBuyActors.Schedules;
using GroupBuyActors.Streams;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Serialization;

namespace GroupBuyActors;

/// <summary>Registers the actors and the services of a silo.</summary>
public static class GroupBuyHosting
{
    /// <summary>
    /// Adds the actors and the silo's own services. The host adds the store (<c>AddGroupBuyStore</c>), the ports
    /// (<c>IInventory, IPayments, INotices</c>), a reminder table and clustering; the silo's name is its slot name.
    /// </summary>
    public static ISiloBuilder UseGroupBuyActors(this ISiloBuilder silo, Action<GrainsOptions>? configure = null)
    {
        var options = new GrainsOptions();
        configure?.Invoke(options);
        silo.Services.AddOptions<GrainsOptions>().Configure(o => configure?.Invoke(o)).ValidateOnStart();
        silo.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<GrainsOptions>, GrainsOptionsCheck>()
        );
        // The default directory loses the registrations of live activations when other silos leave; the distributed one
        // keeps them, and is marked experimental.
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        silo.Services.Configure<GrainDirectoryOptions>(ProbeTimes.Set);
        silo.Services.Configure<ClusterMembershipOptions>(ProbeTimes.Set);
        silo.AddReminders();
        silo.UseSiloMetadata(
            options.Region is { } region ? new Dictionary<string, string> { [ShardMap.RegionKey] = region } : []
        );
        silo.AddGrainService<TaskGateway>();
        silo.AddGrainService<ClusterGateway>();
        silo.Services.Configure<SiloMessagingOptions>(messaging =>
        {
            messaging.MaxEnqueuedRequestsHardLimit = GrainsOptions.GroupRequestsMax;
            messaging.ResponseTimeout = GrainsOptions.ResponseTimeout;
            messaging.MaxRequestProcessingTime = TimeSpan.FromMinutes(2);
        });
        silo.Services.AddPlacementDirector<MerchantPlacement, MerchantDirector>();
        // A driver's exception is sent between silos as the cause of ours. By default, Orleans serialises exceptions of
        // some namespaces only, and the caller would get an error about a missing codec instead of a temporarily
        // unavailable store.
        silo.Services.Configure<ExceptionSerializationOptions>(static options =>
            options.SupportedExceptionTypeFilter = static _ => true
        );
        AddServices(silo.Services);
        // Not among the services that a gateway registers, too: hosted services are always created.
        silo.Services.AddHostedService(static provider => provider.GetRequiredService<SiloDrain>());
        return silo;
    }

    /// <summary>
    /// Registers what a process needs that is only a client of silos and serves HTTP: the same services, of which those
    /// of silos are never created. The host adds the store and the Orleans client.
    /// </summary>
    public static IServiceCollection AddGroupBuyGateway(this IServiceCollection services)
    {
        services.AddOptions<GrainsOptions>();
        AddServices(services);
        // It starts no loops, which are silos'; it only runs those that are started while it runs.
        services.AddSingleton(provider =>
            ActivatorUtilities.CreateInstance<BackgroundSupervisor>(provider, (IEnumerable<BackgroundLoop>)[])
        );
        return services;
    }

    private static void AddServices(IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ClusterClock>();
        services.TryAddSingleton<IdGenerator>();
        services.TryAddSingleton<ISiloExit, ProcessExit>();
        services.TryAddSingleton(new GroupSettings());

        services.AddSingleton<BackgroundMetrics>();
        services.AddSingleton<BackgroundContext>();
        services.AddSingleton<BackgroundSupervisor>();

        services.AddSingleton<ShardMap>();
        services.AddSingleton<OwnedShards>();
        services.AddSingleton<ActiveActors>();
        services.AddSingleton<PlacementMetrics>();
        services.AddSingleton<ActorMover>();
        services.AddBackgroundLoop<Rehomer>();
        services.AddSingleton<SiloGate>();
        services.AddSingleton<ISiloGate>(provider => provider.GetRequiredService<SiloGate>());
        services.AddBackgroundLoop<ClockSynchronizer>();
        services.AddBackgroundLoop<ActivationCanary>();
        services.AddSingleton<ClusterGateways>();
        services.AddSingleton<OwnStreams>();
        services.AddSingleton<DeadStreams>();
        services.AddSingleton<ShardHandover>();
        services.AddSingleton<ShardMover>();
        services.AddBackgroundLoop<ClusterReconciler>();
        services.AddBackgroundLoop<MembershipWatch>();
        services.AddBackgroundLoop<SlotWatch>();
        services.AddSingleton<ClusterReport>();
        services.AddSingleton(new LivenessTimes());
        services.AddSingleton<LivenessProbe>();
        services.AddSingleton<PeerLiveness>();
        services.AddBackgroundLoop<DeathDetector>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, LivenessPortService>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, StaleMembers>();
        services.AddSingleton<SiloPreparation>();
        services.AddSingleton<DrainAnnouncement>();
        services.AddSingleton<SiloDrain>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloLifecycleService>();

        services.AddSingleton<GroupMetrics>();
        services.AddSingleton<GroupReminders>();
        services.AddSingleton(ActorsOf);
        services.AddSingleton<ActiveGroups>();
        services.AddSingleton<PortCalls>();
        services.AddSingleton<GroupTaskRepair>();
        services.AddSingleton<GroupServices>();
        services.AddSingleton<GroupBehavior>();
        services.AddSingleton<IActorEvents, PublishedGroupEvents>();
        services.AddBackgroundLoop<StuckGroups>();
        services.AddSingleton<TaskAudit>();
        services.AddSingleton<ICompletedTasks, CompletedGroupTasks>();
        services.AddSingleton<RedriveBehavior>();

        services.AddSingleton<TaskMetrics>();
        services.AddBackgroundLoop<TaskPolicyRegistry>();
        services.AddSingleton<TaskOwners>();
        services.AddSingleton<OwnedTaskOperations>();
        services.AddSingleton<TaskOperations>();
        services.AddBackgroundLoop<TaskCanary>();
        services.AddSingleton<TaskDispatcher>();
        services.AddSingleton<LocalTaskScheduler>();
        services.AddSingleton<TaskCommitter>();
        services.AddSingleton<TaskCompletion>();
        services.AddSingleton<TaskFailures>();
        services.AddSingleton<TaskHold>();
        services.AddSingleton<TaskAttempt>();
        services.AddSingleton<TaskHandlers>();
        services.AddSingleton<TaskExecutor>();
        services.AddBackgroundLoop<PendingTaskCounter>();
        services.AddBackgroundLoop<HorizonReader>();
        services.AddSingleton<TaskGateways>();
        services.AddBackgroundLoop<TaskForwarder>();
        services.AddSingleton<CronScheduler>();
        services.AddBackgroundLoop<ScheduleFollower>();
        services.AddSingleton<ScheduleQueries>();
        services.AddSingleton<CommittedTasks>();
        services.AddSingleton<ShardTasks>();
        services.AddSingleton<TaskGauges>();
        services.AddSingleton<TaskService>();
        services.AddSingleton<TaskTimeline>();
        services.AddSingleton<TaskQueries>();
        AddTaskTypes(services);
        AddRetention(services);

        services.AddSingleton<QueriedGroups>();
        services.AddSingleton<BookComparer>();
        services.AddSingleton<ReconciliationMetrics>();

        services.AddSingleton<RelayMetrics>();
        services.AddSingleton<ActorEventRegistry>();
        services.AddSingleton(provider => new RelayServices(
            provider.GetRequiredService<IStreams>(),
            provider.GetRequiredService<IOptions<GrainsOptions>>().Value,
            provider.GetRequiredService<RelayMetrics>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ClusterClock>(),
            provider.GetRequiredService<ILogger<StreamRelay>>()
        ));
        services.AddSingleton<StreamRelay>();
        services.AddSingleton<IStreamSink, ProjectionSink>();
        // Each publisher (IEventPublisher) that the host registers is a sink, too.
        services.AddSingleton<StreamSinks>();
    }

    private static ActorServices ActorsOf(IServiceProvider provider)
    {
        var options = provider.GetRequiredService<IOptions<GrainsOptions>>().Value;
        return new ActorServices
        {
            Committer = provider.GetRequiredService<ICommitter>(),
            Reader = provider.GetRequiredService<IActorReader>(),
            Gate = provider.GetRequiredService<SiloGate>(),
            Clock = provider.GetRequiredService<ClusterClock>(),
            Time = provider.GetRequiredService<TimeProvider>(),
            NextCommitId = provider.GetRequiredService<IdGenerator>().NextCommitId,
            Bounds = new ActorBounds
            {
                IdleHead = options.IdleHeadBound,
                Read = options.PortTimeout,
                Drain = options.DrainBound,
                SnapshotTailMin = options.SnapshotTailMin,
                SnapshotTailOnDeactivation = options.SnapshotTailOnDeactivation,
                ShipBytesMax = options.ShipBytesMax,
            },
        };
    }

    private static void AddRetention(IServiceCollection services)
    {
        RetainedKinds.AddPerDatabase<RetainedTaskRuns>(services);
        RetainedKinds.AddPerDatabase<RetainedTaskMoves>(services);
        RetainedKinds.AddPerDatabase<RetainedCommits>(services);
        RetainedKinds.AddPerDatabase<RetainedTaskOutcomes>(services);
        RetainedKinds.AddPerDatabase<CountedBooks>(services);
        RetainedKinds.AddPerDatabase<RetainedJournals>(services);
        RetainedKinds.AddPerDatabase<RetainedGroups>(services);
        services.AddSingleton<IRetainedKind, RetainedAudit>();
        RetainedKinds.AddPerDatabase<RetainedRedrives>(services);
        services.AddSingleton<IRetainedKind, RetainedLivenessPorts>();
        services.AddSingleton(RetainedKinds.Of);
        services.AddSingleton<RetentionMetrics>();
        services.AddBackgroundLoop<RetentionService>();
    }

    private static void AddTaskTypes(IServiceCollection services)
    {
        foreach (var registration in TaskRegistrations.All)
            services.AddTaskType(registration);
        services.AddSingleton(provider => new TaskTypeRegistry(
            provider.GetServices<TaskRegistration>().Select(registration => registration.Type)
        ));
        services.AddSingleton<ITaskHandler>(provider => provider.GetRequiredService<TaskCanary>());
        services.AddSingleton(provider => new ScheduleRegistry(
            provider.GetRequiredService<TaskTypeRegistry>(),
            Configured(provider.GetRequiredService<IOptions<GrainsOptions>>().Value)
        ));
    }

    private static IEnumerable<ScheduleDefinition> Configured(GrainsOptions options) =>
        TaskRegistrations.Schedules.Select(schedule =>
            options.Schedules.TryGetValue(schedule.Name, out var change) ? change.Apply(schedule) : schedule
        );
}
