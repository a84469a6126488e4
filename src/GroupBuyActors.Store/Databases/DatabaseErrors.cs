using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using SQLitePCL;

namespace GroupBuyActors.Store.Databases;

/// <summary>The meaning of a database error for its transaction.</summary>
internal enum ErrorMeaning
{
    /// <summary>The transaction may be stored, not stored, or still running.</summary>
    Unknown,

    /// <summary>
    /// The database accepts no such statement now from anybody; nothing of the transaction is stored.
    /// </summary>
    Refused,

    /// <summary>A lock was not obtained in time; nothing of the transaction is stored.</summary>
    Lock,

    /// <summary>A row with this key exists; nothing of the transaction is stored.</summary>
    Duplicate,

    /// <summary>A table cannot hold a row; nothing of the transaction is stored.</summary>
    RowFault,

    /// <summary>
    /// A subquery returned several rows, which is how a packet stops itself; nothing of the transaction is stored.
    /// </summary>
    Stopped,
}

/// <summary>
/// The only table of the meanings of errors. Listed are errors that a server reports before it runs a statement, or
/// with which it rolls back. An error with which a commit itself can end, and any that is not listed, leaves the
/// outcome unknown: treating a stored transaction as not stored would be worse than sending it again.
/// </summary>
internal static class DatabaseErrors
{
    private static readonly Dictionary<int, ErrorMeaning> s_mySql = new()
    {
        [1022] = ErrorMeaning.Duplicate, // ER_DUP_KEY
        [1062] = ErrorMeaning.Duplicate, // ER_DUP_ENTRY
        [1586] = ErrorMeaning.Duplicate, // ER_DUP_ENTRY_WITH_KEY_NAME
        [1205] = ErrorMeaning.Lock, // ER_LOCK_WAIT_TIMEOUT, also of a table's lock
        [1213] = ErrorMeaning.Lock, // ER_LOCK_DEADLOCK
        [3101] = ErrorMeaning.Lock, // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: another member's transaction was first
        [3572] = ErrorMeaning.Lock, // ER_LOCK_NOWAIT
        [1153] = ErrorMeaning.RowFault, // ER_NET_PACKET_TOO_LARGE
        [1265] = ErrorMeaning.RowFault, // WARN_DATA_TRUNCATED
        [1267] = ErrorMeaning.RowFault, // ER_CANT_AGGREGATE_2COLLATIONS: text outside a column's character set
        [1270] = ErrorMeaning.RowFault, // ER_CANT_AGGREGATE_3COLLATIONS
        [1271] = ErrorMeaning.RowFault, // ER_CANT_AGGREGATE_NCOLLATIONS
        [3988] = ErrorMeaning.RowFault, // ER_CONVERSION_INCOMPATIBLE_CHARSET
        [1366] = ErrorMeaning.RowFault, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
        [1242] = ErrorMeaning.Stopped, // ER_SUBQUERY_NO_1_ROW
        [1015] = ErrorMeaning.Refused, // ER_CANT_LOCK
        [1016] = ErrorMeaning.Refused, // ER_CANT_OPEN_FILE
        [1017] = ErrorMeaning.Refused, // ER_FILE_NOT_FOUND
        [1021] = ErrorMeaning.Refused, // ER_DISK_FULL
        [1030] = ErrorMeaning.Refused, // ER_GET_ERRNO: a row operation of the engine
        [1034] = ErrorMeaning.Refused, // ER_NOT_KEYFILE
        [1036] = ErrorMeaning.Refused, // ER_OPEN_AS_READONLY
        [1037] = ErrorMeaning.Refused, // ER_OUTOFMEMORY
        [1038] = ErrorMeaning.Refused, // ER_OUT_OF_SORTMEMORY
        [1041] = ErrorMeaning.Refused, // ER_OUT_OF_RESOURCES
        [1047] = ErrorMeaning.Refused, // ER_UNKNOWN_COM_ERROR: a node that is not ready
        [1114] = ErrorMeaning.Refused, // ER_RECORD_FILE_FULL
        [1135] = ErrorMeaning.Refused, // ER_CANT_CREATE_THREAD
        [1194] = ErrorMeaning.Refused, // ER_CRASHED_ON_USAGE
        [1195] = ErrorMeaning.Refused, // ER_CRASHED_ON_REPAIR
        [1197] = ErrorMeaning.Refused, // ER_TRANS_CACHE_FULL
        [1206] = ErrorMeaning.Refused, // ER_LOCK_TABLE_FULL
        [1290] = ErrorMeaning.Refused, // ER_OPTION_PREVENTS_STATEMENT: read_only and its like
        [1436] = ErrorMeaning.Refused, // ER_STACK_OVERRUN_NEED_MORE
        [1637] = ErrorMeaning.Refused, // ER_TOO_MANY_CONCURRENT_TRXS
        [1661] = ErrorMeaning.Refused, // ER_BINLOG_ROW_ENGINE_AND_STMT_ENGINE
        [1662] = ErrorMeaning.Refused, // ER_BINLOG_ROW_MODE_AND_STMT_ENGINE
        [1663] = ErrorMeaning.Refused, // ER_BINLOG_UNSAFE_AND_STMT_ENGINE
        [1665] = ErrorMeaning.Refused, // ER_BINLOG_STMT_MODE_AND_ROW_ENGINE
        [1712] = ErrorMeaning.Refused, // ER_INDEX_CORRUPT
        [1785] = ErrorMeaning.Refused, // ER_GTID_UNSAFE_NON_TRANSACTIONAL_TABLE
        [1812] = ErrorMeaning.Refused, // ER_TABLESPACE_MISSING
        [1814] = ErrorMeaning.Refused, // ER_TABLESPACE_DISCARDED
        [1820] = ErrorMeaning.Refused, // ER_MUST_CHANGE_PASSWORD
        [1836] = ErrorMeaning.Refused, // ER_READ_ONLY_MODE
        [1874] = ErrorMeaning.Refused, // ER_INNODB_READ_ONLY
        [1878] = ErrorMeaning.Refused, // ER_TEMP_FILE_WRITE_FAILURE
        [1881] = ErrorMeaning.Refused, // ER_INNODB_FORCED_RECOVERY
        [3098] = ErrorMeaning.Refused, // ER_BEFORE_DML_VALIDATION_ERROR
    };

    /// <summary>By a server's error number and its SQLSTATE.</summary>
    public static ErrorMeaning OfMySql(int number, string? sqlState)
    {
        if (s_mySql.TryGetValue(number, out var meaning))
            return meaning;
        return sqlState switch
        {
            // Access, syntax, missing tables and columns, limits of a user: found before a statement runs.
            ['4', '2', ..] => ErrorMeaning.Refused,
            // The state of the transaction does not allow the statement, such as a write in one that only reads.
            ['2', '5', ..] => ErrorMeaning.Refused,
            // Reported while a connection opens.
            ['2', '8', ..] or "08004" => ErrorMeaning.Refused,
            ['2', '2' or '3', ..] => ErrorMeaning.RowFault,
            _ => ErrorMeaning.Unknown,
        };
    }

    /// <summary>By the exception of a driver.</summary>
    public static ErrorMeaning OfMySql(Exception e) =>
        e is MySqlException known ? OfMySql(known.Number, known.SqlState) : ErrorMeaning.Unknown;

    /// <summary>
    /// By SQLite's primary code, for a statement other than the transaction's commit: no server continues in the
    /// background, so only a failed commit has an unknown outcome.
    /// </summary>
    public static ErrorMeaning OfSqlite(int code, int extendedCode) =>
        code switch
        {
            raw.SQLITE_CONSTRAINT => extendedCode is raw.SQLITE_CONSTRAINT_PRIMARYKEY or raw.SQLITE_CONSTRAINT_UNIQUE
                ? ErrorMeaning.Duplicate
                : ErrorMeaning.RowFault,
            raw.SQLITE_TOOBIG or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE => ErrorMeaning.RowFault,
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED => ErrorMeaning.Lock,
            // The disk is full, the file cannot be written, opened or read, or is not a database: FULL, READONLY,
            // IOERR, CANTOPEN, PERM, NOTADB, CORRUPT.
            _ => ErrorMeaning.Refused,
        };

    /// <summary>By the exception of a driver.</summary>
    public static ErrorMeaning Of(SqliteException e) => OfSqlite(e.SqliteErrorCode, e.SqliteExtendedErrorCode);

    /// <summary>
    /// True for exceptions of SQLite or the file system, which are failures of the file and never mistakes of the
    /// caller.
    /// </summary>
    public static bool IsFileFailure(Exception e) => e is SqliteException or IOException or UnauthorizedAccessException;

    /// <summary>
    /// True if a connection to a server broke. The driver throws different exceptions for it, depending on what the
    /// session was doing.
    /// </summary>
    public static bool IsConnectionLost(Exception e) =>
        e switch
        {
            MySqlException { ErrorCode: MySqlErrorCode.CommandTimeoutExpired } => false,
            MySqlException known => known.InnerException is { } inner && IsConnectionLost(inner),
            _ => e is IOException or SocketException,
        };
}
