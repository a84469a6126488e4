using Confluent.Kafka;

namespace GroupBuyActors.Client;

/// <summary>
/// Where a consumer group begins that has read nothing yet, and so where a group's first event may be.
/// </summary>
public enum GroupEventStart
{
    /// <summary>
    /// At the oldest event (default). The topic keeps everything: a group begins at sequence 1, anything else is a gap.
    /// </summary>
    Beginning,

    /// <summary>At the oldest event that the topic still has: a group first seen may begin anywhere.</summary>
    Retained,

    /// <summary>At what is published from now on: a group first seen may begin anywhere.</summary>
    Latest,
}

/// <summary>How a <see cref="GroupEventConsumer"/> reads. Checked when it is made, all faults in one message.</summary>
public sealed class GroupEventConsumerOptions
{
    /// <summary>The brokers to ask first: <c>host:port</c>, comma separated.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>The consumer group: one name for all processes that keep one view.</summary>
    public string ConsumerGroup { get; set; } = "";

    /// <summary>The topic: <c>groupbuy.group-events</c>.</summary>
    public string Topic { get; set; } = "groupbuy.group-events";

    /// <summary>Where a new consumer group begins: <see cref="GroupEventStart.Beginning"/>.</summary>
    public GroupEventStart Start { get; set; }

    /// <summary>Messages handled together at most: 500, a transaction of some milliseconds.</summary>
    public int BatchSizeMax { get; set; } = 500;

    /// <summary>
    /// Messages of one partition that wait in memory at most: 10,000, some ten megabytes. From there on the partition
    /// is paused, until half of them are handled. Going on after a pause takes the client library some tenths of a
    /// second (0.4 s measured), in which the other half keeps the view busy.
    /// </summary>
    public int QueueSizeMax { get; set; } = 10_000;

    /// <summary>
    /// Groups of one partition whose last sequence is kept in memory: 10,000, about a megabyte. Others are asked of the
    /// view.
    /// </summary>
    public int GroupsInMemoryMax { get; set; } = 10_000;

    /// <summary>Wait before a failed batch is handled again, doubled each time: 100 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait between two tries: 30 s.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Tries after the first before <see cref="GroupEventConsumer.RunAsync"/> ends with what the last one met; null
    /// (default): without end.
    /// </summary>
    public int? RetryCountMax { get; set; }

    /// <summary>
    /// How often offsets of what is stored are sent to the broker: 1 s. They only save reading again; the view's
    /// sequences decide.
    /// </summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long the batch in hand may take to end when its partition is taken away, or the consumer is stopped: 10 s.
    /// Then it is abandoned.
    /// </summary>
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the end of a paused partition is asked for, so that its lag is told: 5 s.</summary>
    public TimeSpan LagInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What to do about missing events: stop (default). <see cref="GapAnswers.FromHistory"/> reads them elsewhere.
    /// </summary>
    public Func<GroupEventGap, CancellationToken, ValueTask<GapAnswer>> OnGap { get; set; } =
        static (_, _) => ValueTask.FromResult(GapAnswer.Stop);

    /// <summary>
    /// Called with a message that is not a valid event, before the partition continues after it; by default it is
    /// counted and logged only. May be told twice of one. Where it throws, it is told again.
    /// </summary>
    public Func<MalformedMessage, CancellationToken, ValueTask>? OnMalformed { get; set; }

    /// <summary>
    /// The last word on Kafka's own settings: encryption, credentials, client id. What keeps the promises of the
    /// consumer is set after it.
    /// </summary>
    public Action<ConsumerConfig>? Configure { get; set; }

    internal void Check()
    {
        var faults = new List<string>();
        Unless(!string.IsNullOrWhiteSpace(BootstrapServers), "BootstrapServers must not be empty.");
        Unless(!string.IsNullOrWhiteSpace(ConsumerGroup), "ConsumerGroup must not be empty.");
        Unless(!string.IsNullOrWhiteSpace(Topic), "Topic must not be empty.");
        Unless(Enum.IsDefined(Start), "Start must be one of its defined values.");
        Unless(BatchSizeMax is >= 1 and <= 100_000, "BatchSizeMax must be between 1 and 100,000.");
        Unless(
            QueueSizeMax >= BatchSizeMax && QueueSizeMax <= 1_000_000,
            "QueueSizeMax must be between BatchSizeMax and 1,000,000."
        );
        Unless(GroupsInMemoryMax is >= 1 and <= 10_000_000, "GroupsInMemoryMax must be between 1 and 10,000,000.");
        Unless(
            RetryDelay > TimeSpan.Zero && RetryDelay <= RetryDelayMax,
            "RetryDelay must be above 0 and at most RetryDelayMax."
        );
        Unless(RetryDelayMax <= TimeSpan.FromHours(1), "RetryDelayMax must be at most 1 hour.");
        Unless(RetryCountMax is null or >= 0, "RetryCountMax must be null or at least 0.");
        Unless(
            CommitInterval >= TimeSpan.FromMilliseconds(10) && CommitInterval <= TimeSpan.FromHours(1),
            "CommitInterval must be between 10 ms and 1 hour."
        );
        Unless(
            HandOverTimeout > TimeSpan.Zero && HandOverTimeout <= TimeSpan.FromMinutes(2),
            "HandOverTimeout must be above 0 and at most 2 minutes."
        );
        Unless(
            LagInterval > TimeSpan.Zero && LagInterval <= TimeSpan.FromHours(1),
            "LagInterval must be above 0 and at most 1 hour."
        );
        Unless(OnGap is not null, "OnGap must not be null.");
        if (faults.Count > 0)
            throw new ArgumentException($"The consumer's options are invalid: {string.Join(' ', faults)}");

        void Unless(bool holds, string fault)
        {
            if (!holds)
                faults.Add(fault);
        }
    }

    internal ConsumerConfig ToConfig()
    {
        var config = new ConsumerConfig
        {
            // What waits in the client library besides what waits here: enough to fill a queue, never tens of megabytes
            // a partition.
            QueuedMinMessages = Math.Min(QueueSizeMax, 10_000),
            QueuedMaxMessagesKbytes = 8 * 1024,
            // A partition that goes on after a pause waits for the fetch that is under way for others: a tenth of a
            // second, not half of one.
            FetchWaitMaxMs = 100,
            // A broker that takes requests and answers none is given up after this, not after the client library's
            // minute.
            SocketTimeoutMs = 10_000,
            // So long the coordinator waits for a reader that is handing over, and a reader for a coordinator that took
            // its request to join and answers none: not the client library's five minutes. Above the session timeout of
            // 45 s, as it has to be.
            MaxPollIntervalMs = (int)(HandOverTimeout + TimeSpan.FromSeconds(50)).TotalMilliseconds,
        };
        Configure?.Invoke(config);
        config.BootstrapServers = BootstrapServers;
        config.GroupId = ConsumerGroup;
        config.AutoOffsetReset = Start == GroupEventStart.Latest ? AutoOffsetReset.Latest : AutoOffsetReset.Earliest;
        // An offset is noted once its event is stored, by hand; what is noted is sent from time to time, and when a
        // partition goes.
        config.EnableAutoOffsetStore = false;
        config.EnableAutoCommit = true;
        config.AutoCommitIntervalMs = (int)CommitInterval.TotalMilliseconds;
        config.EnablePartitionEof = true;
        config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
        config.IsolationLevel = IsolationLevel.ReadCommitted;
        return config;
    }
}
