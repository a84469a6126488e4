using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace GroupBuyActors.Tasks;

/// <summary>An entry of a <see cref="TaskWheel{TItem}"/> that is due.</summary>
internal readonly record struct DueEntry<TItem>(string Id, DateTimeOffset Due, TItem Item);

/// <summary>
/// Holds tasks in memory by the millisecond at which they are due. The cost of adding and cancelling does not depend on
/// the number of tasks, and the next due time is exact, so that its owner can sleep until then. It reads no clock and
/// is not thread-safe: the owner has the clock and locks.
/// </summary>
/// <remarks>
/// A hierarchical timing wheel (Varghese and Lauck 1987, scheme 7): six levels of 256 slots, each slot as long as a
/// whole turn of the level below, beginning with 1 ms. An entry is in the level of the highest digit (base 256) in
/// which its due time differs from the wheel's position, so every entry of a lower level is due before any of a higher
/// one. A slot of an upper level is distributed over the levels below when the position reaches it; an entry due within
/// a day is moved at most three times. Entries due at or before the position are in a heap: those that are due, and
/// those added while the position is at the next due time, ahead of the clock. Entries of the same millisecond are
/// returned in the order in which they were added.
/// </remarks>
internal sealed class TaskWheel<TItem>
{
    private const int Levels = 6,
        SlotBits = 8,
        Slots = 1 << SlotBits,
        Mask = Slots - 1;
    private const int CancelledEntriesMax = 1024;
    private static readonly long LastMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Entry?[] _slots = new Entry?[Levels * Slots];
    private readonly ulong[] _occupied = new ulong[Levels * Slots / 64];
    private PriorityQueue<Entry, (long Due, long Addition)> _ready = new();
    private long _position;
    private long _additions;
    private int _cancelled;

    /// <summary>
    /// Creates an empty wheel; entries due before <paramref name="start"/> may be added and are due at once.
    /// </summary>
    public TaskWheel(DateTimeOffset start) => _position = Math.Max(0, start.ToUnixTimeMilliseconds());

    public int Count => _entries.Count;

    /// <summary>
    /// Adds an entry; false, without a change, if the id exists. Due times are rounded up to whole milliseconds.
    /// </summary>
    public bool Add(string id, DateTimeOffset due, TItem item)
    {
        ref var added = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(
            _entries,
            id,
            out var exists
        );
        if (exists)
            return false;
        added = new Entry(id, item) { Due = MillisecondsUp(due), Addition = _additions++ };
        Insert(added);
        return true;
    }

    /// <summary>Gets an entry; false if the id does not exist.</summary>
    public bool TryGet(string id, out DateTimeOffset due, [MaybeNullWhen(false)] out TItem item)
    {
        var found = _entries.TryGetValue(id, out var entry);
        due = found ? DateTimeOffset.FromUnixTimeMilliseconds(entry!.Due) : default;
        item = found ? entry!.Item : default;
        return found;
    }

    /// <summary>Removes and returns an entry; false if the id does not exist.</summary>
    public bool Cancel(string id, [MaybeNullWhen(false)] out TItem item)
    {
        if (!_entries.Remove(id, out var entry))
        {
            item = default;
            return false;
        }

        item = entry.Item;
        Detach(entry);
        return true;
    }

    /// <summary>
    /// Removes all entries that are due at or after a time, and returns their number. Examines every entry.
    /// </summary>
    public int CancelFrom(DateTimeOffset due)
    {
        var late = _entries.Values.Where(entry => entry.Due >= due.ToUnixTimeMilliseconds()).ToList();
        foreach (var entry in late)
            Cancel(entry.Id, out _);
        return late.Count;
    }

    /// <summary>The earliest due time; null if the wheel is empty.</summary>
    public DateTimeOffset? NextDue() =>
        Turn(long.MaxValue) ? DateTimeOffset.FromUnixTimeMilliseconds(_ready.Peek().Due) : null;

    /// <summary>
    /// Removes entries that are due now, earliest first, appends them to <paramref name="into"/> and returns their
    /// number.
    /// </summary>
    public int PopDue(DateTimeOffset now, List<DueEntry<TItem>> into, int countMax = int.MaxValue)
    {
        var (limit, count) = (now.ToUnixTimeMilliseconds(), 0);
        while (count < countMax && Turn(limit) && _ready.Peek().Due <= limit)
        {
            var entry = _ready.Dequeue();
            _entries.Remove(entry.Id);
            into.Add(new DueEntry<TItem>(entry.Id, DateTimeOffset.FromUnixTimeMilliseconds(entry.Due), entry.Item));
            count++;
        }

        return count;
    }

    /// <summary>
    /// Turns the wheel until the earliest entry is in the heap, but not past a time; true if the heap has an entry.
    /// </summary>
    private bool Turn(long limit)
    {
        while (_ready.TryPeek(out var entry, out _) && entry.IsCancelled)
        {
            _ready.Dequeue();
            _cancelled--;
        }

        while (_ready.Count == 0)
        {
            if (!FindNext(out var level, out var slot, out var start) || start > limit)
                return false;
            _position = start;
            Open(level, slot);
        }

        return true;
    }

    /// <summary>
    /// Finds the next occupied slot and its start. Slots at and before the position are empty in every level.
    /// </summary>
    private bool FindNext(out int level, out int slot, out long start)
    {
        for (level = 0; level < Levels; level++)
        {
            var shift = level * SlotBits;
            if (!FindOccupied(level, (int)((_position >> shift) & Mask) + 1, out slot))
                continue;
            start = (((_position >> shift) & ~(long)Mask) | (long)slot) << shift;
            return true;
        }

        (slot, start) = (0, 0);
        return false;
    }

    private bool FindOccupied(int level, int from, out int slot)
    {
        for (slot = from; slot < Slots; slot = (slot | 63) + 1)
        {
            var word = _occupied[(level * Slots + slot) >> 6] >> (slot & 63);
            if (word == 0)
                continue;
            slot += BitOperations.TrailingZeroCount(word);
            return true;
        }

        return false;
    }

    private void Open(int level, int slot)
    {
        var index = level * Slots + slot;
        var entry = _slots[index];
        _slots[index] = null;
        _occupied[index >> 6] &= ~(1UL << (index & 63));
        while (entry is not null)
        {
            var next = entry.Next;
            (entry.Next, entry.Previous, entry.Slot) = (null, null, Entry.InHeap);
            Insert(entry);
            entry = next;
        }
    }

    private void Insert(Entry entry)
    {
        if (entry.Due <= _position)
        {
            entry.Slot = Entry.InHeap;
            _ready.Enqueue(entry, (entry.Due, entry.Addition));
            return;
        }

        var level = BitOperations.Log2((ulong)(entry.Due ^ _position)) / SlotBits;
        if (level >= Levels)
            throw new ArgumentOutOfRangeException(nameof(entry), "The due time is too far from the present.");
        Link(entry, level * Slots + (int)((entry.Due >> (level * SlotBits)) & Mask));
    }

    private void Link(Entry entry, int index)
    {
        entry.Slot = index;
        entry.Next = _slots[index];
        if (entry.Next is not null)
            entry.Next.Previous = entry;
        _slots[index] = entry;
        _occupied[index >> 6] |= 1UL << (index & 63);
    }

    private void Detach(Entry entry)
    {
        if (entry.Slot == Entry.InHeap)
        {
            entry.IsCancelled = true;
            if (++_cancelled > CancelledEntriesMax && _cancelled > _ready.Count / 2)
                Sweep();
            return;
        }

        if (entry.Previous is not null)
            entry.Previous.Next = entry.Next;
        else
            _slots[entry.Slot] = entry.Next;
        if (entry.Next is not null)
            entry.Next.Previous = entry.Previous;
        if (_slots[entry.Slot] is null)
            _occupied[entry.Slot >> 6] &= ~(1UL << (entry.Slot & 63));
    }

    // A heap cannot remove an entry from its middle, so cancelled entries stay until they reach the top, or until more
    // than half of the heap is cancelled.
    private void Sweep()
    {
        var remaining = new PriorityQueue<Entry, (long Due, long Addition)>();
        foreach (var (entry, priority) in _ready.UnorderedItems)
            if (!entry.IsCancelled)
                remaining.Enqueue(entry, priority);
        _ready = remaining;
        _cancelled = 0;
    }

    private static long MillisecondsUp(DateTimeOffset due)
    {
        // Rounded up, so that a task is late by less than a millisecond but never early.
        var floor = due.ToUnixTimeMilliseconds();
        return due.UtcTicks % TimeSpan.TicksPerMillisecond == 0 || floor == LastMs ? floor : floor + 1;
    }

    private sealed class Entry(string id, TItem item)
    {
        public const int InHeap = -1;
        public string Id { get; } = id;
        public TItem Item { get; } = item;
        public long Due { get; init; }
        public long Addition { get; init; }
        public int Slot { get; set; } = InHeap;
        public bool IsCancelled { get; set; }
        public Entry? Next { get; set; }
        public Entry? Previous { get; set; }
    }
}
