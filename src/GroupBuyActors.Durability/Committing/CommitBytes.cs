using GroupBuyActors.Tasks;

namespace GroupBuyActors.Committing;

/// <summary>
/// The largest size of each part of a commit in one packet to a database, in bytes. Rules limit what they decide by
/// these sizes, and the store refuses by the same sizes, so that what a rule decides does fit.
/// </summary>
internal static class CommitBytes
{
    /// <summary>The size of a commit without its parts.</summary>
    public const int Fixed = 400;

    /// <summary>The size of one task to remove.</summary>
    public const int Removal = 250;

    /// <summary>
    /// The smallest commit limit that a silo may be configured with: any one decision with one event of its fan-out, or
    /// 256 firings of schedules, with a reserve.
    /// </summary>
    public const int LeastMax = 256 * 1024;

    private const int Event = 400;
    private const int Task = 700;
    private const int Outcome = 800;
    private const int Utf8BytesPerCharacter = 3;

    /// <summary>The size of an event with a payload of this length.</summary>
    public static int OfEvent(int payloadLength) => Event + payloadLength;

    /// <summary>The size of a task to schedule or to update.</summary>
    public static int OfTask(TimedTask task) => OfTask(task.Payload.Length) + OfText(task.LastError);

    /// <summary>The size of a task without an error and with a payload of this length.</summary>
    public static int OfTask(int payloadLength) => Task + payloadLength;

    /// <summary>The size of a task's outcome.</summary>
    public static int OfOutcome(int payloadLength, string? error) => Outcome + payloadLength + OfText(error);

    /// <summary>The size of a text, whatever characters it has.</summary>
    public static int OfText(string? text) => Utf8BytesPerCharacter * (text?.Length ?? 0);
}
