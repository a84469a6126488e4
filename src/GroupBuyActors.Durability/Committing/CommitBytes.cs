using GroupBuyActors.Tasks;

namespace GroupBuyActors.Committing;

/// <summary>
/// What the parts of a commit take at most in one packet to a database: a rule cuts what it decides by these, and the
/// store refuses by these, so that what a rule thought would fit does fit.
/// </summary>
internal static class CommitBytes
{
    /// <summary>What every commit takes besides its parts.</summary>
    public const int Fixed = 400;

    /// <summary>A task to remove.</summary>
    public const int Removal = 250;

    /// <summary>
    /// The least that a silo must be able to commit at once: any one decision with one of its consequences, or 256
    /// firings of schedules, and room to spare.
    /// </summary>
    public const int LeastMax = 256 * 1024;

    private const int Event = 400;
    private const int Task = 700;
    private const int Ending = 800;
    private const int Utf8BytesPerCharacter = 3;

    /// <summary>An event, by the length of its payload.</summary>
    public static int OfEvent(int payloadLength) => Event + payloadLength;

    /// <summary>A task to schedule or to update.</summary>
    public static int OfTask(TimedTask task) => OfTask(task.Payload.Length) + OfText(task.LastError);

    /// <summary>A task without an error, by the length of its payload.</summary>
    public static int OfTask(int payloadLength) => Task + payloadLength;

    /// <summary>A task's end.</summary>
    public static int OfEnding(int payloadLength, string? error) => Ending + payloadLength + OfText(error);

    /// <summary>A text, whatever is in it.</summary>
    public static int OfText(string? text) => Utf8BytesPerCharacter * (text?.Length ?? 0);
}
