namespace GroupBuyActors.TestActors;

/// <summary>The silo that people run, with accounts in it.</summary>
internal static class SiloWithAccounts
{
    /// <summary>Names assemblies whose <c>StartupHook</c> the runtime calls before a program begins.</summary>
    public const string HooksVariable = "DOTNET_STARTUP_HOOKS";

    /// <summary>What to start it with.</summary>
    public static IReadOnlyDictionary<string, string?> Environment { get; } =
        new Dictionary<string, string?> { [HooksVariable] = typeof(SiloWithAccounts).Assembly.Location };
}
