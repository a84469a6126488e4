using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace GroupBuyActors.Browser;

/// <summary>The pages that libraries bring: they work here, and offer nothing that is somebody else's.</summary>
public sealed partial class ToolPageTests(Chromium chromium, ServedSilo silo) : IClassFixture<ServedSilo>
{
    // A library's page is larger than ours.
    internal const float Loading = 15_000;

    [Fact]
    public async Task TheApiPageShowsTheCallsOfThisServiceAndNothingOfItsMakers()
    {
        await using var visit = await OpenApiPageAsync();
        foreach (
            var foreign in (string[])
                ["Ask AI", "Deploy", "Share", "Developer Tools", "Configure", "Generate MCP", "Open API Client"]
        )
            Assert.Equal(0, await visit.Page.GetByText(foreign, new() { Exact = true }).CountAsync());
        visit.IsQuiet();
    }

    [Fact]
    public async Task ACallCanBeTriedOnTheApiPage()
    {
        await using var visit = await chromium.VisitAsync(silo.Address);
        Assert.Equal(200, await TryListAsync(visit));
        visit.IsQuiet();
    }

    [Fact]
    public async Task TheDashboardShowsTheSilo()
    {
        await using var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.GotoAsync("/dashboard");
        await visit.Page.GetByText("Active Silos").IsSeenAsync(Loading);
        visit.IsQuiet();
    }

    /// <summary>
    /// Sends the call that lists campaigns from the API page, with a key where one is given: its answer's status.
    /// </summary>
    internal static async Task<int> TryListAsync(Visit visit, string? key = null)
    {
        await visit.Page.GotoAsync("/scalar#tag/groups/GET/v1/groups");
        var button = visit.Page.GetByRole(AriaRole.Button, new() { NameRegex = ListCall() });
        await button.IsSeenAsync(Loading);
        if (key is not null)
            await visit.Page.GetByLabel("Value").First.FillAsync(key);
        await button.ClickAsync();
        var client = visit.Page.GetByRole(AriaRole.Dialog);
        var answer = await visit.Page.RunAndWaitForResponseAsync(
            () => client.GetByRole(AriaRole.Button, new() { Name = "Send" }).First.ClickAsync(),
            response => response.Url.Contains("/v1/groups", StringComparison.Ordinal)
        );
        return answer.Status;
    }

    [GeneratedRegex(@"^Test Request\s*\(get .v1.groups\)")]
    private static partial Regex ListCall();

    private async Task<Visit> OpenApiPageAsync()
    {
        var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.GotoAsync("/scalar");
        await visit.Page.GetByText("/v1/groups/{groupId}/orders").First.IsSeenAsync(Loading);
        return visit;
    }
}
