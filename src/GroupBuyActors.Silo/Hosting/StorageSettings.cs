using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Store;
using GroupBuyActors.Store.Slots;

namespace GroupBuyActors.Silo.Hosting;

/// <summary>The database that stores everything (<c>GroupBuy:Storage</c>, <c>ConnectionStrings:GroupBuy</c>).</summary>
internal sealed record StorageSettings
{
    /// <summary>Default: SQLite, which needs no installation.</summary>
    public StoreProvider Provider { get; init; } = StoreProvider.Sqlite;

    /// <summary>Several databases, by range of merchant slots; empty: one.</summary>
    public Dictionary<string, string> Slots { get; init; } = [];

    /// <summary>Set as <c>ConnectionStrings:GroupBuy</c>.</summary>
    public string ConnectionString { get; private init; } = new StoreOptions().ConnectionString;

    /// <summary>Reads and checks the settings; nothing is opened.</summary>
    public static StorageSettings Read(SettingsReader storage, string? connectionString)
    {
        var settings = storage.Bind<StorageSettings>();
        if (settings.Slots.Count > 0)
        {
            CheckSlots(settings, connectionString, storage);
            return settings;
        }

        if (!string.IsNullOrWhiteSpace(connectionString))
            settings = settings with { ConnectionString = connectionString };
        else if (settings.Provider == StoreProvider.MySql)
            storage.Fault("Provider", "MySql requires ConnectionStrings:GroupBuy, or Slots");
        Check(settings.Provider, settings.ConnectionString, storage);
        return settings;
    }

    private static void CheckSlots(StorageSettings settings, string? connectionString, SettingsReader storage)
    {
        if (settings.Provider != StoreProvider.MySql)
            storage.Fault("Slots", "can be set for the provider MySql only");
        if (!string.IsNullOrWhiteSpace(connectionString))
            storage.Fault("Slots", "cannot be set together with ConnectionStrings:GroupBuy");
        foreach (var (range, fault) in SlotRanges.Faults(settings.Slots))
            storage.Fault(range.Length == 0 ? "Slots" : $"Slots:{range}", fault);
        var databases = new Dictionary<(string, uint, string), string>();
        foreach (var (range, text) in settings.Slots.Where(slots => !string.IsNullOrWhiteSpace(slots.Value)))
            if (TryParse(text, out var database) is { } fault)
                storage.Fault($"Slots:{range}", $"is not a valid connection string for MySql: {fault}");
            else if (!databases.TryAdd(database, range))
                storage.Fault($"Slots:{range}", $"is the same database as that of Slots:{databases[database]}");
    }

    /// <summary>Null, or why the text is no connection string.</summary>
    private static string? TryParse(string text, out (string, uint, string) database)
    {
        database = default;
        try
        {
            var parsed = new MySqlConnector.MySqlConnectionStringBuilder(text);
            database = (parsed.Server.ToUpperInvariant(), parsed.Port, parsed.Database);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            return e.Message.TrimEnd('.');
        }
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
