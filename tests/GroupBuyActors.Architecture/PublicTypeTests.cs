using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>
/// Public is what a client compiles against and what a host composes a silo with: settings, the ports and what puts a
/// project into a host. All else is internal, so that it can change without anybody's knowledge.
/// </summary>
public sealed class PublicTypeTests
{
    /// <summary>What is public beside the client package. It only shrinks.</summary>
    private static readonly Dictionary<string, string[]> Public = new()
    {
        ["GroupBuyActors.Durability"] =
        [
            "ActorId",
            // Settings of task types and of schedules.
            "MisfirePolicy",
            "OverlapPolicy",
            "ScheduleChange",
            "TaskBackoff",
            "TaskPolicyChange",
        ],
        ["GroupBuyActors.Domain"] =
        [
            // The ports, with what they are asked and what they answer.
            "BookPage`1",
            "IEventPublisher",
            "IInventory",
            "INotices",
            "IPaymentBooks",
            "IPayments",
            "IStockBooks",
            "OutgoingEvent",
            "PaymentBookEntry",
            "PaymentFindings",
            "PortAnswer",
            "PortReply",
            "ProviderPayment",
            "PublishOutcome",
            "PublishState",
            "StockBookEntry",
            "StockDeduction",
            "StockRelease",
            "StockReservation",
        ],
        ["GroupBuyActors.Store"] =
        [
            "OrleansDatabase",
            "IStoreHealth",
            "StoreOptions",
            "StoreProvider",
            "StoreServices",
            "StoreUnusableException",
        ],
        ["GroupBuyActors.Grains"] = ["GrainsOptions", "GroupBuyHosting", "RetentionOptions"],
        ["GroupBuyActors.Integrations"] =
        [
            "HostAllowList",
            "HttpPortOptions",
            "HttpPortServices",
            "HttpPorts",
            "KafkaOptions",
            "KafkaServices",
            "MaskedHeaders",
        ],
        ["GroupBuyActors.Sandbox"] = ["SandboxServices"],
        // The web SDK makes it so.
        ["GroupBuyActors.Silo"] = ["Program"],
    };

    private static readonly string[] ForClients = ["GroupBuyActors.Abstractions", "GroupBuyActors.Client"];

    public static TheoryData<string> Projects => [.. Project.All.Select(project => project.Name).Except(ForClients)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void OnlyWhatAHostNeedsIsPublic(string project) =>
        Claim.NobodyBreaks(
            $"Public in {project}, and needed by no host:",
            new Project(project).PublicTypes().Except(Public.GetValueOrDefault(project, []))
        );

    [Theory]
    [MemberData(nameof(Projects))]
    public void WhatMayBePublicIsThereStill(string project) =>
        Claim.NobodyBreaks(
            "Gone; take it off the list:",
            Public.GetValueOrDefault(project, []).Except(new Project(project).PublicTypes())
        );
}
