using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Store;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>The database that stores everything (<c>GroupBuy:Storage</c>, <c>ConnectionStrings:GroupBuy</c>).</summary>
internal sealed record StorageSettings
{
    /// <summary>Default: SQLite, which needs no installation.</summary>
    public StoreProvider Provider { get; init; } = StoreProvider.Sqlite;

    /// <summary>Databases by range of slots; cannot be set in this release.</summary>
    public IReadOnlyDictionary<string, string>? Slots { get; init; }

    /// <summary>Set as <c>ConnectionStrings:GroupBuy</c>.</summary>
    public string ConnectionString { get; private init; } = new StoreOptions().ConnectionString;

    /// <summary>Reads and checks the settings; nothing is opened.</summary>
    public static StorageSettings Read(SettingsReader storage, string? connectionString)
    {
        var settings = storage.Bind<StorageSettings>();
        if (settings.Slots is not null)
            storage.Fault("Slots", "cannot be set: this release does not support several databases");
        if (!string.IsNullOrWhiteSpace(connectionString))
            settings = settings with { ConnectionString = connectionString };
        else if (settings.Provider == StoreProvider.MySql)
            storage.Fault("Provider", "MySql requires ConnectionStrings:GroupBuy");
        Check(settings.Provider, settings.ConnectionString, storage);
        return settings;
    }

    private static void Check(StoreProvider provider, string text, SettingsReader storage)
    {
        try
        {
            if (provider == StoreProvider.MySql)
                _ = new MySqlConnector.MySqlConnectionStringBuilder(text);
            else if (new Microsoft.Data.Sqlite.SqliteConnectionStringBuilder(text).DataSource.Length == 0)
                storage.Fault("Provider", "ConnectionStrings:GroupBuy must have a Data Source");
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            storage.Fault(
                "Provider",
                $"ConnectionStrings:GroupBuy is not a valid connection string for {provider}: {e.Message.TrimEnd('.')}"
            );
        }
    }
}
