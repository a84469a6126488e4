using System.Globalization;
using MySqlConnector;

namespace GroupBuyActors.Store.Databases;

/// <summary>
/// Checks a server before it is used: that it is reachable, that the database exists (it is created if the user may do
/// so), and that the server has what the fence and the committer rely on (one primary that accepts writes, row locks
/// that hold for everybody).
/// </summary>
internal sealed class MySqlServerCheck(MySqlDatabase database)
{
    /// <summary>The smallest <c>max_allowed_packet</c> that a silo starts with.</summary>
    internal const long PacketBytesMin = 4 * 1024 * 1024;

    public async Task RunAsync(CancellationToken cancellation)
    {
        await using var connection = await ConnectAsync(cancellation).ConfigureAwait(false);
        var version = (string)(await ScalarAsync(connection, "select version()", cancellation).ConfigureAwait(false))!;
        if (UnsupportedReason(version) is { } old)
            throw new StoreUnusableException(old);
        var variables = await VariablesAsync(connection, cancellation).ConfigureAwait(false);
        if (UnsuitableReason(variables) is { } unfit)
            throw new StoreUnusableException(unfit);
    }

    /// <summary>Why a server of this version cannot be used, or null.</summary>
    internal static string? UnsupportedReason(string version)
    {
        var maria = version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);
        var text = version.StartsWith("5.5.5-", StringComparison.Ordinal) && maria ? version[6..] : version;
        var numbers = text.Split('.', '-')
            .TakeWhile(part => int.TryParse(part, out _))
            .Select(int.Parse)
            .Take(2)
            .ToArray();
        var (major, minor) = (numbers.ElementAtOrDefault(0), numbers.ElementAtOrDefault(1));
        return maria
            ? major > 10 || (major == 10 && minor >= 6)
                ? null
                : $"The server is MariaDB {text}; version 10.6 or newer is required."
            : major >= 8
                ? null
                : $"The server is MySQL {text}; version 8.0 or newer (or MariaDB 10.6) is required.";
    }

    /// <summary>Why a server with these variables cannot be used, or null.</summary>
    internal static string? UnsuitableReason(IReadOnlyDictionary<string, string> variables)
    {
        if (IsOn(variables, "read_only") || IsOn(variables, "super_read_only") || IsOn(variables, "innodb_read_only"))
            return "The database server is read-only, perhaps a replica; configure the address of the primary.";
        if (
            variables.GetValueOrDefault("group_replication_group_name") is { Length: > 0 }
            && !IsOn(variables, "group_replication_single_primary_mode")
        )
            return "The database server runs group replication with several primaries, which would let two silos "
                + "commit at the same time; switch it to single-primary mode.";
        if (IsOn(variables, "wsrep_on"))
            return "The database server is a Galera node. Other nodes do not see its row locks, which would let two "
                + "silos commit at the same time; use a server with one primary.";
        return PacketTooSmallReason(variables);
    }

    /// <summary>
    /// A commit uses up to a quarter of a packet; a statement of lists and books uses up to half of
    /// <see cref="PacketBytesMin"/>.
    /// </summary>
    private static string? PacketTooSmallReason(IReadOnlyDictionary<string, string> variables) =>
        long.TryParse(variables.GetValueOrDefault("max_allowed_packet"), CultureInfo.InvariantCulture, out var bytes)
        && bytes < PacketBytesMin
            ? $"The database server's max_allowed_packet is {bytes} bytes; at least {PacketBytesMin} are "
                + "required. Raise it (16M or more is recommended)."
            : null;

    private static bool IsOn(IReadOnlyDictionary<string, string> variables, string name) =>
        variables.GetValueOrDefault(name) is "ON" or "1" or "YES";

    private async Task<MySqlConnection> ConnectAsync(CancellationToken cancellation)
    {
        try
        {
            return await database.OpenOwnAsync(cancellation).ConfigureAwait(false);
        }
        catch (MySqlException e) when (e.ErrorCode == MySqlErrorCode.UnknownDatabase)
        {
            await CreateDatabaseAsync(cancellation).ConfigureAwait(false);
            return await database.OpenOwnAsync(cancellation).ConfigureAwait(false);
        }
        catch (MySqlException e)
        {
            var settings = new MySqlConnectionStringBuilder(database.ConnectionString);
            throw new StoreUnusableException(
                $"The MySQL server {settings.Server}:{settings.Port} cannot be used as user "
                    + $"'{settings.UserID}': {e.Message}",
                e
            );
        }
    }

    private async Task CreateDatabaseAsync(CancellationToken cancellation)
    {
        var settings = new MySqlConnectionStringBuilder(database.ConnectionString) { Pooling = false };
        var name = settings.Database;
        try
        {
            settings.Database = "";
            await using var connection = new MySqlConnection(settings.ConnectionString);
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            var quoted = $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
            await using var command = new MySqlCommand(
                $"create database if not exists {quoted} character set utf8mb4 collate utf8mb4_bin",
                connection
            );
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
        catch (MySqlException e)
        {
            throw new StoreUnusableException(
                $"The database '{name}' does not exist and user '{settings.UserID}' may not create it; create "
                    + "it, or grant the right to create it.",
                e
            );
        }
    }

    private static async Task<Dictionary<string, string>> VariablesAsync(
        MySqlConnection connection,
        CancellationToken cancellation
    )
    {
        await using var command = new MySqlCommand(
            """
            show global variables where variable_name in ('read_only', 'super_read_only', 'innodb_read_only',
              'wsrep_on', 'group_replication_group_name', 'group_replication_single_primary_mode',
              'max_allowed_packet')
            """,
            connection
        );
        await using var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        var variables = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            variables[reader.GetString(0)] = reader.GetString(1);
        return variables;
    }

    private static async Task<object?> ScalarAsync(
        MySqlConnection connection,
        string sql,
        CancellationToken cancellation
    )
    {
        await using var command = new MySqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false);
    }
}
