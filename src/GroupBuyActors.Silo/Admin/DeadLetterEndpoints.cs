using GroupBuyActors.Client;
using GroupBuyActors.Redrives;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Silo.Idempotency;
using GroupBuyActors.Store.Tasks;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Admin;

/// <summary>Routes of dead letters: search, and redrive by filter.</summary>
internal static class DeadLetterEndpoints
{
    private const int CountMax = 100_000;
    private const int RateMax = 1_000;
    private const int ErrorLengthMax = 200;

    public static void MapDeadLetters(this IEndpointRouteBuilder admin)
    {
        admin
            .MapGet("/dead-letters", SearchAsync)
            .Requires(Operation.Administer)
            .Describe("List dead letters, newest first, filtered by type, merchant, group, shard, time and error")
            .Answers<PageDocument<TaskDocument>>(200)
            .Refuses(400);
        admin
            .MapPost("/dead-letters/redrive", RedriveAsync)
            .Requires(Operation.Administer)
            .Describe("Redrive all dead letters that a filter matches, at a given rate; with dryRun, only count them")
            .Answers<RedriveCountDocument>(200)
            .Answers<RedriveDocument>(202)
            .Refuses(400, 422);
        admin
            .MapGet("/dead-letters/redrives/{redriveId}", GetRedriveAsync)
            .Requires(Operation.Administer)
            .Describe("Read the progress of a redrive")
            .Answers<RedriveDocument>(200)
            .Refuses(404);
        admin
            .MapPost("/dead-letters/redrives/{redriveId}/stop", StopAsync)
            .Requires(Operation.Administer)
            .Describe("Stop a redrive")
            .Answers<RedriveDocument>(200)
            .Refuses(404);
    }

    private static Task<IResult> SearchAsync(
        string? type,
        string? merchantId,
        string? groupId,
        string? shard,
        string? from,
        string? to,
        string? error,
        string? redriven,
        string? dismissed,
        string? after,
        string? limit,
        HttpContext context,
        TaskQueries tasks,
        TaskTypeRegistry types
    )
    {
        var query = new Query(context);
        var filter = new TaskOutcomeFilter
        {
            Status = TaskOutcomeStatus.Dead,
            Type = TaskEndpoints.OneOf(query, "type", types.Names),
            Account = query.MerchantId(),
            Actor = query.Id<GroupId>("groupId", "A group id must be {merchantId}.{region}.{code}.")?.Actor,
            Shard = query.Id<ShardId>("shard", "A shard must be written like shard_042_r7."),
            From = query.Instant("from"),
            To = query.Instant("to"),
            ErrorContains = query.Text("error"),
            Redriven = TaskEndpoints.OneOf(query, "redriven", ["true", "false"]) is { } given ? given == "true" : null,
            Dismissed = TaskEndpoints.OneOf(query, "dismissed", ["true", "false"]) is { } decided
                ? decided == "true"
                : null,
        };
        var (pageToken, size) = (query.Text("after"), query.Limit());
        return query.PageAsync(
            () => tasks.SearchAsync(filter, pageToken, size, context.RequestAborted),
            page =>
                JsonAnswer.Of(new PageDocument<TaskDocument>([.. page.Items.Select(TaskEndpoints.Document)], page.Next))
        );
    }

    private static async Task<IResult> RedriveAsync(
        HttpContext context,
        IGrainFactory grains,
        ITaskOutcomes outcomes,
        TaskTypeRegistry types,
        Audit audit,
        IdempotencyFilter idempotency
    )
    {
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        var errors = new FieldErrors();
        var fields = body.Fields(errors, optional: true);
        var (request, isDryRun) = (ReadRequest(fields, types), fields.Boolean("dryRun") ?? false);
        if (errors.Any)
            return Problem.Invalid(errors);
        if (isDryRun)
        {
            var count = await outcomes.CountAsync(request.Filter(), CountMax + 1, context.RequestAborted);
            return JsonAnswer.Of(new RedriveCountDocument(true, Math.Min(count, CountMax), count <= CountMax));
        }

        var (key, keyProblem) = RequestKeys.Of(context, body);
        return keyProblem
            ?? await idempotency.RunAsync(
                context,
                key,
                async () =>
                {
                    // The request key is the redrive's id, so that a repeated request is the same redrive.
                    var report = await grains
                        .GetGrain<IRedriveGrain>(key.Id)
                        .Start(request)
                        .WaitAsync(context.RequestAborted);
                    await audit.WriteAsync(
                        context,
                        "dead-letters.redrive",
                        key.Id,
                        $"{report.Total} at {report.RatePerSecond}/s"
                    );
                    return JsonAnswer.Of(
                        Document(key.Id, report),
                        StatusCodes.Status202Accepted,
                        $"/v1/admin/dead-letters/redrives/{key.Id}"
                    );
                }
            );
    }

    private static async Task<IResult> GetRedriveAsync(string redriveId, IGrainFactory grains) =>
        RequestKeys.IsId(redriveId) && await grains.GetGrain<IRedriveGrain>(redriveId).GetReport() is { } report
            ? JsonAnswer.Of(Document(redriveId, report))
            : NotFound;

    private static async Task<IResult> StopAsync(
        string redriveId,
        HttpContext context,
        IGrainFactory grains,
        Audit audit
    )
    {
        var (_, problem) = await RequestKeys.OfBodilessAsync(context);
        if (problem is not null)
            return problem;
        if (
            !RequestKeys.IsId(redriveId)
            || await grains.GetGrain<IRedriveGrain>(redriveId).Stop().WaitAsync(context.RequestAborted)
                is not { } report
        )
            return NotFound;
        await audit.WriteAsync(
            context,
            "dead-letters.redrive-stop",
            redriveId,
            $"{report.Done} of {report.Total} done"
        );
        return JsonAnswer.Of(Document(redriveId, report));
    }

    private static Problem NotFound =>
        new(StatusCodes.Status404NotFound, "redrive.not_found", "Redrive not found", "No redrive has this id.");

    private static RedriveOrder ReadRequest(JsonFields fields, TaskTypeRegistry types)
    {
        var rate = fields.Int32("ratePerSecond");
        if (rate is < 1 or > RateMax)
            fields.Fault("ratePerSecond", $"The rate must be between 1 and {RateMax} per second.");
        var type = fields.Text("type");
        if (type is not null && types.Find(type) is null)
            fields.Fault("type", $"The value must be one of {string.Join(", ", types.Names)}.");
        var merchant = fields.Int64("merchantId");
        if (merchant is < 1)
            fields.Fault("merchantId", "A merchant id must be a positive 64-bit integer.");
        var error = fields.Text("error");
        if (error is { Length: 0 or > ErrorLengthMax })
            fields.Fault("error", $"The error text must have 1 to {ErrorLengthMax} characters.");
        return new RedriveOrder
        {
            Type = type,
            MerchantId = merchant,
            Group = Id<GroupId>(fields, "groupId", "A group id must be {merchantId}.{region}.{code}."),
            Shard = Id<ShardId>(fields, "shard", "A shard must be written like shard_042_r7."),
            From = fields.Instant("from"),
            To = fields.Instant("to"),
            Error = error,
            RatePerSecond = rate ?? 50,
        };
    }

    private static T? Id<T>(JsonFields fields, string name, string shape)
        where T : struct, ISpanParsable<T>
    {
        if (fields.Text(name) is not { } text)
            return null;
        if (T.TryParse(text, null, out var id))
            return id;
        fields.Fault(name, shape);
        return null;
    }

    private static RedriveDocument Document(string id, RedriveReport report) =>
        new(
            id,
            report.Status,
            report.Total,
            report.Done,
            report.Refused,
            report.RatePerSecond,
            report.StartedAt,
            report.EndedAt
        );
}
