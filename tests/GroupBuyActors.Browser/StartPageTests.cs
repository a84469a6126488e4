using Microsoft.Playwright;

namespace GroupBuyActors.Browser;

/// <summary>The page at <c>/</c>, as the first command of the README shows it.</summary>
public sealed class StartPageTests(Chromium chromium, ServedSilo silo) : IClassFixture<ServedSilo>
{
    [Fact]
    public async Task CampaignsAreShownWithinThreeSeconds()
    {
        var group = await silo.PublishAsync("Longjing tea, 250 g");
        await silo.JoinAsync(group, "alice");
        await using var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.GotoAsync("/");
        var card = visit.Card(group);
        await card.IsSeenAsync();
        await card.SaysAsync("Longjing tea, 250 g");
        await card.SaysAsync("OPENING");
        await card.SaysAsync("1 of 2 buyers");
        await visit.Status.SaysAsync("1 silo serves");
        await visit.Page.GetByRole(AriaRole.Cell, new() { Name = "order-close" }).First.IsSeenAsync();
        await visit.Page.GetByLabel("API key").IsNotSeenAsync();
        visit.IsQuiet();
    }

    [Fact]
    public async Task WhatHappensLaterIsShownWithoutAReload()
    {
        await using var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.GotoAsync("/");
        await visit.Status.SaysAsync("1 silo serves");
        var group = await silo.PublishAsync("Hairy crabs");
        await visit.Card(group).IsSeenAsync(2 * Visit.Patience);
        visit.IsQuiet();
    }

    [Theory]
    [InlineData("API", "/scalar")]
    [InlineData("OpenAPI", "/openapi/v1.json")]
    [InlineData("Orleans Dashboard", "/dashboard")]
    [InlineData("Metrics", "/metrics")]
    [InlineData("Health", "/health/ready")]
    public async Task ItsLinksLeadSomewhere(string name, string path)
    {
        await using var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.GotoAsync("/");
        var answer = await visit.Page.RunAndWaitForResponseAsync(
            () => visit.Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }).ClickAsync(),
            response => response.Request.IsNavigationRequest && response.Status < 300
        );
        Assert.StartsWith(path, new Uri(answer.Url).AbsolutePath, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASiloThatIsFrozenIsToldOfWithinTenSeconds()
    {
        await using var frozen = new ServedSilo();
        await frozen.InitializeAsync();
        await using var visit = await chromium.VisitAsync(frozen.Address);
        await visit.Page.GotoAsync("/");
        await visit.Status.SaysAsync("1 silo serves", 15_000);
        await frozen.Process.FreezeAsync();
        await visit.Status.SaysAsync("does not answer", 11_000);
        await frozen.Process.ThawAsync();
        await visit.Status.SaysAsync("1 silo serves", 10_000);
    }
}
