using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Admin;

/// <summary>Routes of timed tasks for operators.</summary>
internal static class TaskEndpoints
{
    private static readonly string[] Statuses =
    [
        "pending",
        "running",
        "success",
        "failed",
        "cancelled",
        "expired",
        "dead",
    ];

    public static void MapTasks(this IEndpointRouteBuilder admin)
    {
        admin
            .MapGet("/tasks", ListAsync)
            .Requires(Operation.Administer)
            .Describe(
                "List pending and running tasks, the latest due first; with another status, tasks that ended with it"
            )
            .Answers<PageDocument<TaskDocument>>(200)
            .Refuses(400);
        admin
            .MapGet("/tasks/{taskId}", GetAsync)
            .Requires(Operation.Administer)
            .Describe("Read a task with its timeline and what it waits for")
            .Answers<TaskDocument>(200)
            .Refuses(404);
        admin
            .MapPost(
                "/tasks/{taskId}/cancel",
                (string taskId, HttpContext context, TaskChanges changes) =>
                    changes.ChangeAsync(
                        context,
                        taskId,
                        "task.cancel",
                        (operations, cancellation) => operations.CancelAsync(taskId, cancellation)
                    )
            )
            .Requires(Operation.Administer)
            .Describe("Cancel a task permanently")
            .Answers<TaskDocument>(200)
            .Refuses(404, 409, 503);
        admin
            .MapPost(
                "/tasks/{taskId}/run-now",
                (string taskId, HttpContext context, TaskChanges changes) =>
                    changes.ChangeAsync(
                        context,
                        taskId,
                        "task.run-now",
                        (operations, cancellation) => operations.RunNowAsync(taskId, cancellation)
                    )
            )
            .Requires(Operation.Administer)
            .Describe("Run a pending task now; a group still does nothing before its time")
            .Answers<TaskDocument>(200)
            .Refuses(404, 409, 503);
        admin
            .MapPost(
                "/tasks/{taskId}/redrive",
                (string taskId, HttpContext context, TaskChanges changes) =>
                    changes.ChangeAsync(
                        context,
                        taskId,
                        "task.redrive",
                        (operations, cancellation) => operations.RedriveAsync(taskId, cancellation)
                    )
            )
            .Requires(Operation.Administer)
            .Describe("Redrive a dead letter with its original idempotency key")
            .Answers<TaskDocument>(200)
            .Refuses(404, 409, 503);
        admin
            .MapPost(
                "/tasks/{taskId}/dismiss",
                (string taskId, HttpContext context, TaskChanges changes) =>
                    changes.ChangeAsync(
                        context,
                        taskId,
                        "task.dismiss",
                        (operations, cancellation) => operations.DismissAsync(taskId, cancellation)
                    )
            )
            .Requires(Operation.Administer)
            .Describe("Dismiss a dead letter: no further action is needed")
            .Answers<TaskDocument>(200)
            .Refuses(404, 409, 503);
        admin
            .MapPost("/tasks/{taskId}/reschedule", RescheduleAsync)
            .Requires(Operation.Administer)
            .Describe("Reschedule a pending task", typeof(RescheduleDocument))
            .Answers<TaskDocument>(200)
            .Refuses(400, 404, 409, 503);
        admin
            .MapPost("/tasks/{taskId}/weigh", SetWeightAsync)
            .Requires(Operation.Administer)
            .Describe("Set a pending task's own weight, which is added to its type's weight", typeof(SetWeightDocument))
            .Answers<TaskDocument>(200)
            .Refuses(400, 404, 409, 503);
        admin
            .MapPost("/orders/{orderId}/cancel-tasks", CancelAllOfOrderAsync)
            .Requires(Operation.Administer)
            .Describe(
                "Cancel all tasks of an order that its group does not depend on; if the answer has next, call "
                    + "again with it",
                typeof(CancelTasksDocument)
            )
            .Answers<PageDocument<TaskOutcomeDocument>>(200)
            .Refuses(400, 503);
        admin
            .MapPost("/groups/{groupId}/cancel-tasks", CancelAllAsync)
            .Requires(Operation.Administer)
            .Describe(
                "Cancel all tasks of a group that it does not depend on; if the answer has next, call again with it",
                typeof(CancelTasksDocument)
            )
            .Answers<PageDocument<TaskOutcomeDocument>>(200)
            .Refuses(400, 503);
        admin
            .MapGet("/groups/{groupId}/tasks-check", CheckAsync)
            .Requires(Operation.Administer)
            .Describe("Check that a group has exactly the tasks its state needs, each in time: created = ended + live")
            .Answers<TaskCheckDocument>(200)
            .Refuses(400, 404, 503);
    }

    public static TaskDocument Document(TaskReport task) =>
        new()
        {
            TaskId = task.TaskId,
            TaskType = task.TaskType,
            ExecuteAt = task.ExecuteAt,
            Status = task.Status,
            RetryCount = task.RetryCount,
            MaxRetry = task.MaxRetry,
            Version = task.Version,
            PriorityWeight = task.PriorityWeight,
            Weight = task.Weight,
            Ttl = task.Ttl,
            Shard = task.Shard,
            Epoch = task.Epoch,
            GroupId = task.GroupId,
            NextAt = task.NextAt,
            TraceContext = task.TraceContext,
            LastError = task.LastError,
            EndedAt = task.EndedAt,
            RedrivenAt = task.RedrivenAt,
            DismissedAt = task.DismissedAt,
            Owner = task.Owner,
            WaitingFor = task.WaitingFor,
            Story =
                task.Timeline.Count == 0
                    ? null
                    : [.. task.Timeline.Select(moment => new TaskMomentDocument(moment.Time, moment.What))],
        };

    /// <summary>A query parameter that must have one of several values; null if it is absent or faulty.</summary>
    public static string? OneOf(Query query, string name, IReadOnlyList<string> values)
    {
        if (query.Text(name) is not { } text)
            return null;
        if (values.Contains(text))
            return text;
        query.Errors.Add(name, $"The value must be one of {string.Join(", ", values)}.");
        return null;
    }

    private static Task<IResult> ListAsync(
        string? type,
        string? status,
        string? shard,
        string? groupId,
        string? after,
        string? limit,
        HttpContext context,
        TaskQueries tasks,
        TaskTypeRegistry types
    )
    {
        var query = new Query(context);
        var taskType = OneOf(query, "type", types.Names);
        var taskStatus = OneOf(query, "status", Statuses);
        var filter = new TaskFilter(
            taskType,
            query.Id<ShardId>("shard", "A shard must be written like shard_042_r7."),
            query.Id<GroupId>("groupId", "A group id must be {merchantId}.{region}.{code}.")?.Actor
        );
        var (pageToken, size) = (query.Text("after"), query.Limit());
        return query.PageAsync(
            () => tasks.ListAsync(filter, taskStatus, pageToken, size, context.RequestAborted),
            page => JsonAnswer.Of(new PageDocument<TaskDocument>([.. page.Items.Select(Document)], page.Next))
        );
    }

    private static async Task<IResult> GetAsync(string taskId, HttpContext context, TaskQueries tasks) =>
        await tasks.FindAsync(taskId, context.RequestAborted) is { } task
            ? JsonAnswer.Of(Document(task))
            : Problem.Of(RefusalCode.TaskNotFound, "The task does not exist.");

    private static async Task<IResult> RescheduleAsync(string taskId, HttpContext context, TaskChanges changes)
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var errors = new FieldErrors();
        var executeAt = body.Fields(errors).Require("executeAt").Instant("executeAt");
        if (executeAt is { } time && !TaskBounds.IsTime(time))
            errors.Add("executeAt", TaskBounds.TimeText);
        if (errors.Any || executeAt is not { } at)
            return Problem.Invalid(errors);
        var (key, keyProblem) = RequestKeys.Of(context, body);
        return keyProblem
            ?? await changes.ChangeAsync(
                context,
                key,
                taskId,
                "task.reschedule",
                (operations, cancellation) => operations.RescheduleAsync(taskId, at, cancellation)
            );
    }

    private static async Task<IResult> SetWeightAsync(string taskId, HttpContext context, TaskChanges changes)
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var errors = new FieldErrors();
        var weight = body.Fields(errors).Require("weight").Int32("weight");
        if (weight is < -TaskPriority.WeightMax or > TaskPriority.WeightMax)
            errors.Add("weight", TaskBounds.WeightText);
        if (errors.Any || weight is not { } own)
            return Problem.Invalid(errors);
        var (key, keyProblem) = RequestKeys.Of(context, body);
        return keyProblem
            ?? await changes.ChangeAsync(
                context,
                key,
                taskId,
                "task.weigh",
                (operations, cancellation) => operations.SetWeightAsync(taskId, own, cancellation)
            );
    }

    private static async Task<IResult> CancelAllAsync(string groupId, HttpContext context, TaskChanges changes)
    {
        var query = new Query(context);
        var group = query.Group(groupId);
        return query.Errors.Any ? Problem.Invalid(query.Errors) : await changes.CancelAllAsync(context, group, null);
    }

    private static async Task<IResult> CancelAllOfOrderAsync(string orderId, HttpContext context, TaskChanges changes)
    {
        var query = new Query(context);
        var order = query.Order(orderId);
        return query.Errors.Any
            ? Problem.Invalid(query.Errors)
            : await changes.CancelAllAsync(context, order.Group, order.Number);
    }

    private static async Task<IResult> CheckAsync(string groupId, HttpContext context, TaskAudit audit)
    {
        var query = new Query(context);
        var group = query.Group(groupId);
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        if (await audit.CheckAsync(group, context.RequestAborted) is not var (sequence, pending, check))
            return Problem.Of(RefusalCode.GroupNotFound, $"Group {group} does not exist.");
        return JsonAnswer.Of(
            new TaskCheckDocument(
                group,
                sequence,
                pending,
                check.Holds,
                [.. check.Missing.Select(missing => new MissingTaskDocument(missing.Type, missing.Sequence))],
                check.Unneeded,
                [.. check.Late.Select(late => new LateTaskDocument(late.Type, late.Id, late.NextAt, late.NotAfter))]
            )
        );
    }
}
