using System.Collections.Frozen;
using GroupBuyActors.Background;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Tasks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace GroupBuyActors.Tasks;

/// <summary>A type's policy in force, with the operator's change.</summary>
/// <param name="Policy">The policy in force; its version is 0 if it was not changed while running.</param>
/// <param name="Change">The change, or null.</param>
internal sealed record PolicyReport(TaskPolicy Policy, TaskPolicyChange? Change);

/// <summary>The result of a change of a policy: exactly one of the three is set.</summary>
/// <param name="Report">The policy in force now on this silo, and on all others within seconds.</param>
/// <param name="Faults">The faults by field; nothing was changed.</param>
/// <param name="Conflict">The present version, if it is not the expected one.</param>
internal sealed record PolicyChangeResult(
    PolicyReport? Report,
    IReadOnlyDictionary<string, string[]>? Faults,
    int? Conflict
);

/// <summary>
/// The policies in force on this silo: the release's defaults, overridden by the configuration, overridden by
/// operators' stored changes. All silos read the store every few seconds, and at once when one of them reports a
/// change.
/// </summary>
internal sealed class TaskPolicyRegistry : PeriodicService<int>
{
    private const int TriesMax = 5;
    private readonly IPolicyStore _store;
    private readonly IClusterMembershipService _membership;
    private readonly TaskGateways _gateways;
    private readonly ClusterClock _clock;
    private readonly GrainsOptions _options;
    private readonly ILogger _log;
    private readonly FrozenDictionary<string, TaskPolicy> _defaults;

    // One reading at a time: an older one that ends last would put older policies in force again.
    private readonly SemaphoreSlim _reading = new(1, 1);
    private volatile FrozenDictionary<string, PolicyReport> _inForce;

    public TaskPolicyRegistry(
        IPolicyStore store,
        TaskTypeRegistry types,
        IClusterMembershipService membership,
        TaskGateways gateways,
        ClusterClock clock,
        IOptions<GrainsOptions> options,
        ILogger<TaskPolicyRegistry> log
    )
    {
        (_store, _membership, _gateways, _clock, _options, _log) = (
            store,
            membership,
            gateways,
            clock,
            options.Value,
            log
        );
        _defaults = types
            .All.Select(type => type.Policy)
            .ToFrozenDictionary(
                policy => policy.Type,
                policy => _options.TaskPolicies.TryGetValue(policy.Type, out var set) ? set.Apply(policy, 0) : policy,
                StringComparer.Ordinal
            );
        _inForce = Combine([]);
    }

    /// <summary>Raised after a change has come into force here.</summary>
    public event Action? Changed;

    /// <summary>
    /// The policy of a type. An unknown type, perhaps of a newer release, has a default policy; its tasks are not run
    /// here.
    /// </summary>
    public TaskPolicy Of(string type) =>
        _inForce.TryGetValue(type, out var known)
            ? known.Policy
            : new TaskPolicy { Type = type, Retry = new RetryPolicy() };

    /// <summary>A type's policy; null for an unknown type.</summary>
    public PolicyReport? Find(string type) => _inForce.GetValueOrDefault(type);

    /// <summary>
    /// Replaces the change of a type's policy; values that the new change leaves out return to the type's default. With
    /// an expected version, the change is made only if that is the version in force. Throws
    /// <see cref="KeyNotFoundException"/> for an unknown type.
    /// </summary>
    public async Task<PolicyChangeResult> ChangeAsync(
        string type,
        TaskPolicyChange change,
        int? expectedVersion,
        string caller,
        CancellationToken cancellation
    )
    {
        if (change.Faults(_defaults[type]) is { Count: > 0 } faults)
            return new PolicyChangeResult(null, faults, null);
        for (var tries = 1; ; tries++)
        {
            await RunOnceAsync(cancellation);
            var version = _inForce[type].Policy.Version;
            if (expectedVersion is { } expected && expected != version)
                return new PolicyChangeResult(null, null, version);
            if (
                await _store.WriteAsync(type, version, change.Write(), _clock.GetUtcNow(), caller, cancellation)
                is not null
            )
                break;
            if (tries == TriesMax)
                throw new StoreUnavailableException("The policy is being changed concurrently by others. Try again.");
        }

        await RunOnceAsync(cancellation);
        NotifyOthers();
        return new PolicyChangeResult(_inForce[type], null, null);
    }

    public override string Name => "task-policies";

    /// <summary>
    /// Reads the stored changes; returns how many policies changed. If the store cannot be read, the present policies
    /// stay in force.
    /// </summary>
    public override async Task<int> RunOnceAsync(CancellationToken cancellation)
    {
        await _reading.WaitAsync(cancellation);
        try
        {
            return await ReadAsync(cancellation);
        }
        finally
        {
            _reading.Release();
        }
    }

    protected override TimeSpan PauseAfter(int result) => GrainsOptions.PolicyReadInterval;

    private async Task<int> ReadAsync(CancellationToken cancellation)
    {
        var stored = await _store.ReadAllAsync(cancellation);
        var before = _inForce;
        if (stored.All(row => !before.TryGetValue(row.Type, out var known) || known.Policy.Version == row.Version))
            return 0;
        var after = Combine(stored);
        _inForce = after;
        var changed = 0;
        foreach (var (type, report) in after)
        {
            if (before[type].Policy.Version == report.Policy.Version)
                continue;
            changed++;
            TaskLog.PolicyInForce(_log, type, report.Policy.Version);
        }

        Changed?.Invoke();
        return changed;
    }

    private void NotifyOthers()
    {
        foreach (var member in _membership.CurrentSnapshot.Members.Values)
            if (member.Status == SiloStatus.Active)
                _gateways.Of(member.SiloAddress).PoliciesChanged().Ignore();
    }

    private FrozenDictionary<string, PolicyReport> Combine(IReadOnlyList<StoredPolicy> stored)
    {
        var changes = stored.ToDictionary(row => row.Type, StringComparer.Ordinal);
        return _defaults.ToFrozenDictionary(
            type => type.Key,
            type =>
                changes.TryGetValue(type.Key, out var row)
                    ? OfRow(type.Value, row)
                    : new PolicyReport(type.Value, null),
            StringComparer.Ordinal
        );
    }

    private PolicyReport OfRow(TaskPolicy defaults, StoredPolicy row)
    {
        try
        {
            var change = TaskPolicyChange.Read(row.ChangeJson.Span);
            if (change.Faults(defaults) is { Count: > 0 } faults)
                throw new System.Text.Json.JsonException(
                    string.Join(" ", faults.Select(fault => $"{fault.Key}: {string.Join(" ", fault.Value)}"))
                );
            return new PolicyReport(change.Apply(defaults, row.Version), change);
        }
        catch (System.Text.Json.JsonException e)
        {
            // With values that a newer release knows, or written by hand: the default is safer than a part of the
            // change, or than values out of bounds.
            TaskLog.PolicyNotReadable(_log, e, row.Type, row.Version);
            return new PolicyReport(defaults with { Version = row.Version }, null);
        }
    }
}
