namespace GroupBuyActors.Testing.Silos;

/// <summary>Finds the silo that was built beside the tests, in the same configuration.</summary>
public static class SiloBinary
{
    /// <summary>
    /// Path of the silo's assembly: environment variable <c>GROUPBUY_SILO</c>, or the build output in the repository.
    /// </summary>
    public static string Path { get; } = Find();

    /// <summary>The root of the repository that these tests were built from.</summary>
    public static string Repository => FindRoot();

    private static string Find()
    {
        if (System.Environment.GetEnvironmentVariable("GROUPBUY_SILO") is { Length: > 0 } named)
            return System.IO.Path.GetFullPath(named);
        var own = AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug";
        var path = System.IO.Path.Combine(
            FindRoot(),
            "src",
            "GroupBuyActors.Silo",
            "bin",
            own,
            "net10.0",
            "GroupBuyActors.Silo.dll"
        );
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException(
                $"The silo is not built: {path}. Build it, or name one in GROUPBUY_SILO."
            );
    }

    private static string FindRoot()
    {
        for (
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            directory is not null;
            directory = directory.Parent
        )
            if (File.Exists(System.IO.Path.Combine(directory.FullName, "Directory.Packages.props")))
                return directory.FullName;
        throw new DirectoryNotFoundException("The repository was not found above the test.");
    }
}
