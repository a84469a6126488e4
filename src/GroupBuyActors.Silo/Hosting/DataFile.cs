using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Store;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>Checks that the directory of the SQLite file can be written, before anything opens the file.</summary>
internal static class DataFile
{
    public static void Prepare(StorageSettings storage)
    {
        if (storage.Provider != StoreProvider.Sqlite)
            return;
        var builder = new SqliteConnectionStringBuilder(storage.ConnectionString);
        if (
            builder.Mode == SqliteOpenMode.Memory
            || builder.DataSource is ":memory:"
            || builder.DataSource.StartsWith("file:", StringComparison.Ordinal)
        )
            return;
        var file = Path.GetFullPath(builder.DataSource);
        var directory = Path.GetDirectoryName(file)!;
        try
        {
            Directory.CreateDirectory(directory);
            using var probe = new FileStream(
                Path.Combine(directory, $".{Path.GetFileName(file)}.probe"),
                new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    Options = FileOptions.DeleteOnClose,
                }
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"The data directory {directory} is not writable: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
