using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using GroupBuyActors.Samples.InventoryView;

namespace GroupBuyActors.Cluster.Checks;

/// <summary>
/// What others heard: every event of every journal is on the topic, in each group's order, repeated only as a whole and
/// word by word; and a view that was made from the topic alone tells what the journal tells.
/// </summary>
internal sealed class TopicAudit(string bootstrapServers, IReadOnlyDictionary<string, GroupStory> stories)
{
    private const string Topic = "groupbuy.group-events";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private List<string> _faults = [];

    /// <summary>Messages on the topic.</summary>
    public int Messages { get; private set; }

    /// <summary>Messages that were there before.</summary>
    public int Repeats { get; private set; }

    /// <summary>Reads the whole topic and compares it; gives every fault found.</summary>
    public IReadOnlyList<string> Audit()
    {
        (_faults, Repeats) = ([], 0);
        var heard = new Dictionary<string, List<ConsumeResult<byte[], byte[]>>>();
        foreach (var message in ReadAll())
        {
            var group = Encoding.UTF8.GetString(message.Message.Key);
            if (!heard.TryGetValue(group, out var own))
                heard[group] = own = [];
            Hear(group, message, own);
        }
        foreach (var (group, story) in stories)
            if (heard.GetValueOrDefault(group)?.Count is var count && (count ?? 0) != story.Sequence)
                _faults.Add($"{count ?? 0} of {story.Sequence} events of {group} are on the topic");
        foreach (var stranger in heard.Keys.Except(stories.Keys))
            _faults.Add($"the topic tells of {stranger}, which nobody published");
        return _faults;
    }

    /// <summary>Compares a view made from the topic; gives every fault found.</summary>
    public IReadOnlyList<string> Audit(IReadOnlyList<InventoryLine> view)
    {
        var faults = new List<string>();
        var lines = view.ToDictionary(line => line.Group.Value);
        foreach (var (group, story) in stories)
        {
            if (!lines.Remove(group, out var line))
            {
                faults.Add($"the view knows nothing of {group}");
                continue;
            }
            var (seen, told) = (
                (line.Sequence, line.SeatsTaken, line.Reserved, line.Deducted, line.Released, line.Outstanding),
                (story.Sequence, story.SeatsTaken, story.Reserved, story.Deducted, story.Released, story.Outstanding)
            );
            if (seen != told)
                faults.Add($"the view has {seen} of {group}, its history {told}");
        }
        faults.AddRange(lines.Keys.Select(stranger => $"the view knows {stranger}, which nobody published"));
        return faults;
    }

    private void Hear(string group, ConsumeResult<byte[], byte[]> message, List<ConsumeResult<byte[], byte[]>> own)
    {
        var sequence = long.Parse(Header(message, "ce_sequence"), NumberStyles.None, CultureInfo.InvariantCulture);
        var id = $"{group}:{sequence}";
        if (Header(message, "ce_id") != id)
            _faults.Add($"{id} has the id {Header(message, "ce_id")}");
        if (own.Count > 0 && own[0].Partition != message.Partition)
            _faults.Add(
                $"{id} is on partition {message.Partition.Value} and the group's first on {own[0].Partition.Value}"
            );
        if (sequence <= own.Count)
        {
            // A consumer drops it unread, so it must be what the consumer read before.
            Repeats++;
            if (!IsSame(own[(int)sequence - 1].Message, message.Message))
                _faults.Add($"{id} was repeated with other words");
            return;
        }
        if (sequence != own.Count + 1)
        {
            _faults.Add($"{id} follows on {own.Count}");
            return;
        }
        own.Add(message);
        if (!stories.TryGetValue(group, out var story) || story.Items.Count < sequence)
            return;
        var told = story.Items[(int)sequence - 1];
        if (Header(message, "ce_type") != $"groupbuy.{told.GetProperty("type").GetString()}.v1")
            _faults.Add($"{id} is a {Header(message, "ce_type")} and a {told.GetProperty("type")} in the history");
        using var data = JsonDocument.Parse(message.Message.Value);
        if (!JsonElement.DeepEquals(data.RootElement, told.GetProperty("data")))
            _faults.Add(
                $"{id} says {data.RootElement.GetRawText()} and the history {told.GetProperty("data").GetRawText()}"
            );
    }

    private List<ConsumeResult<byte[], byte[]>> ReadAll()
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(
            new ConsumerConfig
            {
                BootstrapServers = bootstrapServers,
                GroupId = "audit",
                EnableAutoCommit = false,
                EnablePartitionEof = true,
            }
        ).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin
            .GetMetadata(Topic, Patience)
            .Topics.Single()
            .Partitions.Select(partition => new TopicPartition(Topic, partition.PartitionId))
            .ToList();
        consumer.Assign(partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        var messages = new List<ConsumeResult<byte[], byte[]>>();
        for (var ended = 0; ended < partitions.Count; )
        {
            var next =
                consumer.Consume(Patience)
                ?? throw new TimeoutException(
                    $"The topic was not read to its end: {ended} of {partitions.Count} partitions, "
                        + $"{messages.Count} messages."
                );
            if (next.IsPartitionEOF)
                ended++;
            else
                messages.Add(next);
        }
        Messages = messages.Count;
        return messages;
    }

    private static string Header(ConsumeResult<byte[], byte[]> message, string name) =>
        message.Message.Headers.TryGetLastBytes(name, out var value) ? Encoding.UTF8.GetString(value) : "";

    private static bool IsSame(Message<byte[], byte[]> first, Message<byte[], byte[]> second) =>
        first.Value.AsSpan().SequenceEqual(second.Value) && Text(first) == Text(second);

    private static string Text(Message<byte[], byte[]> message) =>
        string.Join(
            '\n',
            message
                .Headers.Select(header => $"{header.Key}={Encoding.UTF8.GetString(header.GetValueBytes())}")
                .Order(StringComparer.Ordinal)
        );
}
