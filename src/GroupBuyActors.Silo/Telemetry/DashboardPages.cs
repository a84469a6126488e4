using GroupBuyActors.Silo.Auth;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Telemetry;

/// <summary>
/// The Orleans Dashboard does not check its addresses and throws for invalid ones. Addresses with a silo must have one
/// of the cluster, and exceptions because of an address are answered with 404.
/// </summary>
internal static class DashboardPages
{
    /// <summary>Parameters of the dashboard's routes that are a silo's address.</summary>
    private static readonly string[] SiloParameters = ["address", "path"];

    public static void UseDashboardRules(this WebApplication app) =>
        app.Use(
            async (context, next) =>
            {
                if (
                    context.GetEndpoint()?.Metadata.GetMetadata<AccessMetadata>()
                    is not { Operation: Operation.ViewDashboard }
                )
                {
                    await next(context);
                    return;
                }

                if (!await AnswersAsync(context, next))
                    await Problems.RouteNotFound.ExecuteAsync(context);
            }
        );

    private static async Task<bool> AnswersAsync(HttpContext context, RequestDelegate next)
    {
        if (await NamesUnknownSiloAsync(context))
            return false;
        try
        {
            await next(context);
            return true;
        }
        catch (Exception e)
            when (e is FormatException or ArgumentException or OverflowException && !context.Response.HasStarted)
        {
            return false;
        }
    }

    private static async Task<bool> NamesUnknownSiloAsync(HttpContext context)
    {
        if (
            !RequestPath.TemplateOf(context.GetEndpoint()).Contains("Silo", StringComparison.OrdinalIgnoreCase)
            && !RequestPath
                .TemplateOf(context.GetEndpoint())
                .Contains("HistoricalStats", StringComparison.OrdinalIgnoreCase)
        )
            return false;
        var silos = await SilosAsync(context.RequestServices);
        foreach (var name in SiloParameters)
            if (
                context.Request.RouteValues.TryGetValue(name, out var value)
                && value is string text
                && !silos.Any(silo => silo.ToParsableString() == text)
            )
                return true;
        return false;
    }

    // A gateway is no member and asks one.
    private static async Task<IEnumerable<SiloAddress>> SilosAsync(IServiceProvider services) =>
        services.GetService<IClusterMembershipService>() is { } membership
            ? membership.CurrentSnapshot.Members.Keys
            : (await services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts()).Keys;
}
