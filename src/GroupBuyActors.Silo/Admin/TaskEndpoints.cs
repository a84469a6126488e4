using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Admin;

/// <summary>Timed tasks: listed and read.</summary>
internal static class TaskEndpoints
{
    private static readonly string[] Statuses = ["pending", "running", "success", "failed", "cancelled", "expired", "dead"];

    public static void MapTasks(this IEndpointRouteBuilder admin)
    {
        admin.MapGet("/tasks", ListAsync).Requires(Operation.Administer)
            .Describe("Pending and running tasks, the latest due first").Answers<PageDocument<TaskDocument>>(200).Refuses(400);
        admin.MapGet("/tasks/{taskId}", GetAsync).Requires(Operation.Administer)
            .Describe("Read a task").Answers<TaskDocument>(200).Refuses(404);
    }

    private static Task<IResult> ListAsync(
        string? type, string? status, string? shard, string? groupId, string? after, string? limit, HttpContext context, ITaskDirectory tasks)
    {
        var query = new Query(context);
        var taskType = OneOf(query, "type", TaskTypes.All);
        var taskStatus = OneOf(query, "status", Statuses);
        var filter = new TaskFilter(
            taskType,
            query.Id<ShardId>("shard", "A shard is written shard_042_r7."),
            query.Id<GroupId>("groupId", "A group id is {merchantId}.{region}.{code}."));
        var (mark, size) = (query.Text("after"), query.Limit());
        return query.PageAsync(
            () => tasks.ListAsync(filter, taskStatus, mark, size, context.RequestAborted),
            page => JsonAnswer.Of(new PageDocument<TaskDocument>([.. page.Items.Select(Document)], page.Next)));
    }

    private static async Task<IResult> GetAsync(string taskId, HttpContext context, ITaskDirectory tasks) =>
        await tasks.FindAsync(taskId, context.RequestAborted) is { } task
            ? JsonAnswer.Of(Document(task))
            : Problem.Of(RefusalCode.TaskNotFound, "There is no such task.");

    private static string? OneOf(Query query, string name, IReadOnlyList<string> values)
    {
        if (query.Text(name) is not { } text) return null;
        if (values.Contains(text)) return text;
        query.Errors.Add(name, $"One of {string.Join(", ", values)} is expected.");
        return null;
    }

    private static TaskDocument Document(TaskReport task) => new()
    {
        TaskId = task.TaskId,
        TaskType = task.TaskType,
        ExecuteAt = task.ExecuteAt,
        Status = task.Status,
        RetryCount = task.RetryCount,
        MaxRetry = task.MaxRetry,
        Version = task.Version,
        PriorityWeight = task.PriorityWeight,
        Ttl = task.Ttl,
        Shard = task.Shard,
        Epoch = task.Epoch,
        GroupId = task.GroupId,
        NextAt = task.NextAt,
        TraceContext = task.TraceContext,
        LastError = task.LastError,
    };
}
