using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Admin;

/// <summary>
/// Changes tasks, once per request key, with an entry in the audit log; answers with the changed task.
/// </summary>
internal sealed class TaskChanges(
    TaskOperations operations,
    TaskQueries tasks,
    IdempotencyFilter idempotency,
    Audit audit
)
{
    public async Task<IResult> ChangeAsync(
        HttpContext context,
        string taskId,
        string action,
        Func<TaskOperations, CancellationToken, Task<TaskChangeOutcome>> change
    )
    {
        var (key, problem) = await RequestKeys.OfBodilessAsync(context);
        return problem ?? await ChangeAsync(context, key, taskId, action, change);
    }

    public Task<IResult> ChangeAsync(
        HttpContext context,
        RequestKey key,
        string taskId,
        string action,
        Func<TaskOperations, CancellationToken, Task<TaskChangeOutcome>> change
    ) =>
        idempotency.RunAsync(
            context,
            key,
            async () =>
            {
                var outcome = await change(operations, context.RequestAborted);
                var task = await tasks.FindAsync(taskId, context.RequestAborted);
                if (outcome == TaskChangeOutcome.Done)
                {
                    await audit.WriteAsync(context, action, taskId);
                    if (task is not null)
                        return JsonAnswer.Of(TaskEndpoints.Document(task));
                }

                return Refusal(outcome, task);
            }
        );

    /// <summary>
    /// Cancels all tasks of a group or of an order; the body may have the page token of the previous answer.
    /// </summary>
    public async Task<IResult> CancelAllAsync(HttpContext context, GroupId group, int? order)
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var errors = new FieldErrors();
        var after = body.Fields(errors, optional: true).Text("after");
        if (errors.Any)
            return Problem.Invalid(errors);
        var (key, keyProblem) = RequestKeys.Of(context, body);
        return keyProblem
            ?? await idempotency.RunAsync(context, key, () => CancelStepAsync(context, group, order, after));
    }

    private async Task<IResult> CancelStepAsync(HttpContext context, GroupId group, int? order, string? after)
    {
        try
        {
            var page = await operations.CancelAllAsync(group, order, after, context.RequestAborted);
            var (action, target) = order is { } number
                ? ("order.cancel-tasks", $"{group}.{number}")
                : ("group.cancel-tasks", group.Value);
            var cancelled = page.Items.Count(outcome => outcome.Outcome == TaskChangeOutcome.Done);
            await audit.WriteAsync(
                context,
                action,
                target,
                $"{cancelled} of {page.Items.Count}{(page.Next is null ? "" : ", more follow")}"
            );
            return JsonAnswer.Of(
                new PageDocument<TaskOutcomeDocument>(
                    [.. page.Items.Select(outcome => new TaskOutcomeDocument(outcome.TaskId, Word(outcome.Outcome)))],
                    page.Next
                )
            );
        }
        catch (FormatException)
        {
            var errors = new FieldErrors();
            errors.Add("after", "The page token is not valid.");
            return Problem.Invalid(errors);
        }
    }

    private static string Word(TaskChangeOutcome outcome) =>
        outcome switch
        {
            TaskChangeOutcome.Done => "cancelled",
            TaskChangeOutcome.Running => "running",
            TaskChangeOutcome.Needed => "needed",
            TaskChangeOutcome.Unknown => "unknown",
            _ => "done",
        };

    private static Problem Refusal(TaskChangeOutcome outcome, TaskReport? task) =>
        outcome switch
        {
            TaskChangeOutcome.Needed => Problem.Of(
                RefusalCode.TaskNeeded,
                "The group's state depends on this task. It can be brought forward, but not cancelled or postponed."
            ),
            TaskChangeOutcome.Running => Problem.Of(RefusalCode.TaskWrongStatus, "The task is running."),
            _ when task is not null => Problem.Of(RefusalCode.TaskWrongStatus, $"The task's status is {task.Status}."),
            _ => Problem.Of(RefusalCode.TaskNotFound, "The task does not exist."),
        };
}
