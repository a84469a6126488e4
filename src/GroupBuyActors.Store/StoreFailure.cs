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
    /// True where everybody would meet it, or the same call again may not: the database is away, slow, refuses writes,
    /// or a lock is held. False where it is this row that cannot be read or written, now or later.
    /// </summary>
    public static bool IsOfTheDatabase(Exception e) =>
        e switch
        {
            MySqlException known => DatabaseErrors.OfMySql(known)
                is not (ErrorMeaning.RowFault or ErrorMeaning.Duplicate),
            SqliteException known => DatabaseErrors.Of(known) is not (ErrorMeaning.RowFault or ErrorMeaning.Duplicate),
            // The driver says so of a connection that broke, among others.
            DbException
            or InvalidOperationException
            or OperationCanceledException
            or TimeoutException
            or IOException
            or SocketException => true,
            _ => false,
        };
}
