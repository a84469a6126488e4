using System.Text;
using System.Text.Json;
using GroupBuyActors.Silo.Http;

namespace GroupBuyActors.Silo.Tests.Http;

public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData("""{"a":1,"b":[true,null,"x"]}""", """ { "b" : [ true , null , "\u0078" ] , "a" : 1.0 } """)]
    [InlineData("100", "1e2")]
    [InlineData("0.1", "1E-1")]
    [InlineData("0", "-0.0e7")]
    [InlineData("12345678901234567890123", "1234567890123456789012.3e1")]
    [InlineData("\"龙\"", "\"\\u9f99\"")]
    public void EqualValuesHaveEqualBytes(string one, string other) => Assert.Equal(Canonical(one), Canonical(other));

    [Theory]
    [InlineData("1", "\"1\"")]
    [InlineData("[1,2]", "[2,1]")]
    [InlineData("{}", "[]")]
    [InlineData("12345678901234567890123", "12345678901234567890124")]
    [InlineData("1", "-1")]
    [InlineData("""{"a":null}""", "{}")]
    public void OtherValuesHaveOtherBytes(string one, string other) =>
        Assert.NotEqual(Canonical(one), Canonical(other));

    private static string Canonical(string json) =>
        Encoding.UTF8.GetString(CanonicalJson.Write(JsonElement.Parse(json)).Span);
}
