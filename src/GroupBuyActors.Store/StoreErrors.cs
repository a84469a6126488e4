using System.Data.Common;
using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;
using MySqlConnector;

namespace GroupBuyActors.Store;

/// <summary>What a database error means for the caller.</summary>
internal static class StoreErrors
{
    // ER_BAD_FIELD_ERROR, ER_PARSE_ERROR: a statement of ours that the server does not understand.
    private const int BadField = 1054,
        BadSyntax = 1064;

    /// <summary>
    /// True if the same statement may succeed when it is sent again: the server is unreachable, full or read-only, a
    /// lock, a time-out. False if the statement itself is at fault, for example by a value that its column cannot hold.
    /// </summary>
    public static bool IsTransient(DbException error) =>
        error switch
        {
            MySqlException { Number: BadField or BadSyntax } => false,
            MySqlException mySql => DatabaseErrors.OfMySql(mySql)
                is not (ErrorMeaning.RowFault or ErrorMeaning.Duplicate),
            SqliteException sqlite => DatabaseErrors.Of(sqlite) is not (ErrorMeaning.RowFault or ErrorMeaning.Duplicate)
                && sqlite.SqliteErrorCode != SQLitePCL.raw.SQLITE_ERROR,
            _ => true,
        };
}
