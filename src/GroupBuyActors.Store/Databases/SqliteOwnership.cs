namespace GroupBuyActors.Store.Databases;

/// <summary>
/// One process owns a database file: it holds a lock of the operating system on a file beside it. The lock ends with
/// the process however that ends; that the file exists means nothing.
/// </summary>
internal sealed class SqliteOwnership : IDisposable
{
    private readonly FileStream _file;

    private SqliteOwnership(FileStream file) => _file = file;

    /// <summary>Takes the lock, or throws with one sentence.</summary>
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
    /// Takes the lock for a moment, or gives null where another process has it or there is no place for it.
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
