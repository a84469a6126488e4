using System.Text.RegularExpressions;
using GroupBuyActors.Retries;
using Microsoft.Extensions.Logging;
using MySqlConnector;

namespace GroupBuyActors.Store.Migrations;

/// <summary>Runs the statements of migrations while silos of the previous release commit.</summary>
/// <remarks>
/// Problem: a definition needs an exclusive lock of its table for a moment, even if the work is done online. It waits
/// for every transaction that has used the table, and every later statement, including commits, waits behind it. One
/// reader that stays open would stop all. So a try waits for at most <see cref="LockWaitSeconds"/>, less than a commit
/// waits for a lock; then it stops, commits continue, and it is tried again after a pause. The log says what the start
/// waits for, and which session holds it. The wait is bounded, and a start that fails leaves everything as it was, so
/// that the next one can continue. This works only if the moment is short: a definition that copies its table blocks
/// writers for as long as the copy takes. Hence the rules for migrations, which <c>MigrationRuleTests</c> checks: see
/// <see cref="MySqlMigrator"/>.
/// </remarks>
internal sealed partial class MySqlSchemaChange(
    MySqlConnection connection,
    MigrationRetryPolicy retryPolicy,
    TimeProvider time,
    ILogger log
)
{
    /// <summary>The shortest time-out: the server only has whole seconds.</summary>
    public const int LockWaitSeconds = 1;

    /// <summary>An index of a large table is built online, but not quickly.</summary>
    private const int StatementSeconds = 3600;

    /// <summary>ER_CANT_DROP_FIELD_OR_KEY: the index was dropped already.</summary>
    private const int NothingToDrop = 1091;

    /// <summary>Runs a statement, and tries again while others' transactions hold its table.</summary>
    /// <param name="migration">The statement's migration.</param>
    /// <param name="statement">One statement.</param>
    /// <param name="isRetry">True if an earlier start may have run it already: then it is no error if the object
    /// exists.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task RunAsync(Migration migration, string statement, bool isRetry, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var pauses = new Backoff(retryPolicy.FirstPause, retryPolicy.PauseMax);
        for (var tries = 1; !await TryAsync(statement, isRetry, cancellation).ConfigureAwait(false); tries++)
        {
            var table = TableOf(statement);
            var holders = await MySqlLockHolders.DescribeAsync(connection, table, cancellation).ConfigureAwait(false);
            var waited = time.GetElapsedTime(started);
            var what = table is null ? "tables" : $"table {table}";
            if (waited >= retryPolicy.Total)
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

    /// <summary>The table or view that a statement changes.</summary>
    private static string? TableOf(string statement) =>
        Target().Match(statement) is { Success: true } match ? match.Groups["table"].Value : null;

    /// <summary>False if the lock was not obtained in time; then nothing of the statement is done.</summary>
    private async Task<bool> TryAsync(string statement, bool isRetry, CancellationToken cancellation)
    {
        await using var command = new MySqlCommand(statement, connection) { CommandTimeout = StatementSeconds };
        try
        {
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
            return true;
        }
        catch (MySqlException e) when (isRetry && ExistsAlready(e))
        {
            // An earlier try has done this.
            return true;
        }
        catch (MySqlException e) when (e.ErrorCode is MySqlErrorCode.LockWaitTimeout or MySqlErrorCode.LockDeadlock)
        {
            return false;
        }
    }

    private static bool ExistsAlready(MySqlException e) =>
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
