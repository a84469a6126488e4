using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace GroupBuyActors.Store.Migrations;

/// <summary>One step of the schema: a file <c>0001_name.sql</c>, forward only, never changed after a release.</summary>
/// <param name="Version">From the file's name.</param>
/// <param name="Name">The file's name.</param> <param name="Text">With line feeds only, so that the hash does not
/// depend on how the file was checked out.</param>
internal sealed record Migration(int Version, string Name, string Text)
{
    /// <summary>The hash of the text, in hex.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Text)));

    /// <summary>The store's migrations in the folder of that name beside this file, in order.</summary>
    public static IReadOnlyList<Migration> Of(string folder) =>
        Of(typeof(Migration).Assembly, $"{typeof(Migration).Namespace}.{folder}.");

    /// <summary>
    /// The migrations in an assembly's resources whose names begin with <paramref name="prefix"/>, in order.
    /// </summary>
    public static IReadOnlyList<Migration> Of(Assembly assembly, string prefix) =>
        assembly
            .GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => Read(assembly, name, name[prefix.Length..]))
            .OrderBy(migration => migration.Version)
            .ToList();

    /// <summary>The statements: split at semicolons that are neither quoted nor in a comment.</summary>
    public IEnumerable<string> Statements()
    {
        var start = 0;
        for (var at = 0; at < Text.Length; at++)
        {
            if (Text[at] == '\'')
                at = EndOfQuoted(at);
            else if (Text[at] == '-' && at + 1 < Text.Length && Text[at + 1] == '-')
                at = EndOfLine(at);
            else if (Text[at] == ';')
            {
                yield return Text[start..at];
                start = at + 1;
            }
        }
    }

    private int EndOfQuoted(int quote)
    {
        var end = Text.IndexOf('\'', quote + 1);
        return end < 0 ? throw new FormatException($"{Name} has an unterminated quote.") : end;
    }

    private int EndOfLine(int at) => Text.IndexOf('\n', at) is var end and >= 0 ? end : Text.Length;

    private static Migration Read(Assembly assembly, string resource, string file)
    {
        using var stream = assembly.GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return new Migration(
            int.Parse(file.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture),
            file,
            reader.ReadToEnd().ReplaceLineEndings("\n")
        );
    }
}

/// <summary>
/// A migration as the database records it. <see cref="Applied"/> is false if it was begun and not completed.
/// </summary>
internal sealed record AppliedMigration(int Version, string Name, string Sha256, bool Applied);

/// <summary>Compares a release's migrations with a database's.</summary>
internal static class MigrationPlan
{
    /// <summary>
    /// The migrations that are not applied yet. A database newer than this release is valid, because schemas only grow
    /// (a rolling update). Throws if a migration was changed after it was applied.
    /// </summary>
    public static IReadOnlyList<Migration> Pending(
        IReadOnlyList<Migration> known,
        IReadOnlyList<AppliedMigration> applied
    )
    {
        var byVersion = applied.ToDictionary(migration => migration.Version);
        foreach (var migration in known)
            if (byVersion.TryGetValue(migration.Version, out var there) && there.Sha256 != migration.Sha256)
                throw new StoreUnusableException(
                    $"Migration {migration.Name} was applied to this database with a different text "
                        + $"({there.Name}, sha256 {there.Sha256[..12]}…); restore the old file and add a new one, or "
                        + "start with an empty database."
                );
        return known
            .Where(migration => !byVersion.TryGetValue(migration.Version, out var there) || !there.Applied)
            .ToList();
    }
}
