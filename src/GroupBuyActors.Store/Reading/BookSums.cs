using System.Data.Common;
using GroupBuyActors.Store.Databases;

namespace GroupBuyActors.Store.Reading;

/// <summary>
/// Sums of amounts in two columns, each of which fits in 64 bits for a thousand million payments of any amount. Beyond
/// 64 bits SQLite's sum fails, and MySQL's cast to an integer truncates.
/// </summary>
internal static class BookSums
{
    private const int LowBits = 30,
        LowMask = (1 << LowBits) - 1;

    // The cast is needed because MySQL's sum of integers is a decimal.
    public static SqlText Sum(SqlText of) => new SqlText().Append($"cast(coalesce(sum({of}), 0) as signed)");

    public static SqlText AmountIf(SqlText condition) =>
        new SqlText().Append(
            $"{Sum($"case when {condition} then amount >> {LowBits} else 0 end")}, "
                + $"{Sum($"case when {condition} then amount & {LowMask} else 0 end")}"
        );

    public static Int128 Whole(DbDataReader row, int column) =>
        ((Int128)row.GetInt64(column) << LowBits) + row.GetInt64(column + 1);

    /// <summary>The two parts of an amount, or of its negative.</summary>
    public static (long High, long Low) Parts(long amount, int sign) =>
        (sign * (amount >> LowBits), sign * (amount & LowMask));
}
