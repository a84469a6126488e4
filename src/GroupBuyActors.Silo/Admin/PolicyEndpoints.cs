using GroupBuyActors.Client;
using GroupBuyActors.Schedules;
using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;
using GroupBuyActors.Tasks;

namespace GroupBuyActors.Silo.Admin;

/// <summary>Routes of task policies and schedules. Changes take effect on all silos while they run.</summary>
internal static class PolicyEndpoints
{
    public static void MapPolicies(this IEndpointRouteBuilder admin)
    {
        admin
            .MapGet("/policies", List)
            .Requires(Operation.Administer)
            .Describe("List the policies of all task types")
            .Answers<PageDocument<PolicyDocument>>(200);
        admin
            .MapGet("/policies/{taskType}", Get)
            .Requires(Operation.Administer)
            .Describe("Read the policy in force for a task type")
            .Answers<PolicyDocument>(200)
            .Refuses(404);
        admin
            .MapPut("/policies/{taskType}", PutAsync)
            .Requires(Operation.Administer)
            .Describe(
                "Change a policy while running; omitted fields take the type's defaults; with version, only if "
                    + "that version is in force",
                typeof(PolicyChangeDocument)
            )
            .Answers<PolicyDocument>(200)
            .Refuses(400, 404, 409, 422);
        admin
            .MapGet("/schedules", Schedules)
            .Requires(Operation.Administer)
            .Describe("List the schedules with their next firings")
            .Answers<PageDocument<ScheduleDocument>>(200)
            .Refuses(400);
    }

    private static IResult Schedules(string? limit, HttpContext context, ScheduleQueries schedules)
    {
        var query = new Query(context);
        var count = query.Text("limit") is null ? 5 : query.Limit();
        if (query.Errors.Any)
            return Problem.Invalid(query.Errors);
        return JsonAnswer.Of(
            new PageDocument<ScheduleDocument>([
                .. schedules
                    .List(count)
                    .Select(schedule => new ScheduleDocument(
                        schedule.Job,
                        schedule.Expression,
                        schedule.Zone,
                        schedule.Spread,
                        JsonNames<MisfirePolicy>.Of(schedule.Rules.Misfire),
                        JsonNames<OverlapPolicy>.Of(schedule.Rules.Overlap),
                        schedule.Next
                    )),
            ])
        );
    }

    private static JsonAnswer List(TaskPolicyRegistry policies, TaskTypeRegistry types) =>
        JsonAnswer.Of(
            new PageDocument<PolicyDocument>([
                .. types.Names.Select(policies.Find).OfType<PolicyReport>().Select(Document),
            ])
        );

    private static IResult Get(string taskType, TaskPolicyRegistry policies, TaskTypeRegistry types) =>
        policies.Find(taskType) is { } report ? JsonAnswer.Of(Document(report)) : NotFound(taskType, types);

    private static async Task<IResult> PutAsync(
        string taskType,
        HttpContext context,
        TaskPolicyRegistry policies,
        TaskTypeRegistry types,
        Audit audit
    )
    {
        if (policies.Find(taskType) is null)
            return NotFound(taskType, types);
        var (body, problem) = await RequestBody.ReadAsync(context);
        if (problem is not null)
            return problem;
        if (!body.IsObject)
        {
            var malformed = new FieldErrors();
            malformed.Add(FieldErrors.Body, "The body must be a JSON object.");
            return Problem.Invalid(malformed);
        }

        var errors = new FieldErrors();
        var fields = body.Fields(errors);
        fields.Allow("version", [.. PolicyFields.Names]);
        var change = PolicyFields.Read(fields);
        var expected = fields.Int32("version");
        if (errors.Any)
            return Faulty(errors);
        var result = await policies.ChangeAsync(
            taskType,
            change,
            expected,
            Caller.Of(context).Name,
            context.RequestAborted
        );
        if (result.Faults is { } faults)
        {
            errors.AddRest(faults);
            return Faulty(errors);
        }

        if (result.Conflict is { } version)
            return new Problem(
                StatusCodes.Status409Conflict,
                "policy.changed",
                "The policy has changed",
                $"Version {version} is now in force. Read the policy again and repeat the change."
            );
        var report = result.Report!;
        await audit.WriteAsync(context, "policy.change", taskType, System.Text.Encoding.UTF8.GetString(change.Write()));
        return JsonAnswer.Of(Document(report));
    }

    private static Problem Faulty(FieldErrors errors) =>
        new(StatusCodes.Status422UnprocessableEntity, "policy.invalid", "Invalid policy", errors.Summary)
        {
            Errors = errors.ToDictionary(),
        };

    private static Problem NotFound(string type, TaskTypeRegistry types) =>
        new(
            StatusCodes.Status404NotFound,
            "task.type_unknown",
            "Task type not found",
            $"The task type '{type}' is unknown; it must be one of {string.Join(", ", types.Names)}."
        );

    private static PolicyDocument Document(PolicyReport report)
    {
        var policy = report.Policy;
        return new PolicyDocument
        {
            TaskType = policy.Type,
            Version = policy.Version,
            RetryCountMax = policy.Retry.RetryCountMax,
            BaseDelay = policy.Retry.BaseDelay,
            DelayMax = policy.Retry.DelayMax,
            FirstDelays = policy.Retry.FirstDelays,
            TryTimeout = policy.TryTimeout,
            Concurrency = policy.Concurrency,
            TimeToLive = policy.Retry.TimeToLive,
            Lateness = policy.Lateness,
            Weight = policy.Weight,
            SpreadWindow = policy.SpreadWindow,
            AlertAfter = policy.Retry.AlertAfter,
            Needed = policy.IsNeeded,
        };
    }
}

/// <summary>Reads a change of a policy from JSON; the domain checks its values.</summary>
internal static class PolicyFields
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "retryCountMax",
        "retryForever",
        "baseDelay",
        "delayMax",
        "backoff",
        "tryTimeout",
        "concurrency",
        "timeToLive",
        "lateness",
        "weight",
        "spreadWindow",
        "alertAfter",
    ];

    public static TaskPolicyChange Read(JsonFields fields) =>
        new()
        {
            RetryCountMax = fields.Int32("retryCountMax"),
            RetryForever = fields.Boolean("retryForever"),
            BaseDelay = fields.Duration("baseDelay"),
            DelayMax = fields.Duration("delayMax"),
            Backoff = fields.Choice<TaskBackoff>("backoff"),
            TryTimeout = fields.Duration("tryTimeout"),
            Concurrency = fields.Int32("concurrency"),
            TimeToLive = fields.Duration("timeToLive"),
            Lateness = fields.Duration("lateness"),
            Weight = fields.Int32("weight"),
            SpreadWindow = fields.Duration("spreadWindow"),
            AlertAfter = fields.Int32("alertAfter"),
        };
}
