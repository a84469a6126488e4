namespace GroupBuyActors.Tasks;

/// <summary>Calls an operation of another service's contract. Nothing schedules such tasks yet.</summary>
internal static class HttpCallback
{
    public const string TypeName = "http-callback";

    public static TaskType<NoPayload> Type { get; } =
        new(
            new TaskPolicy
            {
                Type = TypeName,
                Target = TaskTarget.Services,
                Lateness = TimeSpan.FromSeconds(5),
                TryTimeout = TimeSpan.FromSeconds(30),
                Retry = new() { RetryCountMax = 3 },
            },
            NoPayloadJson.Default.NoPayload
        );
}
