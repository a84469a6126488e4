using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>A rule of the house, and who breaks it.</summary>
internal static class Claim
{
    /// <summary>Fails with every offender on a line of its own, so that one run tells all there is to mend.</summary>
    public static void NobodyBreaks(string rule, IEnumerable<string> offenders)
    {
        var found = offenders.ToList();
        if (found.Count > 0)
            Assert.Fail($"{rule}\n  {string.Join("\n  ", found)}");
    }
}
