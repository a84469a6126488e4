using System.Globalization;
using System.Text.RegularExpressions;
using MySqlConnector;

namespace GroupBuyActors.Testing;

/// <summary>
/// Counts the statements that a server is sent, by the server's own figures: the number by its status counter
/// <c>Questions</c>, and the kinds by its general log. Its own statements are not among them. Every statement of a
/// packet counts as one, also <c>start transaction</c> and <c>commit</c>.
/// </summary>
public sealed partial class StatementCounter : IAsyncDisposable
{
    private const int KindLength = 100;
    private readonly MySqlConnection _connection;
    private long _from;
    private long _own;

    private StatementCounter(MySqlConnection connection) => _connection = connection;

    /// <summary>Connects to a server.</summary>
    public static async Task<StatementCounter> ConnectAsync(MariaDbServer server)
    {
        var connection = new MySqlConnection(server.ConnectionString(null) + ";Pooling=false;AllowUserVariables=true");
        await connection.OpenAsync();
        return new StatementCounter(connection);
    }

    /// <summary>Counts from now on.</summary>
    public async Task BeginAsync()
    {
        _from = await QuestionsAsync();
        _own = 0;
    }

    /// <summary>The number of statements since <see cref="BeginAsync"/>.</summary>
    public async Task<long> CountAsync()
    {
        // The server has counted this question when it answers it.
        _own++;
        return await QuestionsAsync() - _from - _own;
    }

    /// <summary>Lets the server write every statement into its general log, until <see cref="KindsAsync"/>.</summary>
    public Task LogAsync() =>
        ExecuteAsync(
            """
            set global general_log = 0;
            set global log_output = 'TABLE';
            truncate table mysql.general_log;
            set global general_log = 1
            """
        );

    /// <summary>
    /// The statements since <see cref="LogAsync"/>: each kind, which is its text without values, with its number, the
    /// most frequent first.
    /// </summary>
    public async Task<IReadOnlyList<(string Kind, int Count)>> KindsAsync()
    {
        await ExecuteAsync("set global general_log = 0");
        await using var command = new MySqlCommand(
            """
            select if(command_type in ('Query', 'Execute'), convert(argument using utf8mb4),
                concat('(', command_type, ')'))
              from mysql.general_log where thread_id <> connection_id()
            """,
            _connection
        );
        var kinds = new Dictionary<string, int>(StringComparer.Ordinal);
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            var kind = KindOf(rows.GetString(0));
            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        }
        return
        [
            .. kinds
                .Select(kind => (kind.Key, kind.Value))
                .OrderByDescending(kind => kind.Value)
                .ThenBy(kind => kind.Key, StringComparer.Ordinal),
        ];
    }

    /// <summary>Disconnects.</summary>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    /// <summary>A statement's text without values, lists of values and white space, cut to a readable length.</summary>
    public static string KindOf(string statement)
    {
        var kind = Values().Replace(statement, "?");
        kind = Lists().Replace(kind, "(?)");
        kind = Repeats().Replace(kind, "$1");
        kind = WhiteSpace().Replace(kind, " ").Trim().TrimEnd(';');
        return kind.Length <= KindLength ? kind : kind[..KindLength] + "…";
    }

    private async Task<long> QuestionsAsync()
    {
        await using var command = new MySqlCommand("show global status like 'Questions'", _connection);
        await using var row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return long.Parse(row.GetString(1), CultureInfo.InvariantCulture);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new MySqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }

    [GeneratedRegex(
        @"_binary\s*'(?:[^'\\]|\\.|'')*'|'(?:[^'\\]|\\.|'')*'|\bx'[0-9a-f]*'|\b0x[0-9a-f]+\b|-?\b\d+\b",
        RegexOptions.IgnoreCase | RegexOptions.Singleline
    )]
    private static partial Regex Values();

    [GeneratedRegex(@"\(\s*(?:\?|null)(?:\s*,\s*(?:\?|null))*\s*\)", RegexOptions.IgnoreCase)]
    private static partial Regex Lists();

    [GeneratedRegex(@"(\(\?\))(?:\s*,\s*\(\?\))+")]
    private static partial Regex Repeats();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
