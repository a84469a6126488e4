using System.Security.Cryptography;
using System.Text;

namespace GroupBuyActors.Browser;

/// <summary>The same where callers need a key.</summary>
public sealed class KeyedSilo : ServedSilo
{
    public const string OperatorKey = "s-operator",
        MerchantKey = "s-merchant";

    public KeyedSilo()
        : base(
            new()
            {
                ["GroupBuy__Auth__Mode"] = "ApiKey",
                ["GroupBuy__Auth__Keys__ops"] = $"operator:{Hash(OperatorKey)}",
                ["GroupBuy__Auth__Keys__teahouse"] = $"merchant/10042:{Hash(MerchantKey)}",
            }
        ) { }

    protected override string Secret => OperatorKey;

    private static string Hash(string secret) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
