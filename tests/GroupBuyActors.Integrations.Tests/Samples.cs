namespace GroupBuyActors.Integrations.Tests;

/// <summary>What ports are asked about where it does not matter what.</summary>
internal static class Samples
{
    public static readonly GroupId Group = GroupId.Parse("10042.SH-PUDONG.tea-1123");
    public static readonly OrderId Order = new(Group, 1);
    public static readonly Money Price = new(1999, "CNY");
}
