namespace GroupBuyActors.Store.Databases;

/// <summary>
/// Ownership of a database file by one process: an operating system's lock on a file beside it. The lock ends with the
/// process, however it ends; the existence of the file means nothing.
/// </summary>
internal sealed class SqliteOwnership : IDisposable
{
    private readonly FileStream _file;

    private SqliteOwnership(FileStream file) => _file = file;

    /// <summary>Takes the lock, or throws <see cref="StoreUnusableException"/>.</summary>
    public static SqliteOwnership Take(string databasePath)
    {
        var path = databasePath + ".lock";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new SqliteOwnership(
                new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None)
            );
        }
        catch (IOException e)
        {
            throw new StoreUnusableException(
                $"The database {databasePath} is in use by another process: only one silo can run on a SQLite file.",
                e
            );
        }
        catch (UnauthorizedAccessException e)
        {
            throw new StoreUnusableException(
                $"The lock file {path} cannot be written: the process needs write access to the directory of "
                    + "the database.",
                e
            );
        }
    }

    /// <summary>
    /// Takes the lock, or returns null if another process has it or if the lock file cannot be written.
    /// </summary>
    public static SqliteOwnership? TryTake(string databasePath)
    {
        try
        {
            return Take(databasePath);
        }
        catch (StoreUnusableException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
