using System.Collections.Immutable;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Schedules;

/// <summary>The schedules in force at one moment; it never changes.</summary>
internal sealed class ScheduleSet
{
    /// <summary>The set without schedules.</summary>
    public static ScheduleSet Empty { get; } = new(0, []);

    private readonly ImmutableDictionary<string, Schedule> _byName;

    internal ScheduleSet(long version, ImmutableArray<Schedule> schedules)
    {
        (Version, All) = (version, schedules);
        _byName = schedules.ToImmutableDictionary(schedule => schedule.Name, StringComparer.Ordinal);
    }

    /// <summary>Grows with each change.</summary>
    public long Version { get; }

    /// <summary>All schedules, in the order in which they were added.</summary>
    public ImmutableArray<Schedule> All { get; }

    /// <summary>The schedule with this name, or null.</summary>
    public Schedule? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The schedules that are not in an earlier set, or differ there.</summary>
    public IEnumerable<Schedule> ChangedSince(ScheduleSet earlier) =>
        All.Where(schedule => !ReferenceEquals(schedule, earlier.Find(schedule.Name)));
}

/// <summary>
/// The schedules of a silo: at the start those of the release and its configuration; others can be added, replaced and
/// removed while it runs. Thread-safe: <see cref="Current"/> returns an immutable set, and
/// <see cref="WaitForChangeAsync"/> waits for the next. The registry is in memory only and not shared with other silos:
/// a schedule for the whole cluster must be put into the registry of each silo.
/// </summary>
internal sealed class ScheduleRegistry
{
    /// <summary>The largest number of schedules; each has up to 2,048 stored firings.</summary>
    public const int SchedulesMax = 1_000;

    private readonly TaskTypeRegistry _types;
    private readonly Lock _gate = new();
    private volatile ScheduleSet _current = ScheduleSet.Empty;
    private TaskCompletionSource _changed = NewSource();

    /// <summary>
    /// Creates a registry with schedules; throws <see cref="ArgumentException"/> if one of them has faults or two have
    /// the same name.
    /// </summary>
    public ScheduleRegistry(TaskTypeRegistry types, IEnumerable<ScheduleDefinition> schedules)
    {
        _types = types;
        foreach (var schedule in schedules)
            if (!TryAdd(schedule))
                throw new ArgumentException($"The schedule {schedule.Name} is registered twice.", nameof(schedules));
    }

    /// <summary>The schedules in force now.</summary>
    public ScheduleSet Current => _current;

    /// <summary>
    /// Adds a schedule; false, without a change, if there is one with its name. Throws <see cref="ArgumentException"/>
    /// with all its faults.
    /// </summary>
    public bool TryAdd(ScheduleDefinition definition)
    {
        var schedule = Checked(definition);
        lock (_gate)
        {
            if (_current.Find(schedule.Name) is not null)
                return false;
            Set(_current.All.Add(schedule));
            return true;
        }
    }

    /// <summary>
    /// Adds a schedule, or replaces the one with its name. Throws <see cref="ArgumentException"/> with all its faults.
    /// </summary>
    public void Put(ScheduleDefinition definition)
    {
        var schedule = Checked(definition);
        lock (_gate)
            Set(
                _current.Find(schedule.Name) is { } former
                    ? _current.All.Replace(former, schedule)
                    : _current.All.Add(schedule)
            );
    }

    /// <summary>Removes a schedule; false if there is none with that name.</summary>
    public bool Remove(string name)
    {
        lock (_gate)
        {
            if (_current.Find(name) is not { } schedule)
                return false;
            Set(_current.All.Remove(schedule));
            return true;
        }
    }

    /// <summary>Waits until the version differs from this one, and returns the latest set.</summary>
    public async Task<ScheduleSet> WaitForChangeAsync(long version, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                if (_current.Version != version)
                    return _current;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private Schedule Checked(ScheduleDefinition definition) =>
        _types.Find(definition.TaskType) is null
            ? throw new ArgumentException(
                $"Schedule {definition.Name}: there is no task type '{definition.TaskType}'.",
                nameof(definition)
            )
            : new Schedule(definition);

    private void Set(ImmutableArray<Schedule> schedules)
    {
        if (schedules.Length > SchedulesMax)
            throw new InvalidOperationException(
                $"There are already {SchedulesMax} schedules; remove one before adding another."
            );
        _current = new ScheduleSet(_current.Version + 1, schedules);
        var changed = _changed;
        _changed = NewSource();
        changed.SetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
