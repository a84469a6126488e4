using Microsoft.Playwright;

namespace GroupBuyActors.Browser;

/// <summary>The start page where callers need a key.</summary>
public sealed class KeyTests(Chromium chromium, KeyedSilo silo) : IClassFixture<KeyedSilo>
{
    [Fact]
    public async Task AKeyIsAskedForWhereOneIsNeeded()
    {
        var group = await silo.PublishAsync("Longjing tea, 250 g");
        await using var visit = await OpenAsync();
        await visit.Card(group).IsNotSeenAsync();
        await EnterAsync(visit, KeyedSilo.OperatorKey);
        await visit.Card(group).IsSeenAsync();
        await Box(visit).IsNotSeenAsync();
        await visit.Page.ReloadAsync();
        await visit.Card(group).IsSeenAsync();
        visit.IsQuiet();
    }

    [Theory]
    [InlineData("guess", "This API key is not valid.")]
    [InlineData(KeyedSilo.MerchantKey, "This page needs the role operator; the key teahouse has the role merchant.")]
    public async Task AKeyOfNoUseHereIsToldSo(string key, string words)
    {
        await using var visit = await OpenAsync();
        await EnterAsync(visit, key);
        await visit.Status.SaysAsync(words);
        await Box(visit).IsSeenAsync();
        visit.IsQuiet();
    }

    [Fact]
    public async Task AWrongKeyIsNotSentAgainWhileItsPageStaysOpen()
    {
        await using var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.Clock.InstallAsync();
        await visit.Page.GotoAsync("/");
        await Box(visit).IsSeenAsync();
        await EnterAsync(visit, "guess");
        await visit.Status.SaysAsync("This API key is not valid.");
        var sent = 0;
        visit.Page.Request += (_, _) => Interlocked.Increment(ref sent);
        await visit.Page.Clock.RunForAsync(60_000);
        Assert.Equal(0, sent);
        await EnterAsync(visit, KeyedSilo.OperatorKey);
        await visit.Status.SaysAsync("1 silo serves");
    }

    [Fact]
    public async Task TheKeyThatWasEnteredOpensTheDashboardToo()
    {
        await using var visit = await OpenAsync();
        await EnterAsync(visit, KeyedSilo.OperatorKey);
        await Box(visit).IsNotSeenAsync();
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "Orleans Dashboard" }).ClickAsync();
        await visit.Page.GetByText("Active Silos").IsSeenAsync(ToolPageTests.Loading);
        visit.IsQuiet();
    }

    [Fact]
    public async Task TheApiPageTakesAKeyForTheCallsThatAreTriedThere()
    {
        await using var visit = await chromium.VisitAsync(silo.Address);
        Assert.Equal(200, await ToolPageTests.TryListAsync(visit, KeyedSilo.OperatorKey));
    }

    [Fact]
    public async Task TheDashboardAsksForAPasswordWhereNoneWasEntered()
    {
        await using var visit = await chromium.VisitAsync(
            silo.Address,
            new()
            {
                HttpCredentials = new()
                {
                    Username = "operations",
                    Password = KeyedSilo.OperatorKey,
                    Send = HttpCredentialsSend.Unauthorized,
                },
            }
        );
        await visit.Page.GotoAsync("/dashboard");
        await visit.Page.GetByText("Active Silos").IsSeenAsync(ToolPageTests.Loading);
    }

    private async Task<Visit> OpenAsync()
    {
        var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.GotoAsync("/");
        await Box(visit).IsSeenAsync();
        return visit;
    }

    private static ILocator Box(Visit visit) => visit.Page.GetByLabel("API key");

    private static async Task EnterAsync(Visit visit, string key)
    {
        await Box(visit).FillAsync(key);
        await visit.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
    }
}
