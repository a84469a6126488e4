using GroupBuyActors.Client;
using GroupBuyActors.Groups;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace GroupBuyActors.Cluster;

/// <summary>The example of the client package's README, which a test compares with it line by line.</summary>
internal static class ClientExample
{
    public static async Task<OrderDocument> RunAsync(string[] args, GroupId group)
    {
        // <example>
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddGroupBuyOrleansClient(client =>
            client.ConnectionString = builder.Configuration.GetConnectionString("GroupBuy")
        );
        using var host = builder.Build();
        await host.StartAsync(); // waits until a silo can be reached

        var groups = host.Services.GetRequiredService<IGroupBuyClient>();
        await groups.PublishAsync(
            group,
            new GroupTermsRequest
            {
                Title = "Hairy crabs, four pairs",
                Sku = "crab-8",
                UnitPrice = new Money(19800, "CNY"),
                MinGroupSize = 2,
            }
        );
        // The key makes the call safe to repeat even after a restart of this process.
        var order = await groups.JoinAsync(group, "lin", idempotencyKey: "cart-4711");
        try
        {
            await groups.JoinAsync(group, "lin");
        }
        catch (ProblemException refused) when (refused.Code == "order.limit_reached")
        {
            Console.WriteLine($"One seat each: {refused.Message}");
        }

        await host.StopAsync();
        // </example>
        return order;
    }
}
