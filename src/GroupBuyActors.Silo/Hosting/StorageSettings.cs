using GroupBuyActors.Store;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>Which database holds everything (<c>GroupBuy:Storage</c>, <c>ConnectionStrings:GroupBuy</c>).</summary>
internal sealed record StorageSettings(StoreProvider Provider, string ConnectionString)
{
    /// <summary>Reads and checks the settings; nothing is opened.</summary>
    public static StorageSettings Read(SettingsReader settings, IConfiguration configuration)
    {
        var storage = settings.Section("Storage");
        var provider = storage.Choice("Provider", StoreProvider.Sqlite);
        if (storage.Has("Slots"))
            storage.Fault("Slots", "cannot be set: this release does not support several databases");
        var given = configuration.GetConnectionString("GroupBuy");
        if (string.IsNullOrWhiteSpace(given))
        {
            if (provider == StoreProvider.MySql)
                storage.Fault("Provider", "MySql requires ConnectionStrings:GroupBuy");
            given = new StoreOptions().ConnectionString;
        }

        Check(provider, given, storage);
        return new StorageSettings(provider, given);
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
