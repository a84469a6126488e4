using System.Collections.Immutable;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Schedules;

/// <summary>The schedules in force at one moment; it never changes.</summary>
internal sealed class ScheduleSet
{
    /// <summary>None, before any was added.</summary>
    public static ScheduleSet Empty { get; } = new(0, []);

    private readonly ImmutableDictionary<string, Schedule> _byName;

    internal ScheduleSet(long version, ImmutableArray<Schedule> schedules)
    {
        (Version, All) = (version, schedules);
        _byName = schedules.ToImmutableDictionary(schedule => schedule.Name, StringComparer.Ordinal);
    }

    /// <summary>Grows with each change.</summary>
    public long Version { get; }

    /// <summary>All of them, in the order in which they were added.</summary>
    public ImmutableArray<Schedule> All { get; }

    /// <summary>The schedule of a name; null where there is none.</summary>
    public Schedule? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Those that an earlier set did not have, or had otherwise.</summary>
    public IEnumerable<Schedule> ChangedSince(ScheduleSet earlier) =>
        All.Where(schedule => !ReferenceEquals(schedule, earlier.Find(schedule.Name)));
}

/// <summary>
/// The schedules of a silo: those of the release and of its configuration from the start, and what is added, replaced
/// and removed while it runs. Thread-safe: whoever reads takes <see cref="Current"/>, which never changes; whoever
/// follows waits for the next version. It lives as long as the process and tells no other silo: what is to hold in a
/// cluster is put into each silo's.
/// </summary>
internal sealed class ScheduleRegistry
{
    /// <summary>Schedules at most; each has up to 2,048 firings stored.</summary>
    public const int SchedulesMax = 1_000;

    private readonly TaskTypeRegistry _types;
    private readonly Lock _gate = new();
    private volatile ScheduleSet _current = ScheduleSet.Empty;
    private TaskCompletionSource _changed = NewSource();

    /// <summary>
    /// Starts with some; throws <see cref="ArgumentException"/> where one of them is faulty or two have one name.
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
    /// Adds a schedule; false, and nothing changes, where there is one of its name. Throws
    /// <see cref="ArgumentException"/> with all that is wrong with it.
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
    /// Adds a schedule, or replaces the one of its name. Throws <see cref="ArgumentException"/> with all that is wrong
    /// with it.
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

    /// <summary>Removes a schedule; false where there is none of that name.</summary>
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

    /// <summary>Waits until there is another version than this one, and gives the latest.</summary>
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
                $"There are {SchedulesMax} schedules already, and no more may be added."
            );
        _current = new ScheduleSet(_current.Version + 1, schedules);
        var changed = _changed;
        _changed = NewSource();
        changed.SetResult();
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
