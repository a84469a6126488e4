using Microsoft.Playwright;

namespace GroupBuyActors.Browser;

/// <summary>The pages that libraries bring: they work here, and offer nothing that is somebody else's.</summary>
public sealed class ToolPageTests(Chromium chromium, ServedSilo silo) : IClassFixture<ServedSilo>
{
    // A library's page is larger than ours.
    internal const float Loading = 15_000;

    [Fact]
    public async Task TheApiPageShowsTheCallsOfThisServiceAndNothingOfItsMakers()
    {
        await using var visit = await OpenApiPageAsync();
        foreach (var foreign in (string[])["Ask AI", "Deploy", "Share", "Developer Tools", "Configure", "Generate MCP", "Open API Client"])
            Assert.Equal(0, await visit.Page.GetByText(foreign, new() { Exact = true }).CountAsync());
        visit.IsQuiet();
    }

    [Fact]
    public async Task ACallCanBeTriedOnTheApiPage()
    {
        await using var visit = await OpenApiPageAsync();
        var send = visit.Page.GetByRole(AriaRole.Button, new() { Name = "Test Request" }).First;
        await send.ScrollIntoViewIfNeededAsync();
        await send.ClickAsync();
        await visit.Page.GetByRole(AriaRole.Dialog).IsSeenAsync();
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

    private async Task<Visit> OpenApiPageAsync()
    {
        var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.GotoAsync("/scalar");
        await visit.Page.GetByText("/v1/groups/{groupId}/orders").First.IsSeenAsync(Loading);
        return visit;
    }
}
