using System.Globalization;
using GroupBuyActors.Benchmarks.Harness;
using Quartz;

namespace GroupBuyActors.Benchmarks.Tasks;

/// <summary>The parts that Quartz can be asked for: the same work, one trigger a task, all of one job.</summary>
internal sealed class QuartzParts(IScheduler scheduler, TimeProvider time, IReadOnlyList<ProcessorMeter> meters)
{
    private const int Callers = 64,
        TriggersPerBatch = 100;
    private const double ScheduledPerSecondMin = 400;
    private static readonly TimeSpan Later = TimeSpan.FromHours(6),
        DoneWithin = TimeSpan.FromMinutes(1);
    private static readonly IJobDetail Job = JobBuilder
        .Create<RecordingJob>()
        .WithIdentity("task")
        .StoreDurably()
        .Build();

    /// <summary>Stores the job that all triggers are of.</summary>
    public Task StartAsync() => scheduler.AddJob(Job, replace: true);

    public Task<TaskAnswer> AnswerAsync(TaskQuestion question) =>
        question.Part switch
        {
            "schedule" => ScheduleAsync(question),
            "fire" => FireAsync(question, question.Window),
            "drain" => FireAsync(question, TimeSpan.Zero),
            _ => throw new ArgumentException($"There is no part {question.Part}."),
        };

    private async Task<TaskAnswer> ScheduleAsync(TaskQuestion question)
    {
        var (series, next) = (RecordingJob.Book.NextNumber(), -1);
        var row = await new ClosedLoop(Callers, question.WarmUp, question.Window).RunAsync(
            "Quartz schedule, one trigger a call",
            async _ =>
            {
                await scheduler.ScheduleJob(Trigger(series, Interlocked.Increment(ref next), time.GetUtcNow() + Later));
                return CallOutcome.Done;
            },
            meters,
            CancellationToken.None
        );
        return new TaskAnswer { Rows = [CarriedMeasurement.Of(row)] };
    }

    /// <summary>Triggers due over a time; over none, all at once, and the rate is the most that it can do.</summary>
    private async Task<TaskAnswer> FireAsync(TaskQuestion question, TimeSpan over)
    {
        var count = (int)(question.Rate * question.Window.TotalSeconds);
        var series = RecordingJob.Book.Open(
            count,
            time.GetUtcNow() + TimeSpan.FromSeconds(1 + count / ScheduledPerSecondMin),
            over
        );
        foreach (var some in Enumerable.Range(0, count).Chunk(TriggersPerBatch))
            await scheduler.ScheduleJobs(
                new Dictionary<IJobDetail, IReadOnlyCollection<ITrigger>>
                {
                    [Job] = [.. some.Select(index => Trigger(series.Number, index, series.DueOf(index)))],
                },
                replace: true
            );
        var answer = new TaskAnswer();
        var left = series.FirstDue - time.GetUtcNow();
        if (left < TimeSpan.Zero)
            answer.Notes.Add("Quartz: scheduling ahead was not done when the first trigger was due.");
        else
            await Task.Delay(left, time);
        foreach (var meter in meters)
            meter.Start();
        var held = await series.HeldAsync(time, CancellationToken.None);
        await series.All.WaitAsync(DoneWithin, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var meter in meters)
            meter.Stop();
        RecordingJob.Book.Close(series);
        var name = over > TimeSpan.Zero ? $"Quartz fire {question.Rate}/s" : $"Quartz fire, {count} at once";
        answer.Rows.Add(CarriedMeasurement.Of(series.Measure(name, meters)));
        return answer with { Held = held };
    }

    private static ITrigger Trigger(int series, int index, DateTimeOffset due) =>
        TriggerBuilder
            .Create()
            .WithIdentity(string.Create(CultureInfo.InvariantCulture, $"{series}-{index}"))
            .ForJob(Job)
            .StartAt(due)
            .Build();

    /// <summary>Writes down how late it is; made by Quartz.</summary>
    private sealed class RecordingJob : IJob
    {
        /// <summary>Quartz makes jobs by their bare constructor.</summary>
        public static FireBook Book { get; } = new();

        public Task Execute(IJobExecutionContext context)
        {
            var parts = context.Trigger.Key.Name.Split('-');
            var lateness = TimeProvider.System.GetUtcNow() - context.ScheduledFireTimeUtc!.Value;
            // It may fire a whole batch with the first of it; that is asked for, and no fault.
            Book.Begun(
                int.Parse(parts[0], CultureInfo.InvariantCulture),
                int.Parse(parts[1], CultureInfo.InvariantCulture),
                lateness > TimeSpan.Zero ? lateness : TimeSpan.Zero
            );
            return Task.CompletedTask;
        }
    }
}
