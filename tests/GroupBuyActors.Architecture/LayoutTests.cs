using System.Diagnostics;
using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>Layout is nobody's choice, so that changes merge and a reader sees whole lines.</summary>
public sealed class LayoutTests
{
    private const int ColumnsMax = 120;

    private static readonly string[] CodeFolders = ["src", "tests"];

    // The formatter does not break strings and comments, so they count, too.
    [Fact]
    public void EveryLineFitsIn120Columns() =>
        Claim.NobodyBreaks(
            $"Longer than {ColumnsMax} columns; break strings with + or as raw strings:",
            from folder in CodeFolders
            from file in Repository.Sources(folder, "*.cs")
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where line.Text.Length > ColumnsMax
            select $"{Repository.Relative(file)}:{line.Number}: {line.Text.Length} columns"
        );

    [Fact]
    public async Task TheLayoutIsTheFormatters()
    {
        var (status, output) = await RunAsync(["csharpier", "check", .. CodeFolders]);
        Assert.True(
            status == 0,
            "Not formatted; run `dotnet tool restore` and `dotnet csharpier format src tests`. "
                + $"The formatter ended with status {status}:\n{output}"
        );
    }

    private static async Task<(int Status, string Output)> RunAsync(string[] arguments)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", arguments)
            {
                WorkingDirectory = Repository.Root,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var errors = process.StandardError.ReadToEndAsync(cancellation);
        var output = await process.StandardOutput.ReadToEndAsync(cancellation);
        await process.WaitForExitAsync(cancellation);
        return (process.ExitCode, output + await errors);
    }
}
