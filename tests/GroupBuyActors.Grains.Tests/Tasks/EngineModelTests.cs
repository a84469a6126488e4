using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using GroupBuyActors.Committing;
using GroupBuyActors.Groups;
using GroupBuyActors.Hosting;
using GroupBuyActors.Placement;
using GroupBuyActors.Schedules;
using GroupBuyActors.Setting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace GroupBuyActors.Tasks;

/// <summary>
/// The engine's memory, queues, runner and desk against a model, in many random lives: tasks are scheduled, cancelled,
/// moved, redriven, fail, hang, meet a store that refuses, and silos crash in between, or hand over and end runs late
/// that others have run again. Whatever happens, every task is in one place: a row, or one end.
/// </summary>
public sealed class EngineModelTests(ITestOutputHelper output)
{
    private const int Lives = 1_000,
        Steps = 40;
    private static readonly string[] Types = [Notify.TypeName, Refund.TypeName, PaymentCheck.TypeName];

    [Fact]
    public void EveryTaskOutcomesExactlyOnceWhateverHappens()
    {
        var first = int.TryParse(
            Environment.GetEnvironmentVariable("GROUPBUY_SEED"),
            CultureInfo.InvariantCulture,
            out var given
        )
            ? given
            : Random.Shared.Next(1_000_000_000);
        output.WriteLine($"Seeds {first} to {first + Lives - 1}");
        Parallel.For(
            0,
            Lives,
            new ParallelOptions { MaxDegreeOfParallelism = 2 },
            life => new Life(first + life).Run(Steps)
        );
    }

    /// <summary>One random life, known again by its seed.</summary>
    private sealed class Life
    {
        private static readonly DateTimeOffset Start = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
        private static readonly GroupId[] Groups =
        [
            .. Enumerable.Range(1, 4).Select(n => GroupId.Parse($"{n}.SH.tea")),
        ];
        private readonly int _seed;
        private readonly Random _dice;
        private readonly FakeTimeProvider _time = new(Start);
        private readonly SimulatedTable _table;
        private readonly Dictionary<string, DateTimeOffset> _due = new(StringComparer.Ordinal);
        private readonly HashSet<string> _cancelled = new(StringComparer.Ordinal);
        private readonly HashSet<string> _redriven = new(StringComparer.Ordinal);
        private readonly List<Engine> _departed = [];
        private Engine _engine;

        public Life(int seed)
        {
            _seed = seed;
            _dice = new Random(seed);
            _table = new SimulatedTable(new Random(seed + 1)) { Refusals = 0.1 };
            _engine = new Engine(_table, _time, seed, misbehaves: true);
        }

        public void Run(int steps)
        {
            try
            {
                for (var step = 0; step < steps; step++)
                    Step();
                Settle();
            }
            finally
            {
                foreach (var engine in _departed)
                    engine.Kill();
                _engine.Kill();
            }
        }

        private void Step()
        {
            switch (_dice.Next(12))
            {
                case < 4:
                    Schedule();
                    break;
                case 4:
                    Change(id => _engine.Operations.CancelAsync(id), id => _cancelled.Add(id));
                    break;
                case 5:
                    Change(
                        id =>
                            _engine.Operations.MoveAsync(id, _time.GetUtcNow() + TimeSpan.FromSeconds(_dice.Next(200))),
                        id => _due[id] = DateTimeOffset.MinValue
                    );
                    break;
                case 6:
                    Redrive();
                    break;
                case 7 when _dice.Next(3) == 0:
                    Crash();
                    break;
                case 8:
                    _engine.LetEnd(_seed);
                    break;
                case 9 when _dice.Next(2) == 0:
                    TaskForwarder();
                    break;
                case 9:
                    foreach (var engine in _departed)
                        engine.LetEnd(_seed);
                    break;
                default:
                    Advance(TimeSpan.FromMilliseconds(_dice.Next(1, _dice.Next(2) == 0 ? 5_000 : 90_000)));
                    break;
            }

            _engine.Quiesce(_seed);
            Check();
        }

        private void Schedule()
        {
            var group = Groups[_dice.Next(Groups.Length)];
            var due = _time.GetUtcNow() + TimeSpan.FromMilliseconds(_dice.Next(0, 150_000));
            var id = TaskIds.Of(group.Actor, _due.Count + 1, "order-close");
            var task = new TimedTask
            {
                Key = new TaskKey(group.Shard, due, id),
                Type = Types[_dice.Next(Types.Length)],
                Actor = group.Actor,
                NextAt = due,
            };
            if (
                _engine.Commit(
                    new Commit
                    {
                        Id = Guid.NewGuid(),
                        Shard = group.Shard,
                        Token = new ActivationToken(),
                        Schedules = [task],
                    }
                ) == CommitStatus.Committed
            )
                _due[id] = due;
        }

        private void Change(Func<string, Task<TaskChangeOutcome>> change, Action<string> done)
        {
            if (_due.Count == 0)
                return;
            var id = _due.Keys.ElementAt(_dice.Next(_due.Count));
            var before = _table.Rows.Any(row => row.Key.Id == id);
            try
            {
                var outcome = change(id).GetAwaiter().GetResult();
                Must(outcome != TaskChangeOutcome.Done || before, $"{id} was changed and had no row");
                if (outcome == TaskChangeOutcome.Done)
                    done(id);
            }
            catch (StoreUnavailableException)
            {
                // The store refused: nothing was changed.
            }
        }

        private void Redrive()
        {
            if (
                _table.Outcomes.FirstOrDefault(ending =>
                    ending.Status == TaskOutcomeStatus.Dead && ending.RedrivenAt is null
                )
                is not { } dead
            )
                return;
            try
            {
                if (_engine.Operations.RedriveAsync(dead.TaskId).GetAwaiter().GetResult() == TaskChangeOutcome.Done)
                    _redriven.Add(dead.TaskId);
            }
            catch (StoreUnavailableException)
            {
                // As above.
            }
        }

        /// <summary>kill -9, and a successor that reads the table, misbehaving as the one before.</summary>
        private void Crash(bool misbehaves = true)
        {
            _engine.Kill();
            _engine = new Engine(_table, _time, _dice.Next(), misbehaves);
        }

        /// <summary>
        /// Another owner takes over from one that is alive: what hangs there may yet come to its end, after the other
        /// has run it again.
        /// </summary>
        private void TaskForwarder()
        {
            _engine.Depart();
            _departed.Add(_engine);
            _engine = new Engine(_table, _time, _dice.Next(), misbehaves: true);
        }

        private void Advance(TimeSpan by)
        {
            _time.Advance(by);
            _engine.ReadHorizon();
        }

        /// <summary>Nothing fails any more, and time passes: every task comes to its end.</summary>
        private void Settle()
        {
            _table.Refusals = 0;
            foreach (var engine in _departed)
                engine.LetEnd(_seed);
            Crash(misbehaves: false);
            for (var n = 0; n < 40 && _table.Rows.Count > 0; n++)
            {
                _engine.Quiesce(_seed);
                Advance(TimeSpan.FromMinutes(n < 20 ? 1 : 15));
            }

            _engine.Quiesce(_seed);
            Check();
            Must(
                _table.Rows.Count == 0,
                $"{_table.Rows.Count} tasks never ended, among them "
                    + $"{_table.Rows.Select(row => $"{row.Key.Id} {row.Type} next at {row.NextAt:O}").FirstOrDefault()}"
            );
        }

        private void Check()
        {
            var rows = _table.Rows.Select(row => row.Key.Id).ToHashSet(StringComparer.Ordinal);
            var ends = _table.Outcomes.ToLookup(ending => ending.TaskId, StringComparer.Ordinal);
            var done = _table.Done.ToLookup(id => id, StringComparer.Ordinal);
            foreach (var id in _due.Keys)
            {
                // A dead letter that was scheduled anew is not where the task is any more.
                var places =
                    (rows.Contains(id) ? 1 : 0)
                    + ends[id].Count(ending => ending.RedrivenAt is null)
                    + done[id].Count();
                var ended = ends[id].Select(end => $"{end.Status} v{end.Version} {end.RedrivenAt:O}");
                Must(
                    places == 1,
                    $"{id} is in {places} places: row {rows.Contains(id)}, ends {string.Join(", ", ended)}, "
                        + $"done {done[id].Count()}"
                );
                if (_cancelled.Contains(id))
                    Must(
                        ends[id].Any(ending => ending.Status == TaskOutcomeStatus.Cancelled),
                        $"{id} was cancelled and is not"
                    );
            }

            Must(
                rows.Count + ends.Count(end => end.Any(ending => ending.RedrivenAt is null)) + done.Count == _due.Count,
                "created = live + ended does not hold"
            );
            foreach (var (id, earliest) in _engine.FirstRuns)
                Must(earliest >= _due[id], $"{id} ran at {earliest:O}, before its time {_due[id]:O}");
        }

        private void Must(bool holds, string otherwise)
        {
            if (!holds)
                Assert.Fail($"Seed {_seed}: {otherwise}");
        }
    }

    /// <summary>One life of a silo's engine.</summary>
    private sealed class Engine
    {
        private readonly SimulatedTable _table;
        private readonly SimulatedCommitter _committer;
        private readonly ServiceProvider _services;
        private readonly LocalTaskScheduler _scheduler;
        private readonly TaskDispatcher _queues;
        private readonly Handlers _handlers;

        public Engine(SimulatedTable table, FakeTimeProvider time, int seed, bool misbehaves)
        {
            _table = table;
            _committer = new SimulatedCommitter(table);
            _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
            var (clock, options) = (new ClusterClock(time), Options.Create(new GrainsOptions()));
            var policies = new TaskPolicyRegistry(
                table,
                TaskRegistrations.Types,
                null!,
                null!,
                clock,
                options,
                NullLogger<TaskPolicyRegistry>.Instance
            );
            _queues = new TaskDispatcher(policies, time, options);
            var firings = new CronScheduler(
                _committer,
                table,
                clock,
                new IdGenerator(),
                new ScheduleRegistry(TaskRegistrations.Types, TaskRegistrations.Schedules),
                NullLogger<CronScheduler>.Instance
            );
            var owned = new OwnedShards();
            _scheduler = new LocalTaskScheduler(
                clock,
                owned,
                _queues,
                policies,
                options,
                NullLogger<LocalTaskScheduler>.Instance
            );
            _handlers = new Handlers(new Random(seed), clock, misbehaves);
            var executor = TaskEngine.Executor(
                Types.Select(type => new Handler(type, _handlers)),
                _scheduler,
                table,
                _committer,
                firings,
                policies,
                new TaskMetrics(_services.GetRequiredService<IMeterFactory>()),
                time,
                options
            );
            Operations = new OwnedTaskOperations(
                table,
                table,
                new TaskCommitter(_committer, new IdGenerator()),
                _scheduler,
                firings,
                policies,
                clock
            );
            _committer.Subscribe(batch =>
            {
                foreach (var (_, commit) in batch.Commits)
                {
                    foreach (var removed in commit.Removals)
                        _scheduler.Remove(removed.Id);
                    foreach (var task in commit.Schedules)
                        _scheduler.Add(task);
                }
            });
            for (var shard = 0; shard < ShardId.Count; shard++)
                owned.Add(new ShardId(shard), 1);
            _queues.Start(executor.RunAsync);
            _scheduler.Start();
            ReadHorizon();
        }

        public OwnedTaskOperations Operations { get; }

        /// <summary>When tasks were first run, by id.</summary>
        public IEnumerable<KeyValuePair<string, DateTimeOffset>> FirstRuns => _handlers.FirstRuns;

        public CommitStatus Commit(Commit commit) =>
            _committer.CommitAsync(_committer.TryReserve(commit.Shard)!, commit).Result.Status;

        public void ReadHorizon()
        {
            var until = _scheduler.BeginReading();
            _scheduler.EndReading(
                _table.ReadHorizonAsync([], until, int.MaxValue, CancellationToken.None).Result.Tasks
            );
        }

        /// <summary>Waits until all that is due has been run, but for what hangs.</summary>
        public void Quiesce(int seed)
        {
            var waited = System.Diagnostics.Stopwatch.StartNew();
            var spin = new SpinWait();
            while (
                _scheduler.HasDue
                || _scheduler.Backlog().Values.Sum() != _handlers.Hanging
                || _queues.Running != _handlers.Hanging
            )
            {
                spin.SpinOnce();
                if (waited.Elapsed > TestSilo.Bound)
                    Assert.Fail(
                        $"Seed {seed}: {_scheduler.Backlog().Values.Sum()} due tasks do not end; {_handlers.Hanging} "
                            + $"hang, {_queues.Running} run, more is due: {_scheduler.HasDue}."
                    );
            }
        }

        /// <summary>Begins nothing any more; what runs goes on, and its commits land where they may.</summary>
        public void Depart()
        {
            _queues.Stop();
            _scheduler.Stop();
        }

        /// <summary>What hangs comes to its end at last, whatever it is.</summary>
        public void LetEnd(int seed)
        {
            var released = _handlers.LetEnd();
            var waited = System.Diagnostics.Stopwatch.StartNew();
            var spin = new SpinWait();
            // Those that come in their place may hang in turn.
            while (released.Count > 0 || _queues.Running != _handlers.Hanging)
            {
                spin.SpinOnce();
                if (waited.Elapsed > TestSilo.Bound)
                    Assert.Fail($"Seed {seed}: {_queues.Running} runs do not end; {_handlers.Hanging} hang.");
            }
        }

        public void Kill()
        {
            _committer.Kill();
            _queues.Stop();
            _scheduler.Stop();
            _handlers.LetGo();
            _scheduler.Dispose();
            _services.Dispose();
        }
    }

    /// <summary>What ports do to an engine: answer, fail, throw, or never come back.</summary>
    private sealed class Handlers(Random dice, TimeProvider clock, bool misbehaves)
    {
        private readonly Lock _gate = new();
        private Hang _hang = new();
        private int _hanging;

        public ConcurrentDictionary<string, DateTimeOffset> FirstRuns { get; } = new(StringComparer.Ordinal);

        public int Hanging => Volatile.Read(ref _hanging);

        public Hang LetEnd()
        {
            var released = Interlocked.Exchange(ref _hang, new Hang());
            released.End.TrySetResult();
            return released;
        }

        public void LetGo() => _hang.End.TrySetException(new TimeoutException("The silo is gone."));

        public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
        {
            FirstRuns.TryAdd(due.Task.Key.Id, clock.GetUtcNow());
            int roll;
            lock (_gate)
                roll = misbehaves ? dice.Next(20) : 19;
            switch (roll)
            {
                case < 6:
                    return new HandlerResult.Failed(due.AfterFailure(), "The port is silent.");
                case < 8:
                    return new HandlerResult.Failed(
                        new RetryStep(RetryDecision.Dead, TimeSpan.Zero, true),
                        "Refused for good."
                    );
                case 8:
                    throw new InvalidOperationException("Trouble of ours.");
                case 9:
                    Interlocked.Increment(ref _hanging);
                    var hang = Volatile.Read(ref _hang);
                    hang.Enter();
                    try
                    {
                        await hang.End.Task.WaitAsync(cancellation);
                        lock (_gate)
                            roll = dice.Next(3);
                        return roll switch
                        {
                            0 => new HandlerResult.Failed(due.AfterFailure(), "The port was silent for long."),
                            1 => new HandlerResult.Failed(
                                new RetryStep(RetryDecision.Dead, TimeSpan.Zero, true),
                                "Refused for good after long."
                            ),
                            _ => new HandlerResult.Finished(),
                        };
                    }
                    finally
                    {
                        Interlocked.Decrement(ref _hanging);
                        hang.Leave();
                    }

                default:
                    return new HandlerResult.Finished();
            }
        }
    }

    /// <summary>Runs that hang until somebody ends them together.</summary>
    private sealed class Hang
    {
        private int _count;

        public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Count => Volatile.Read(ref _count);

        public void Enter() => Interlocked.Increment(ref _count);

        public void Leave() => Interlocked.Decrement(ref _count);
    }

    private sealed class Handler(string type, Handlers handlers) : ITaskHandler
    {
        public string Type => type;

        public Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation) =>
            handlers.RunAsync(due, cancellation);
    }
}
