using GroupBuyActors.Events;
using GroupBuyActors.Groups;
using GroupBuyActors.Ports;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Simulation;

/// <summary>
/// One group with everything around it that a silo would be: a clock moved by hand, a journal, the tasks, ports that
/// answer as told, and a second state that lives only by replaying the journal's bytes.
/// </summary>
internal sealed class World
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private int _secrets;

    public World(GroupSettings? settings = null, string id = "10042.SH-PUDONG.tea-1123")
    {
        Id = GroupId.Parse(id);
        Settings = settings ?? new GroupSettings();
        State = new GroupState(Id);
        Replica = new GroupState(Id);
    }

    public GroupId Id { get; }
    public GroupSettings Settings { get; set; }
    public GroupState State { get; set; }
    public GroupState Replica { get; private set; }
    public DateTimeOffset Clock
    {
        get;
        set
        {
            field = value;
            if (value > LatestClock)
                LatestClock = value;
        }
    } = Start;

    /// <summary>The latest time that the clock has shown, however often it was stepped back since.</summary>
    public DateTimeOffset LatestClock { get; private set; } = Start;
    public List<RecordedEvent> Journal { get; } = [];
    public List<OrderStatusChange> Statuses { get; } = [];
    public Dictionary<string, TimedTask> Tasks { get; } = [];
    public Dictionary<(OrderId, string), PaymentEntry> Payments { get; } = [];
    public List<string> Notices { get; } = [];
    public List<string> Alerts { get; } = [];
    public Inventory Inventory { get; } = new();
    public Provider Provider { get; } = new();

    /// <summary>Draws what goes wrong with the next call to a port; nothing by default.</summary>
    public Func<Fault> NextFault { get; set; } = () => Fault.None;

    /// <summary>
    /// False where the second state is not kept up: for groups so large that it would be all the test does.
    /// </summary>
    public bool Replicates { get; init; } = true;

    /// <summary>Inventory refuses deductions of this cause and later ones; of none by default.</summary>
    public int DeductionsRefusedFrom { get; init; } = int.MaxValue;

    /// <summary>Bytes that a commit may have.</summary>
    public int CommitBytesMax { get; set; } = int.MaxValue;

    /// <summary>Sees every handling after it is stored.</summary>
    public Action<GroupCommand, CommandResult>? Handled { get; set; }

    public GroupView View => State.View() ?? throw new InvalidOperationException("The group is not published.");

    public OrderView Order(int number) =>
        State.Order(number) ?? throw new InvalidOperationException($"No order {number}.");

    public OrderId OrderId(int number) => new(Id, number);

    public IEnumerable<GroupEvent> Events => Journal.Select(recorded => recorded.Event);
    public IEnumerable<string> Names => Events.Select(GroupEvents.NameOf);

    public IEnumerable<TimedTask> TasksOf(string type) =>
        Tasks.Values.Where(task => task.Type == type).OrderBy(task => task.Key.Due);

    public CommandContext Context(TaskKey? completes = null) =>
        new()
        {
            Clock = Clock,
            Settings = Settings,
            NewSecret = () => $"secret{_secrets++:D20}",
            Completes = completes,
            Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            CommitBytesMax = CommitBytesMax,
        };

    /// <summary>Handles a command and stores what it says.</summary>
    public CommandResult Do(GroupCommand command, TaskKey? completes = null)
    {
        var result = GroupMachine.Handle(State, command, Context(completes));
        foreach (var recorded in result.Events)
        {
            Journal.Add(recorded);
            if (!Replicates)
                continue;
            var (name, version) = (GroupEvents.NameOf(recorded.Event), GroupEvents.VersionOf(recorded.Event));
            GroupMachine.Replay(
                Replica,
                JournalPayload.Read(Id, recorded.Sequence, recorded.Time, name, version, JournalPayload.Write(recorded))
            );
        }

        foreach (var task in result.Schedules)
            Assert.True(Tasks.TryAdd(task.Key.Id, task), $"{task.Key.Id} is scheduled twice.");
        foreach (var key in result.Removals)
            if (!Tasks.Remove(key.Id) && key != completes)
                Assert.Fail($"{key.Id} is removed but not there.");
        foreach (var entry in result.Payments)
            Payments[(entry.Order, entry.PaymentId)] = entry;
        Statuses.AddRange(result.Statuses);
        if (result.Alert is { } alert)
            Alerts.Add(alert);
        Handled?.Invoke(command, result);
        return result;
    }

    /// <summary>
    /// Does what a crash and a new activation do: the state comes back from a snapshot and the journal's tail.
    /// </summary>
    public void Reactivate()
    {
        State = GroupSnapshot.Read(Id, GroupSnapshot.Write(State));
        if (Replicates)
            Replica = GroupSnapshot.Read(Id, GroupSnapshot.Write(Replica));
    }

    /// <summary>Runs one task as the task service would. A failed port call leaves it for later.</summary>
    public void Run(TimedTask task)
    {
        var completes = task.Key;
        switch (task.Type)
        {
            case OrderClose.TypeName:
                RunClose(task, OrderClose.Type.Read(task.Payload).Order);
                break;
            case PaymentCheck.TypeName:
                var check = OrderClose.Type.Read(task.Payload).Order;
                Do(new GroupCommand.PaymentChecked(check, Provider.Ask(OrderId(check), NextFault())), completes);
                break;
            case GroupDeadline.TypeName or GroupSettle.TypeName:
                do Do(new GroupCommand.Settle(), completes);
                while (State.HasPendingFanOut && task.Type == GroupSettle.TypeName);
                break;
            case SuccessSaga.TypeName:
                RunDeduction(task, SuccessSaga.Type.Read(task.Payload));
                break;
            case StockRollback.TypeName:
                RunRelease(task, StockRollback.Type.Read(task.Payload));
                break;
            case Refund.TypeName:
                var refund = Refund.Type.Read(task.Payload);
                if (
                    Provider.Refund(OrderId(refund.Order), refund.PaymentId, refund.Amount, NextFault()).Answer
                    == PortAnswer.Done
                )
                    Do(new GroupCommand.Refunded(refund.Order, refund.PaymentId, refund.Excess), completes);
                break;
            case Notify.TypeName:
                var notify = Notify.Type.Read(task.Payload);
                Notices.Add(PortKeys.Notice(OrderId(notify.Order), notify.Kind));
                Tasks.Remove(task.Key.Id);
                break;
            default:
                Assert.Fail($"Nobody runs {task.Type}.");
                break;
        }

        if (Tasks.ContainsKey(task.Key.Id))
            Fail(task);
    }

    /// <summary>Runs every task that is due at the clock's time, and those that follow at once.</summary>
    public void RunDue()
    {
        for (var i = 0; i < 1_000; i++)
        {
            var due = Tasks
                .Values.Where(task => task.NextAt <= Clock)
                .OrderBy(task => task.NextAt)
                .ThenBy(task => task.Key.Id, StringComparer.Ordinal)
                .ToList();
            if (due.Count == 0)
                return;
            foreach (var task in due)
                if (Tasks.TryGetValue(task.Key.Id, out var live) && live.NextAt <= Clock)
                    Run(live);
        }

        Assert.Fail("Due tasks never end.");
    }

    /// <summary>Moves the clock, stopping at every due time on the way.</summary>
    public void AdvanceTo(DateTimeOffset to)
    {
        for (RunDue(); Tasks.Count > 0 && Tasks.Values.Min(task => task.NextAt) is var next && next <= to; RunDue())
            if (next > Clock)
                Clock = next;
        if (to > Clock)
            Clock = to;
    }

    public void Advance(TimeSpan by) => AdvanceTo(Clock + by);

    /// <summary>Runs all that waits, however far ahead, with ports that answer.</summary>
    public void RunToTheEnd()
    {
        NextFault = () => Fault.None;
        for (var i = 0; Tasks.Count > 0; i++)
        {
            Assert.True(i < 100_000, "Tasks never end.");
            AdvanceTo(Tasks.Values.Min(task => task.NextAt));
        }
    }

    private void RunClose(TimedTask task, int order)
    {
        var findings = Provider.Ask(OrderId(order), NextFault());
        if (
            findings.Answer == PortAnswer.Unavailable
            && GroupTaskPolicies.Of(task.Type).Retry.After(task.Attempts + 1, TimeSpan.Zero, 0).Decision
                == RetryDecision.Again
        )
            return;
        Do(new GroupCommand.CloseUnpaid(order, findings), task.Key);
    }

    private void RunDeduction(TimedTask task, DeductTask work)
    {
        var reply = Inventory.Deduct(work.Deduction, work.Cause >= DeductionsRefusedFrom ? Fault.Refused : NextFault());
        if (
            reply.Answer == PortAnswer.Unavailable
            && GroupTaskPolicies.Of(task.Type).Retry.After(task.Attempts + 1, TimeSpan.Zero, 0).Decision
                == RetryDecision.Again
        )
            return;
        Do(new GroupCommand.Deducted(work.Cause, reply), task.Key);
    }

    private void RunRelease(TimedTask task, ReleaseTask work)
    {
        if (work.GuardsAttempt is { } attempt)
            Do(new GroupCommand.PublicationGuard(attempt), task.Key);
        else if (
            NextFault() is var fault
            && Inventory.Release(work.Release, fault == Fault.Refused ? Fault.None : fault).Answer == PortAnswer.Done
        )
            Do(new GroupCommand.Released(work.Cause), task.Key);
    }

    private void Fail(TimedTask task)
    {
        var step = GroupTaskPolicies.Of(task.Type).Retry.After(task.Attempts + 1, TimeSpan.Zero, 0.5);
        Tasks[task.Key.Id] = task with
        {
            Attempts = task.Attempts + 1,
            NextAt = Clock + step.Delay,
            Version = task.Version + 1,
        };
    }
}
