using Confluent.Kafka;

namespace GroupBuyActors.Client;

/// <summary>
/// Where a new consumer group begins to read, and therefore which sequence a group's first event may have.
/// </summary>
public enum GroupEventStart
{
    /// <summary>
    /// At the oldest event (default), for a topic that keeps all events: a group begins at sequence 1, any other is a
    /// gap.
    /// </summary>
    Beginning,

    /// <summary>At the oldest event that the topic still has: a group may begin at any sequence.</summary>
    Retained,

    /// <summary>At the first event published from now on: a group may begin at any sequence.</summary>
    Latest,
}

/// <summary>
/// Options of a <see cref="GroupEventConsumer"/>. Checked when it is created, with all faults in one message.
/// </summary>
public sealed class GroupEventConsumerOptions
{
    /// <summary>The brokers to connect to first: <c>host:port</c>, separated by commas.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>The consumer group: the same name in all processes that update the same view.</summary>
    public string ConsumerGroup { get; set; } = "";

    /// <summary>The topic: <c>groupbuy.group-events</c>.</summary>
    public string Topic { get; set; } = "groupbuy.group-events";

    /// <summary>Where a new consumer group begins: <see cref="GroupEventStart.Beginning"/>.</summary>
    public GroupEventStart Start { get; set; }

    /// <summary>The largest number of messages in one batch: 500, a transaction of a few milliseconds.</summary>
    public int BatchSizeMax { get; set; } = 500;

    /// <summary>
    /// The largest number of messages of a partition in memory: 10,000, about ten megabytes. At that number the
    /// partition is paused until half of them are stored. The client library resumes within a few tenths of a second
    /// (0.4 s measured), during which the other half keeps the view busy.
    /// </summary>
    public int QueueSizeMax { get; set; } = 10_000;

    /// <summary>
    /// Groups of a partition whose last sequence is kept in memory: 10,000, about a megabyte. The view is queried for
    /// others.
    /// </summary>
    public int GroupsInMemoryMax { get; set; } = 10_000;

    /// <summary>The wait before a failed batch is retried; it doubles each time: 100 ms.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between two tries: 30 s.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Retries after the first try before <see cref="GroupEventConsumer.RunAsync"/> ends with the last exception; null
    /// (default): no limit.
    /// </summary>
    public int? RetryCountMax { get; set; }

    /// <summary>
    /// How often offsets of stored messages are sent to the broker: 1 s. They only avoid repeated reads; the view's
    /// sequences decide what is stored.
    /// </summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long the current batch may take to end when its partition is revoked, or when the consumer is stopped: 10 s.
    /// After that it is abandoned.
    /// </summary>
    public TimeSpan HandOverTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How often the end of a paused partition is queried for its lag: 5 s.</summary>
    public TimeSpan LagInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// What to do about missing events; default: stop. <see cref="GapAnswers.FromHistory"/> reads them over HTTP.
    /// </summary>
    public Func<GroupEventGap, CancellationToken, ValueTask<GapAnswer>> OnGap { get; set; } =
        static (_, _) => ValueTask.FromResult(GapAnswer.Stop);

    /// <summary>
    /// Called with a message that is not a valid event, before the partition continues after it; by default it is
    /// counted and logged only. May be called twice for one message. If it throws, it is called again.
    /// </summary>
    public Func<MalformedMessage, CancellationToken, ValueTask>? OnMalformed { get; set; }

    /// <summary>
    /// Changes settings of the Kafka client: encryption, credentials, client id. Settings that the consumer's
    /// guarantees need are set after it.
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
            // Bounds the messages that wait in the client library: enough to fill the queue, but not tens of megabytes
            // per partition.
            QueuedMinMessages = Math.Min(QueueSizeMax, 10_000),
            QueuedMaxMessagesKbytes = 8 * 1024,
            // A resumed partition waits for the running fetch of others: a tenth of a second instead of the default
            // half second.
            FetchWaitMaxMs = 100,
            // A broker that does not answer is given up after this time instead of the client library's minute.
            SocketTimeoutMs = 10_000,
            // How long the coordinator waits for a consumer that releases partitions, and a consumer for a coordinator
            // that does not answer its request to join, instead of the client library's five minutes. It must be longer
            // than the session time-out of 45 s.
            MaxPollIntervalMs = (int)(HandOverTimeout + TimeSpan.FromSeconds(50)).TotalMilliseconds,
        };
        Configure?.Invoke(config);
        config.BootstrapServers = BootstrapServers;
        config.GroupId = ConsumerGroup;
        config.AutoOffsetReset = Start == GroupEventStart.Latest ? AutoOffsetReset.Latest : AutoOffsetReset.Earliest;
        // The consumer stores an offset when its event is stored; stored offsets are sent periodically, and when a
        // partition is revoked.
        config.EnableAutoOffsetStore = false;
        config.EnableAutoCommit = true;
        config.AutoCommitIntervalMs = (int)CommitInterval.TotalMilliseconds;
        config.EnablePartitionEof = true;
        config.PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky;
        config.IsolationLevel = IsolationLevel.ReadCommitted;
        return config;
    }
}
