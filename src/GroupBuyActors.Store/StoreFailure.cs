using System.Data.Common;
using System.Net.Sockets;
using GroupBuyActors.Store.Databases;
using Microsoft.Data.Sqlite;
using MySqlConnector;

namespace GroupBuyActors.Store;

/// <summary>Distinguishes a failing database from a faulty request to it.</summary>
internal static class StoreFailure
{
    /// <summary>
    /// True if the failure is not of this row: the database is unreachable, slow or refuses writes, or a lock is held.
    /// False if this row cannot be read or written, now or later.
    /// </summary>
    public static bool IsOfTheDatabase(Exception e) =>
        e switch
        {
            MySqlException known => DatabaseErrors.OfMySql(known)
                is not (ErrorMeaning.RowFault or ErrorMeaning.Duplicate),
            SqliteException known => DatabaseErrors.Of(known) is not (ErrorMeaning.RowFault or ErrorMeaning.Duplicate),
            // The driver also throws InvalidOperationException for a broken connection.
            DbException
            or InvalidOperationException
            or OperationCanceledException
            or TimeoutException
            or IOException
            or SocketException => true,
            _ => false,
        };
}
