using System.Globalization;

namespace GroupBuyActors.Silo.Tests.Fuzzing;

/// <summary>Values that break who trusts them, as texts and as JSON.</summary>
internal static class HostileValues
{
    /// <summary>Characters as they are; whoever puts one into an address escapes it.</summary>
    public static readonly string[] Texts =
    [
        "", " ", "  k ", ".", "..", "-", "0", "-1", "+1", "1e3", "null", "true", "undefined", "NaN", "%", "%20", "%00", "%2F", "\u0001", "\u007f", "a\u0000b", "line\nbreak",
        "tab\t", "\u202Eright to left", "\u200B", "龙井", "ünïcödé", "👩‍👩‍👧", "\uFFFD", "\uFEFF", "' or 1=1 --", "\"", "\\", "`", ";", "<script>", "{}", "[]", "${jndi:x}", "{0}",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "99999999999999999999999999999999999999", "2147483648", "1.5", "0x10", "٣",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "2026-11-29T00:00:00", "yesterday",
        "P1W", "PT0S", "-PT1S", "P99999999999D", "P1Y", "PT1H1H", "P", "PT1E400S", "1042.SH.tea", "1.SH.tea.1", "0.SH.tea", "99999999999999999999.SH.tea", "1042.SH.tea.99999999999",
        "1.SH.tea:1:0", "1.SH.tea:99999999999999999999:0", "1.SH.ü:1:0", "x:shard_000_r0:20260101T000000Z", "x:shard_999_r99:y", "shard_000_r0", "shard_128_r16", "shard_ü12_r0",
        "1.SH.tea.1.abcdefghijklmnopqrst", Mark("groups\n1\n1.SH.tea"), Mark("groups\n9223372036854775807\nü"), Mark("orders\n-1\nü"), Mark("tasks\n253402300800000\n1.SH.tea:1:0"),
        Mark("task-ends\n9223372036854775807\n1:x"), Mark("task-ends\n0\n99999999999:x"), Mark("calls\n0\nü x"), Mark("calls\n0\nx"), Mark("parked\n0\nü"), Mark("audit\n-5\n"), Mark("\n\n\n"),
        new string('x', 300), new string('龙', 129), new string('9', 2_000),
    ];

    /// <summary>JSON values as they stand in a body, some of them none.</summary>
    public static readonly string[] Json =
    [
        "null", "true", "false", "0", "-0.0", "1", "-1", "1.5", "1e400", "-1e400", "1e-400", "9223372036854775807", "9223372036854775808", "1e18", "123456789012345678901234567890",
        "2147483648", "\"\"", "\" \"", "\"\\ud83d\"", "\"\\ude00\\ud83d\"", "\"\\u0000\"", "\"\\uFFFF\"", "\"x\"", "[]", "[[[[]]]]", "{}", "{\"a\":{\"b\":null}}", "[\"\\ud83d\"]",
        new string('[', 40) + new string(']', 40), "NaN", "Infinity", "01", "'x'", "\"\t\"", "tru", "\"" + new string('y', 5_000) + "\"",
    ];

    private static string Mark(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    public static string Number(Random random) => random.Next(5) switch
    {
        0 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        1 => "-" + random.Next().ToString(CultureInfo.InvariantCulture),
        2 => random.NextDouble().ToString("R", CultureInfo.InvariantCulture),
        _ => random.Next(0, 5).ToString(CultureInfo.InvariantCulture),
    };
}
