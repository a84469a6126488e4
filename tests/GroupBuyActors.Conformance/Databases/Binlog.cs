using System.Diagnostics;
using GroupBuyActors.Testing;
using MySqlConnector;

namespace GroupBuyActors.Conformance.Databases;

/// <summary>A row that a transaction inserted; its columns by number from 1, as the binlog has them.</summary>
internal sealed record BinlogRow(string Table, IReadOnlyDictionary<int, string> Columns)
{
    public string this[int column] => Columns[column].Trim('\'');
}

/// <summary>
/// Reads a server's binlog as a reader of changes does: over the network, transaction by transaction.
/// </summary>
internal static class Binlog
{
    /// <summary>The rows inserted into a database, by transaction, in the order of their commits.</summary>
    public static async Task<List<List<BinlogRow>>> ReadAsync(MariaDbServer server, string database)
    {
        var text = await DecodeAsync(server, Convert.ToString(await server.ScalarAsync(null, "show binary logs"))!);
        var (transactions, rows) = (new List<List<BinlogRow>>(), new List<BinlogRow>());
        Dictionary<int, string>? columns = null;
        foreach (var line in text.Split('\n'))
        {
            if (
                line is "START TRANSACTION" or "BEGIN"
                || line.StartsWith("START TRANSACTION/", StringComparison.Ordinal)
            )
                rows = [];
            else if (
                line.StartsWith("### ", StringComparison.Ordinal)
                && line[4..] is var change
                && !change.StartsWith(' ')
                && change != "SET"
            )
            {
                columns = null;
                if (!change.StartsWith($"INSERT INTO `{database}`.`", StringComparison.Ordinal))
                    continue;
                if (change.EndsWith('`'))
                    rows.Add(new BinlogRow(change.Split('`')[3], columns = []));
            }
            else if (
                columns is not null
                && line.StartsWith("###   @", StringComparison.Ordinal)
                && line.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            )
                columns[int.Parse(line[7..at], System.Globalization.CultureInfo.InvariantCulture)] = line[(at + 1)..];
            else if (line.StartsWith("COMMIT", StringComparison.Ordinal) && rows.Count > 0)
            {
                transactions.Add(rows);
                rows = [];
            }
        }

        return transactions;
    }

    private static async Task<string> DecodeAsync(MariaDbServer server, string firstLog)
    {
        var connection = new MySqlConnectionStringBuilder(server.ConnectionString(null));
        var start = new ProcessStartInfo(server.BinlogReader[0])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            var argument in (string[])
                [
                    .. server.BinlogReader.Skip(1),
                    "--no-defaults",
                    "--read-from-remote-server",
                    "--protocol=tcp",
                    $"--host={connection.Server}",
                    $"--port={connection.Port}",
                    $"--user={connection.UserID}",
                    $"--password={connection.Password}",
                    "--verbose",
                    "--base64-output=decode-rows",
                    "--to-last-log",
                    firstLog,
                ]
        )
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return text;
    }
}
