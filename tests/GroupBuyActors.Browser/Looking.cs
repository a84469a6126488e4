using Microsoft.Playwright;

namespace GroupBuyActors.Browser;

/// <summary>What a person sees, waited for as long as a person waits.</summary>
internal static class Looking
{
    public static Task IsSeenAsync(this ILocator locator, float patience = Visit.Patience) =>
        Assertions.Expect(locator).ToBeVisibleAsync(new() { Timeout = patience });

    public static Task IsNotSeenAsync(this ILocator locator, float patience = Visit.Patience) =>
        Assertions.Expect(locator).ToBeHiddenAsync(new() { Timeout = patience });

    public static Task SaysAsync(this ILocator locator, string text, float patience = Visit.Patience) =>
        Assertions.Expect(locator).ToContainTextAsync(text, new() { Timeout = patience });
}
