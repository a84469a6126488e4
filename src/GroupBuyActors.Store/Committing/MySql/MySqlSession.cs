using System.Globalization;
using System.Text;
using GroupBuyActors.Store.Databases;
using MySqlConnector;

namespace GroupBuyActors.Store.Committing.MySql;

/// <summary>The result of sending a packet.</summary>
internal enum MySqlAnswer
{
    /// <summary>The packet was executed.</summary>
    Ok,

    /// <summary>The packet was not sent, because there is no connection.</summary>
    Unreachable,

    /// <summary>The server does not accept such a packet now. Nothing of it is stored.</summary>
    Refused,

    /// <summary>The packet may be executed, not executed, or still running.</summary>
    Unknown,

    /// <summary>The stream is not alive, or the lane's last row is missing. Nothing of the packet is stored.</summary>
    NotAlive,

    /// <summary>A row with the key of one of its rows exists. Nothing of the packet is stored.</summary>
    Duplicate,

    /// <summary>A table cannot hold one of its rows. Nothing of the packet is stored.</summary>
    RowFault,

    /// <summary>A lock was not obtained in time. Nothing of the packet is stored.</summary>
    Lock,
}

/// <summary>
/// A lane's own connection. Any exception discards it together with an open transaction. The server closes it after two
/// idle seconds, so that a frozen process holds no lock for longer.
/// </summary>
internal sealed class MySqlSession(string connectionString, TimeSpan commandTimeout)
{
    /// <summary>
    /// Isolation is set on every open, because a new session has the server's default. The wait for a lock, of a row or
    /// a table, is shorter than the wait for an answer, so that a held lock is reported as a lock and not as an unknown
    /// outcome. The server does not limit the time of a statement.
    /// </summary>
    private const string Settings =
        "set session transaction isolation level read committed;"
        + "set session wait_timeout=2,session innodb_lock_wait_timeout=2,session lock_wait_timeout=2,"
        + "session autocommit=1,session time_zone='+00:00',"
        + "session sql_mode='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
        + "/*M!100101 ,session max_statement_time=0*/;select @@max_allowed_packet";

    /// <summary>Bytes of UTF-8 that a character of a string takes at most.</summary>
    private const int CharacterBytesMax = 3;

    private readonly string _connectionString = new MySqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        AllowUserVariables = true,
        ConnectionTimeout = (uint)
            Math.Clamp(Math.Ceiling(commandTimeout.TotalSeconds), 1, StoreOptions.ConnectTimeout.TotalSeconds),
        DefaultCommandTimeout = (uint)Math.Max(1, Math.Ceiling(commandTimeout.TotalSeconds)),
        // After a time-out the connection is discarded at once; asking the server to stop would not make the outcome
        // known.
        CancellationTimeout = -1,
        AutoEnlist = false,
    }.ConnectionString;

    private MySqlConnection? _connection;
    private MySqlCommand? _command;

    /// <summary>The largest packet that the server accepts on this connection; set once open.</summary>
    public long PacketBytesMax { get; private set; }

    /// <summary>The last failure.</summary>
    public Exception? Failure { get; private set; }

    public bool WasDeadlock => Failure is MySqlException { ErrorCode: MySqlErrorCode.LockDeadlock };

    /// <summary>Opens the connection unless it is open; throws the driver's exceptions.</summary>
    public void Open()
    {
        if (_connection is not null)
            return;
        var connection = new MySqlConnection(_connectionString);
        try
        {
            connection.Open();
            using var settings = new MySqlCommand(Settings, connection);
            PacketBytesMax = Convert.ToInt64(settings.ExecuteScalar(), CultureInfo.InvariantCulture);
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
        if (!TryOpen())
            return MySqlAnswer.Unreachable;
        if (IsTooLarge(packet))
        {
            // The server would close the connection, which cannot be told apart from a lost answer.
            Failure = new InvalidOperationException(
                $"A packet of {packet.Length} characters is more than the {PacketBytesMax} bytes of max_allowed_packet."
            );
            return MySqlAnswer.Refused;
        }
        try
        {
            _command!.CommandText = packet;
            _command.ExecuteNonQuery();
            return MySqlAnswer.Ok;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Discard();
            Failure = e;
            return AnswerOf(DatabaseErrors.OfMySql(e));
        }
    }

    /// <summary>Reads rows; false if there was no complete answer, for whatever reason.</summary>
    public bool TryRead<T>(string sql, Func<MySqlDataReader, T> row, out List<T> rows)
    {
        rows = [];
        if (!TryOpen())
            return false;
        try
        {
            _command!.CommandText = sql;
            using var reader = _command.ExecuteReader();
            while (reader.Read())
                rows.Add(row(reader));
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Discard();
            Failure = e;
            return false;
        }
    }

    /// <summary>Closes the connection.</summary>
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
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Failure = e;
            return false;
        }
    }

    private bool IsTooLarge(string packet) =>
        (long)packet.Length * CharacterBytesMax >= PacketBytesMax
        && Encoding.UTF8.GetByteCount(packet) >= PacketBytesMax;

    private static MySqlAnswer AnswerOf(ErrorMeaning meaning) =>
        meaning switch
        {
            ErrorMeaning.Refused => MySqlAnswer.Refused,
            ErrorMeaning.Lock => MySqlAnswer.Lock,
            ErrorMeaning.Duplicate => MySqlAnswer.Duplicate,
            ErrorMeaning.RowFault => MySqlAnswer.RowFault,
            ErrorMeaning.Stopped => MySqlAnswer.NotAlive,
            _ => MySqlAnswer.Unknown,
        };
}
