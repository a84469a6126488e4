namespace GroupBuyActors.Browser;

/// <summary>Somebody who may change everything here opens a page of somebody else.</summary>
public sealed class CrossOriginTests(Chromium chromium, ServedSilo silo) : IClassFixture<ServedSilo>
{
    /// <summary>
    /// Another port of this machine, and another name of it; the body as forms are sent, and without a type.
    /// </summary>
    [Theory]
    [InlineData("127.0.0.1", "body")]
    [InlineData("127.0.0.1", "new Blob([body])")]
    [InlineData("localhost", "body")]
    [InlineData("localhost", "new Blob([body])")]
    public async Task ItsPageTakesNoSeats(string host, string body)
    {
        var group = await silo.PublishAsync("Longjing tea, 250 g");
        using var foreign = new ForeignPage();
        await using var visit = await chromium.VisitAsync(silo.Address);
        await visit.Page.GotoAsync($"http://{host}:{foreign.Port}/");
        await visit.Page.EvaluateAsync(
            $$"""
            async url => {
                const body = JSON.stringify({ userId: "mallory" });
                // Until it is answered; what the answer is, is kept from the page.
                try { await fetch(url, { method: "POST", mode: "no-cors", body: {{body}} }); } catch { }
            }
            """,
            $"{silo.Address}v1/groups/{group}/orders"
        );
        await visit.Page.GotoAsync($"{silo.Address}v1/groups/{group}");
        await visit.Page.Locator("body").SaysAsync("\"seatsTaken\":0");
    }
}
