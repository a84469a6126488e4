using System.Text.Json;
using System.Text.Json.Serialization;
using GroupBuyActors.Hosting;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Redrives;

/// <summary>
/// Redrives the dead letters of one page, and has that recorded; the commit that records it completes the task and
/// schedules the next page, a second after this one.
/// <para>
/// A page whose run was broken off is run again. What it had redriven passes the filter no more, so it is found by the
/// time at which it was redriven, and counted. A letter that throws keeps the page from being recorded and no other
/// from being redriven; after some tries it is counted as refused, so that the redrive goes on.
/// </para>
/// </summary>
internal sealed class RedrivePages(
    IGrainFactory grains,
    ITaskOutcomes letters,
    TaskOperations operations,
    ClusterClock clock,
    ILogger<RedrivePages> log
) : ITaskHandler
{
    public const string TypeName = "redrive-page";

    /// <summary>A page that is not done leaves its redrive unfinished, so it never gives up.</summary>
    public static TaskType<RedrivePageTask> TaskType { get; } =
        new(
            new TaskPolicy
            {
                Type = TypeName,
                IsNeeded = true,
                Lateness = TimeSpan.FromSeconds(1),
                Concurrency = 8,
                TryTimeout = TimeSpan.FromMinutes(2),
                Retry = new()
                {
                    BaseDelay = TimeSpan.FromSeconds(1),
                    DelayMax = TimeSpan.FromSeconds(30),
                    AlertAfter = 10,
                },
            },
            RedrivePageJson.Default.RedrivePageTask
        );

    /// <summary>Tries of a page after which a letter that throws is left.</summary>
    internal const int TriesMax = 5;

    /// <summary>Letters between two looks at whether the redrive was stopped.</summary>
    private const int LettersPerLook = 20;

    private const int CountMax = 100_000;

    string ITaskHandler.Type => TypeName;

    /// <summary>The task of the page that is next.</summary>
    public static TimedTask TaskAfter(RedriveState state) =>
        TaskType.CausedBy(state.Actor, state.Sequence, state.PageAt, new RedrivePageTask(state.Pages + 1));

    /// <summary>The row of the task that brings a page.</summary>
    public static TaskKey KeyOf(ActorId redrive, RecordedPage page) =>
        new(redrive.Shard, page.Due, page.TaskId) { Type = TypeName };

    public async Task<HandlerResult> RunAsync(DueTask due, CancellationToken cancellation)
    {
        var id = due.Task.Actor?.Key ?? throw new InvalidDataException($"Task {due.Task.Key.Id} has no redrive.");
        var redrive = grains.GetGrain<IRedriveTasks>(id);
        var (number, beganAt) = (TaskType.Read(due.Task.Payload).Number, clock.GetUtcNow());
        var count = new Counts();
        if (await redrive.GetPage(number) is { } page)
        {
            if (due.MayRepeat)
                count.Done = await letters.CountAsync(RedrivenOf(page), CountMax, cancellation);
            if (!page.IsStopped)
                await RedriveAsync(redrive, number, page, count, cancellation);
        }

        if (count.Failure is { } failure && due.FailuresBefore < TriesMax - 1)
            return new HandlerResult.Failed(due.AfterFailure(), failure.Message);
        if (count.Failure is { } last)
            RedriveLog.LettersLeft(log, last, id, count.Failed, TriesMax);
        return await RecordAsync(redrive, due, number, count, beganAt);
    }

    private async Task RedriveAsync(
        IRedriveTasks redrive,
        int number,
        RedrivePage page,
        Counts count,
        CancellationToken cancellation
    )
    {
        var found = await letters.SearchAsync(page.Order.Filter(), page.Token, page.Order.RatePerSecond, cancellation);
        count.Next = found.Next;
        for (var i = 0; i < found.Items.Count; i++)
        {
            if (i > 0 && i % LettersPerLook == 0 && await redrive.GetPage(number) is not { IsStopped: false })
                return;
            await RedriveAsync(found.Items[i].TaskId, count, cancellation);
        }
    }

    private async Task RedriveAsync(string taskId, Counts count, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            if (await operations.RedriveAsync(taskId, cancellation) == TaskChangeOutcome.Done)
                count.Done++;
            else
                count.Refused++;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            count.Failure = e;
            count.Failed++;
        }
    }

    private static async Task<HandlerResult> RecordAsync(
        IRedriveTasks redrive,
        DueTask due,
        int number,
        Counts count,
        DateTimeOffset beganAt
    )
    {
        try
        {
            await redrive.RecordPage(
                new RecordedPage
                {
                    Due = due.Task.Key.Due,
                    TaskId = due.Task.Key.Id,
                    Version = due.Task.Version,
                    Trace = due.Task.Trace,
                    Number = number,
                    Done = count.Done,
                    Refused = count.Refused + count.Failed,
                    Next = count.Next,
                    BeganAt = beganAt,
                }
            );
            return new HandlerResult.Completed();
        }
        catch (DecisionFailedException e)
        {
            return new HandlerResult.Failed(due.AfterFailure(), e.Message);
        }
    }

    private static TaskOutcomeFilter RedrivenOf(RedrivePage page) =>
        page.Order.Filter() with
        {
            Redriven = true,
            RedrivenFrom = page.Since,
        };

    /// <summary>What became of the letters of a page.</summary>
    private sealed class Counts
    {
        public int Done { get; set; }

        public int Refused { get; set; }

        public int Failed { get; set; }

        public Exception? Failure { get; set; }

        public string? Next { get; set; }
    }
}

/// <summary>Payload of <c>redrive-page</c>.</summary>
/// <param name="Number">Of the page, from 1.</param>
internal sealed record RedrivePageTask(int Number);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RedrivePageTask))]
internal sealed partial class RedrivePageJson : JsonSerializerContext;
