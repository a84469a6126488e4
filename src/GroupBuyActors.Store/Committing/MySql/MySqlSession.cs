using MySqlConnector;

namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>What an answer, or the lack of one, says about a packet.</summary>
internal enum MySqlAnswer
{
    /// <summary>Done.</summary>
    Ok,
    /// <summary>It was never sent: no connection.</summary>
    Unreachable,
    /// <summary>It may be done, not done, or still being worked on.</summary>
    Unknown,
    /// <summary>The stream is not alive, or the lane's last row is missing. Nothing of the packet is stored.</summary>
    NotAlive,
    /// <summary>A row with the key of one of its rows is there. Nothing of the packet is stored.</summary>
    Duplicate,
    /// <summary>A row that the table cannot take. Nothing of the packet is stored.</summary>
    RowFault,
    /// <summary>A lock could not be had. Nothing of the packet is stored.</summary>
    Lock,
}

/// <summary>
/// A lane's own connection. Any exception discards it: what is left open on it dies with it (T1). The server drops it after two
/// seconds without a word, so that a frozen process holds no lock for longer.
/// </summary>
internal sealed class MySqlSession(string connectionString, TimeSpan commandTimeout)
{
    private const int SubqueryOfSeveralRows = 1242;
    private const int PacketTooLarge = 1153;

    /// <summary>Isolation is set on every open (T10). A lock is waited for shorter than an answer.</summary>
    private const string Settings =
        "set session transaction isolation level read committed;" +
        "set session wait_timeout=2,session innodb_lock_wait_timeout=2,session autocommit=1,session time_zone='+00:00'," +
        "session sql_mode='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

    private readonly string _connectionString = new MySqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        AllowUserVariables = true,
        ConnectionTimeout = (uint)Math.Max(1, Math.Ceiling(commandTimeout.TotalSeconds)),
        DefaultCommandTimeout = (uint)Math.Max(1, Math.Ceiling(commandTimeout.TotalSeconds)),
        // After a timeout the connection is given up at once; a request to the server to stop would change nothing for the outcome.
        CancellationTimeout = -1,
        AutoEnlist = false,
    }.ConnectionString;

    private MySqlConnection? _connection;
    private MySqlCommand? _command;

    /// <summary>What the last trouble was.</summary>
    public Exception? Trouble { get; private set; }

    /// <summary>True where the last trouble was a ring of transactions that wait for each other.</summary>
    public bool WasDeadlock => Trouble is MySqlException { ErrorCode: MySqlErrorCode.LockDeadlock };

    /// <summary>Opens where it is not open; throws what the driver throws.</summary>
    public void Open()
    {
        if (_connection is not null) return;
        var connection = new MySqlConnection(_connectionString);
        try
        {
            connection.Open();
            using var settings = new MySqlCommand(Settings, connection);
            settings.ExecuteNonQuery();
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        _connection = connection;
        _command = new MySqlCommand { Connection = connection };
    }

    /// <summary>Sends a packet of statements without results.</summary>
    public MySqlAnswer Send(string packet)
    {
        if (!TryOpen()) return MySqlAnswer.Unreachable;
        try
        {
            _command!.CommandText = packet;
            _command.ExecuteNonQuery();
            return MySqlAnswer.Ok;
        }
        catch (Exception e) when (IsTrouble(e))
        {
            Discard();
            Trouble = e;
            return e is MySqlException error ? Classify(error) : MySqlAnswer.Unknown;
        }
    }

    /// <summary>Reads rows; false where there was no whole answer, for whatever reason.</summary>
    public bool TryRead<T>(string sql, Func<MySqlDataReader, T> row, out List<T> rows)
    {
        rows = [];
        if (!TryOpen()) return false;
        try
        {
            _command!.CommandText = sql;
            using var reader = _command.ExecuteReader();
            while (reader.Read()) rows.Add(row(reader));
            return true;
        }
        catch (Exception e) when (IsTrouble(e))
        {
            Discard();
            Trouble = e;
            return false;
        }
    }

    /// <summary>Gives the connection up.</summary>
    public void Discard()
    {
        _command?.Dispose();
        _connection?.Dispose();
        (_connection, _command) = (null, null);
    }

    private bool TryOpen()
    {
        try
        {
            Open();
            return true;
        }
        catch (Exception e) when (IsTrouble(e))
        {
            Trouble = e;
            return false;
        }
    }

    /// <summary>What a driver throws when a connection breaks under it.</summary>
    private static bool IsTrouble(Exception e) =>
        e is MySqlException or InvalidOperationException or IOException or System.Net.Sockets.SocketException or TimeoutException;

    /// <summary>
    /// Only errors that a statement of ours can meet are answers. All else, an error of the commit itself or of a server that shuts
    /// down among it, leaves the outcome unknown; sending again finds it out.
    /// </summary>
    private static MySqlAnswer Classify(MySqlException e) => e.Number switch
    {
        SubqueryOfSeveralRows => MySqlAnswer.NotAlive,
        (int)MySqlErrorCode.DuplicateKeyEntry or (int)MySqlErrorCode.DuplicateEntryWithKeyName => MySqlAnswer.Duplicate,
        (int)MySqlErrorCode.LockWaitTimeout or (int)MySqlErrorCode.LockDeadlock => MySqlAnswer.Lock,
        PacketTooLarge => MySqlAnswer.RowFault,
        (int)MySqlErrorCode.TruncatedWrongValueForField or (int)MySqlErrorCode.WarningDataTruncated => MySqlAnswer.RowFault,
        _ when e.SqlState is ['2', '2' or '3', ..] => MySqlAnswer.RowFault,
        _ => MySqlAnswer.Unknown,
    };
}
