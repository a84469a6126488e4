using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>
/// Dependencies point one way: Abstractions ← Durability ← Domain ← Store ← Grains ← Silo; Store ← Sandbox ← Silo;
/// Domain ← Integrations ← Silo; Client → Abstractions only. Held twice, for what project files say and for what
/// compiled code does: a transitive reference lets code reach past its project file.
/// </summary>
public sealed class DependencyTests
{
    /// <summary>What each project may know of. A new project is added here on purpose, or its test fails.</summary>
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["GroupBuyActors.Abstractions"] = [],
        ["GroupBuyActors.Durability"] = ["GroupBuyActors.Abstractions"],
        ["GroupBuyActors.Domain"] = ["GroupBuyActors.Durability", "GroupBuyActors.Abstractions"],
        ["GroupBuyActors.Store"] =
        [
            "GroupBuyActors.Domain",
            "GroupBuyActors.Durability",
            "GroupBuyActors.Abstractions",
        ],
        ["GroupBuyActors.Grains"] =
        [
            "GroupBuyActors.Store",
            "GroupBuyActors.Domain",
            "GroupBuyActors.Durability",
            "GroupBuyActors.Abstractions",
        ],
        ["GroupBuyActors.Sandbox"] =
        [
            "GroupBuyActors.Store",
            "GroupBuyActors.Domain",
            "GroupBuyActors.Durability",
            "GroupBuyActors.Abstractions",
        ],
        ["GroupBuyActors.Integrations"] =
        [
            "GroupBuyActors.Domain",
            "GroupBuyActors.Durability",
            "GroupBuyActors.Abstractions",
        ],
        ["GroupBuyActors.Client"] = ["GroupBuyActors.Abstractions"],
        ["GroupBuyActors.Samples.InventoryView"] = ["GroupBuyActors.Client", "GroupBuyActors.Abstractions"],
        ["GroupBuyActors.Silo"] =
        [
            "GroupBuyActors.Grains",
            "GroupBuyActors.Integrations",
            "GroupBuyActors.Sandbox",
            "GroupBuyActors.Client",
            "GroupBuyActors.Store",
            "GroupBuyActors.Domain",
            "GroupBuyActors.Durability",
            "GroupBuyActors.Abstractions",
        ],
    };

    public static TheoryData<string> Projects => [.. Project.All.Select(project => project.Name)];

    [Fact]
    public void EveryProjectIsKnownToThisTest() =>
        Assert.Equal(MayKnow.Keys.Order(StringComparer.Ordinal), Project.All.Select(project => project.Name));

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectFilesNameOnlyAllowedProjects(string project) =>
        Claim.NobodyBreaks(
            $"{project} may not reference:",
            new Project(project).ProjectReferences().Except(MayKnow[project])
        );

    [Theory]
    [MemberData(nameof(Projects))]
    public void CompiledCodeNamesOnlyAllowedProjects(string project) =>
        Claim.NobodyBreaks(
            $"{project} may not use:",
            new Project(project)
                .AssemblyReferences()
                .Where(name => name.StartsWith("GroupBuyActors.", StringComparison.Ordinal))
                .Except(MayKnow[project])
        );

    /// <summary>
    /// The rules are pure: the same command, state and instant give the same decision anywhere, so nothing that acts
    /// may be in reach.
    /// </summary>
    [Theory]
    [InlineData("Domain")]
    [InlineData("Durability")]
    public void RulesKnowNoRuntimeDatabaseOrNetwork(string project)
    {
        string[] banned =
        [
            "Orleans.Runtime",
            "Orleans.Reminders",
            "System.Data.",
            "MySqlConnector",
            "Microsoft.Data.",
            "System.Net.",
            "Microsoft.AspNetCore",
            "Microsoft.Extensions.Hosting",
        ];
        Claim.NobodyBreaks(
            $"{project} may not use:",
            new Project($"GroupBuyActors.{project}")
                .AssemblyReferences()
                .Where(name => banned.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
        );
    }

    [Fact]
    public void DomainReadsNoClockAndThrowsNoDice()
    {
        string[] banned =
        [
            "System.DateTime.get_Now",
            "System.DateTime.get_UtcNow",
            "System.DateTimeOffset.get_Now",
            "System.DateTimeOffset.get_UtcNow",
            "System.TimeProvider.",
            "System.Diagnostics.Stopwatch.",
            "System.Environment.get_TickCount",
            "System.Guid.NewGuid",
            "System.Random.get_Shared",
            "System.Threading.Tasks.Task.Delay",
            "System.Threading.Thread.Sleep",
            "System.IO.File.",
            "System.Security.Cryptography.RandomNumberGenerator.",
        ];
        Claim.NobodyBreaks(
            "Domain may not call:",
            new Project("GroupBuyActors.Domain")
                .MemberReferences()
                .Where(member => banned.Any(prefix => member.StartsWith(prefix, StringComparison.Ordinal)))
        );
    }

    /// <summary>
    /// The kernel of durable actors serves any kind of them: it takes of the contract nothing but where things lie and
    /// how a call fails, and speaks of no business.
    /// </summary>
    [Fact]
    public void DurabilityNamesNoBusiness()
    {
        string[] business = ["group", "order", "merchant", "voucher", "payment", "stock", "buyer", "seat"];
        var project = new Project("GroupBuyActors.Durability");
        Claim.NobodyBreaks(
            "Durability may not say:",
            project
                .OwnWords()
                .Select(word => word.Replace("GroupBuyActors", "", StringComparison.Ordinal))
                .Where(word => business.Any(banned => word.Contains(banned, StringComparison.OrdinalIgnoreCase)))
        );
        Claim.NobodyBreaks(
            "Durability may use of Abstractions only shards, how durations are written, and what ends a call:",
            project
                .TypeReferences("GroupBuyActors.Abstractions")
                .Except([
                    "GroupBuyActors.ShardId",
                    "GroupBuyActors.StableHash",
                    "GroupBuyActors.Events.IsoDurationConverter",
                    "GroupBuyActors.StoreUnavailableException",
                    "GroupBuyActors.DecisionFailedException",
                ])
        );
    }

    [Fact]
    public void ClientsCompileAgainstTheOrleansSdkAndNothingElse() =>
        Assert.Equal(["Microsoft.Orleans.Sdk"], new Project("GroupBuyActors.Abstractions").PackageReferences());
}
