using System.Buffers;
using System.Buffers.Binary;

namespace GroupBuyActors.Activations;

/// <summary>
/// The memory of an activation that moves to another silo: its state in the form of a snapshot, which is versioned and
/// is read by older and newer releases in any case, so that there is no second form of a state to keep compatible.
/// </summary>
/// <param name="Sequence">The actor's last sequence, which is committed.</param>
/// <param name="SnapshotSequence">The sequence of its last stored snapshot, 0 for none.</param>
/// <param name="State">The state as a snapshot.</param>
internal sealed record ShippedActor(long Sequence, long SnapshotSequence, byte[] State)
{
    private const byte Version = 1;
    private const int HeaderLength = 1 + 2 * sizeof(long);

    /// <summary>Writes a version, both sequences and the state.</summary>
    public void WriteTo(IBufferWriter<byte> writer)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        header[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(header[1..], Sequence);
        BinaryPrimitives.WriteInt64LittleEndian(header[(1 + sizeof(long))..], SnapshotSequence);
        writer.Write(header);
        writer.Write(State);
    }

    /// <summary>Reads what <see cref="WriteTo"/> wrote; null for what another version wrote.</summary>
    public static ShippedActor? Read(ReadOnlySequence<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return null;
        Span<byte> header = stackalloc byte[HeaderLength];
        bytes.Slice(0, HeaderLength).CopyTo(header);
        return header[0] == Version
            ? new ShippedActor(
                BinaryPrimitives.ReadInt64LittleEndian(header[1..]),
                BinaryPrimitives.ReadInt64LittleEndian(header[(1 + sizeof(long))..]),
                bytes.Slice(HeaderLength).ToArray()
            )
            : null;
    }
}
