using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace GroupBuyActors.Store.Databases;

/// <summary>What a database file is known to contain.</summary>
/// <param name="Stream">The stream of the process that wrote last.</param>
/// <param name="Position">The stream's last acknowledged position, 0 for none.</param> <param name="Length">The file's
/// length in bytes after a normal stop, otherwise 0.</param> <param name="Sha256">The file's hash in hex after a normal
/// stop; null while a process writes, and after a crash.</param>
internal sealed record MarkedState(long Stream, long Position, long Length = 0, string? Sha256 = null);

/// <summary>
/// A small file beside a SQLite database that records the last acknowledged commit. SQLite itself treats an emptied
/// file as a new one, and a file whose write-ahead log is missing or damaged as an older one, without an error.
/// </summary>
/// <remarks>
/// Written after every transaction of commits and before they are acknowledged, without waiting for the disk: it
/// survives a crash of the process, and after a loss of power it may be older than the database, never newer. It is
/// flushed at checkpoints and at the end. It has two slots that are written alternately, each with a check sum, so that
/// an interrupted write leaves the previous one.
/// </remarks>
internal sealed class SqliteMark(string databasePath) : IDisposable
{
    private const int SlotBytes = 256;
    private readonly Lock _gate = new();
    private FileStream? _file;
    private long _number;

    /// <summary>Beside the database. Removing it accepts the file as it is, even if commits are missing.</summary>
    public string Path { get; } = databasePath + ".mark";

    /// <summary>
    /// What this process wrote last; null if it has written nothing and therefore knows nothing about the file.
    /// </summary>
    public MarkedState? Written { get; private set; }

    /// <summary>
    /// What any process wrote last, or null if nothing was written; throws <see cref="InvalidDataException"/> if the
    /// file is damaged.
    /// </summary>
    public MarkedState? Read()
    {
        lock (_gate)
        {
            var bytes =
                _file is not null ? ReadOpen(_file)
                : File.Exists(Path) ? File.ReadAllBytes(Path)
                : [];
            if (bytes.Length == 0)
                return null;
            return Newest(bytes)?.State ?? throw new InvalidDataException($"The file {Path} is damaged.");
        }
    }

    public void Write(MarkedState state)
    {
        lock (_gate)
        {
            if (_file is null)
            {
                const FileShare others = FileShare.ReadWrite | FileShare.Delete;
                _file = new FileStream(Path, FileMode.OpenOrCreate, FileAccess.ReadWrite, others, bufferSize: 0);
                _number = Newest(ReadOpen(_file))?.Number ?? 0;
            }
            _number++;
            var text = Encoding.ASCII.GetBytes(Text(_number, state));
            RandomAccess.Write(_file.SafeFileHandle, text, _number % 2 * SlotBytes);
            Written = state;
        }
    }

    /// <summary>Waits until the last write is on disk.</summary>
    public void Flush()
    {
        lock (_gate)
            _file?.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _file?.Dispose();
            (_file, Written) = (null, null);
        }
    }

    private static byte[] ReadOpen(FileStream file)
    {
        var bytes = new byte[RandomAccess.GetLength(file.SafeFileHandle)];
        RandomAccess.Read(file.SafeFileHandle, bytes, 0);
        return bytes;
    }

    private static (long Number, MarkedState State)? Newest(byte[] bytes) =>
        bytes.Chunk(SlotBytes).Select(Parse).Where(slot => slot is not null).MaxBy(slot => slot!.Value.Number);

    private static string Text(long number, MarkedState state)
    {
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"groupbuy mark 1 {number} stream {state.Stream} position {state.Position} "
                + $"length {state.Length} sha256 {state.Sha256 ?? "-"}"
        );
        return $"{text} check {Check(text)}".PadRight(SlotBytes - 1) + '\n';
    }

    private static (long Number, MarkedState State)? Parse(byte[] slot)
    {
        var words = Encoding.ASCII.GetString(slot).TrimEnd().Split(' ');
        if (
            words
            is not [
                "groupbuy",
                "mark",
                "1",
                var number,
                "stream",
                var stream,
                "position",
                var position,
                "length",
                var length,
                "sha256",
                var sha,
                "check",
                var check,
            ]
        )
            return null;
        if (Check(string.Join(' ', words[..^2])) != check)
            return null;
        return (
            Number(number),
            new MarkedState(Number(stream), Number(position), Number(length), sha == "-" ? null : sha)
        );
    }

    private static long Number(string text) =>
        long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    private static string Check(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)).AsSpan(0, 8));
}
