using System.Text.RegularExpressions;
using Xunit;

namespace GroupBuyActors.Architecture;

/// <summary>The glossary of <c>src/README.md</c>, and texts that stand on their own.</summary>
public sealed partial class WordTests
{
    private static readonly string[] Texts = ["*.cs", "*.csproj", "*.md", "*.sql", "*.yaml", "*.yml", "*.sh"];

    /// <summary>Words and phrases (<c>NearTask</c>) that the glossary's last column has in backticks.</summary>
    private static List<string[]> Unwanted()
    {
        var glossary = File.ReadLines(Path.Combine(Repository.Root, "src", "README.md"))
            .SkipWhile(line => line != "## Glossary")
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal));
        return
        [
            .. from line in glossary
            where line.StartsWith("| ", StringComparison.Ordinal)
            from word in Quoted().Matches(line.Split('|')[3])
            // A word that is wrong of one thing only stands before "of": a test cannot tell.
            where !line.Contains($"{word.Value} of ", StringComparison.Ordinal)
            select WordsOf(word.Groups[1].Value),
        ];
    }

    [Fact]
    public void TheGlossaryNamesWordsThatAreNotUsed() => Assert.InRange(Unwanted().Count, 25, 200);

    [Fact]
    public void IdentifiersUseTheGlossarysWords()
    {
        var unwanted = Unwanted();
        Claim.NobodyBreaks(
            "Words that the glossary in src/README.md replaces:",
            from file in Repository.Sources("src", "*.cs")
            from identifier in Identifiers(File.ReadAllText(file)).Distinct()
            let words = WordsOf(identifier)
            where unwanted.Exists(phrase => Contains(words, phrase))
            select $"{Repository.Relative(file)}: {identifier}"
        );
    }

    [Fact]
    public void NothingRefersToADocumentThatIsNotInTheRepository() =>
        Claim.NobodyBreaks(
            "Refers to a document that is not here; write the sentence that it stood for:",
            from directory in (string[])["src", "tests", "deploy"]
            from pattern in Texts
            from file in Repository.Sources(directory, pattern)
            where Path.GetFileName(file) != "WordTests.cs"
            from line in File.ReadLines(file).Select((text, index) => (Text: text, Number: index + 1))
            where Reference().IsMatch(line.Text)
            select $"{Repository.Relative(file)}:{line.Number}: {line.Text.Trim()}"
        );

    private static IEnumerable<string> Identifiers(string code) =>
        Tokens().Matches(code).Where(token => token.Groups["id"].Success).Select(token => token.Value);

    private static string[] WordsOf(string identifier) =>
        [.. Words().Matches(identifier).Select(word => word.Value.ToUpperInvariant())];

    private static bool Contains(string[] words, string[] phrase) =>
        Enumerable
            .Range(0, Math.Max(0, words.Length - phrase.Length + 1))
            .Any(start => words.AsSpan(start, phrase.Length).SequenceEqual(phrase));

    [GeneratedRegex("`([A-Za-z]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex("[A-Z]?[a-z]+|[A-Z]+(?![a-z])")]
    private static partial Regex Words();

    // Comments and texts are matched first, so that no identifier is found in them.
    [GeneratedRegex(
        """//[^\n]*|/\*.*?\*/|\$*"{3,}.*?"{3,}|[$@]*@[$]?"(?:[^"]|"")*"|\$?"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'"""
            + @"|(?<id>[A-Za-z_]\w*)",
        RegexOptions.Singleline
    )]
    private static partial Regex Tokens();

    [GeneratedRegex(@"\b(DESIGN|SPEC|TRAPS|STYLE)\b|\b[TN]\d{1,2}(?=_[A-Z]|[:;,.)]| \(|$)|\(T\d{1,2}\)|\bissue \d")]
    private static partial Regex Reference();
}
