using GroupBuyActors.Sandbox.Books;
using Microsoft.Extensions.Logging;

namespace GroupBuyActors.Sandbox.Faults;

/// <summary>Log messages of the sandbox.</summary>
internal static partial class SandboxLog
{
    [LoggerMessage(
        6200,
        LogLevel.Warning,
        "The sandbox's books are not available; {Port} {Operation} {Key} gets no answer."
    )]
    public static partial void BooksUnavailable(
        ILogger log,
        Exception exception,
        SandboxPort port,
        string operation,
        string key
    );
}
