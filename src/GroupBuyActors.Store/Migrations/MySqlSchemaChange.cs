using System.Text.RegularExpressions;
using GroupBuyActors.Retries;
using Microsoft.Extensions.Logging;
using MySqlConnector;

namespace GroupBuyActors.Store.Migrations;

/// <summary>Runs the statements of migrations while silos of the release before go on committing.</summary>
/// <remarks>
/// Problem: a definition needs its table for itself for a moment, even where the work is done online. It waits for
/// every transaction that has touched the table, and every later statement, commits too, waits behind it. One reader
/// that stays open would stop all. So a try waits for <see cref="LockWaitSeconds"/> at most, shorter than a commit
/// waits for a lock; then it gives way, commits go on, and it is tried again after a pause. Who starts is told what is
/// waited for, and who keeps it; the wait is bounded, and a start that gives up leaves everything as it was, for the
/// next one to go on from. That works only where the moment is short: a definition that copies its table keeps writers
/// out for as long as that takes. Hence the rule for migrations, which <c>MigrationRuleTests</c> holds: see <see
/// cref="MySqlMigrator"/>.
/// </remarks>
internal sealed partial class MySqlSchemaChange(
    MySqlConnection connection,
    MigrationPatience patience,
    TimeProvider time,
    ILogger log
)
{
    /// <summary>The server knows whole seconds only.</summary>
    public const int LockWaitSeconds = 1;

    /// <summary>An index of a large table is built online, but not quickly.</summary>
    private const int StatementSeconds = 3600;

    /// <summary>ER_CANT_DROP_FIELD_OR_KEY: the index is gone already.</summary>
    private const int NothingToDrop = 1091;

    /// <summary>Runs a statement, as often as others' transactions make it give way.</summary>
    /// <param name="migration">Whose statement it is.</param>
    /// <param name="statement">One statement.</param>
    /// <param name="again">True where an earlier start may have run it already: what is there then is no fault.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task RunAsync(Migration migration, string statement, bool again, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var pauses = new Backoff(patience.FirstPause, patience.PauseMax);
        for (var tries = 1; !await TryAsync(statement, again, cancellation).ConfigureAwait(false); tries++)
        {
            var table = TableOf(statement);
            var holders = await MySqlLockHolders.DescribeAsync(connection, table, cancellation).ConfigureAwait(false);
            var waited = time.GetElapsedTime(started);
            var what = table is null ? "tables" : $"table {table}";
            if (waited >= patience.Total)
                throw new StoreUnusableException(
                    $"Migration {migration.Name} could not lock the {what} within {(int)waited.TotalSeconds} s: "
                        + $"an open transaction holds it ({holders}). "
                        + "End that transaction or wait for its end, and start again; running silos are not "
                        + "affected, and completed migrations stay."
                );
            MigrationLog.WaitsForTable(log, migration.Name, (int)waited.TotalSeconds, what, holders);
            await Task.Delay(pauses.After(tries), time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The table, or view, that a definition is about.</summary>
    private static string? TableOf(string statement) =>
        Target().Match(statement) is { Success: true } match ? match.Groups["table"].Value : null;

    /// <summary>False where a lock could not be had in time; nothing of the statement is done then.</summary>
    private async Task<bool> TryAsync(string statement, bool again, CancellationToken cancellation)
    {
        await using var command = new MySqlCommand(statement, connection) { CommandTimeout = StatementSeconds };
        try
        {
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        catch (MySqlException e) when (again && IsThere(e))
        {
            // The try before got this far.
            return true;
        }
        catch (MySqlException e) when (e.ErrorCode is MySqlErrorCode.LockWaitTimeout or MySqlErrorCode.LockDeadlock)
        {
            return false;
        }
    }

    private static bool IsThere(MySqlException e) =>
        e.ErrorCode
            is MySqlErrorCode.TableExists
                or MySqlErrorCode.DuplicateFieldName
                or MySqlErrorCode.DuplicateKeyName
        || e.Number == NothingToDrop;

    [GeneratedRegex(
        @"\b(alter\s+table|create\s+(or\s+replace\s+)?view|create\s+(unique\s+)?index\s+\S+\s+on|update|delete\s+from)"
            + @"\s+`?(?<table>\w+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Target();
}
