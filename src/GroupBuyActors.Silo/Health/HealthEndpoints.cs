namespace GroupBuyActors.Silo.Health;

/// <summary>
/// Probes for orchestrators. Liveness only checks the process, so that an unreachable database causes no restarts.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes
            .MapGet("/health/live", () => Results.Text("live\n"))
            .WithTags("Health")
            .WithSummary("Liveness: the process runs");
        routes
            .MapGet(
                "/health/ready",
                async (HttpContext context, IReadiness readiness) =>
                    await readiness.WhyNotAsync(context.RequestAborted) is { } reason
                        ? Results.Text($"not ready: {reason}\n", statusCode: StatusCodes.Status503ServiceUnavailable)
                        : Results.Text(
                            string.Concat(
                                readiness
                                    .ReadOnlySlots.Select(slots =>
                                        $"degraded: the database of merchant slots {slots} accepts no writes\n"
                                    )
                                    .Prepend("ready\n")
                            )
                        )
            )
            .WithTags("Health")
            .WithSummary("Readiness: the process accepts requests");
    }
}
