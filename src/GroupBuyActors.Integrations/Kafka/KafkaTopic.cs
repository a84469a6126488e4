using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>
/// Creates the topic before the first event is published. If the brokers are unreachable, it is tried again with the
/// next event.
/// </summary>
internal sealed class KafkaTopic(KafkaOptions options, ILogger<KafkaTopic> log)
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);
    private volatile bool _exists = !options.CreateTopic;

    public async Task EnsureAsync(CancellationToken cancellation)
    {
        // A cancelled caller leaves the client running until it ends, because it must not be closed during a call.
        if (!_exists)
            await Task.Run(MakeAsync, cancellation).WaitAsync(cancellation);
    }

    private async Task MakeAsync()
    {
        using var admin = new AdminClientBuilder(options.Producer())
            .SetErrorHandler((_, error) => KafkaLog.ClientError(log, error.Reason, error.Code.ToString()))
            .SetLogHandler((_, line) => KafkaLog.Client(log, line.Facility, line.Message))
            .Build();
        // An existing topic needs no right to create it.
        if (admin.GetMetadata(options.Topic, RequestTimeout).Topics is [{ Error.IsError: false }])
        {
            _exists = true;
            return;
        }

        var topic = new TopicSpecification
        {
            Name = options.Topic,
            NumPartitions = options.Partitions,
            ReplicationFactor = options.ReplicationFactor,
        };
        try
        {
            await admin.CreateTopicsAsync(
                [topic],
                new CreateTopicsOptions { RequestTimeout = RequestTimeout, OperationTimeout = RequestTimeout }
            );
            KafkaLog.Made(log, options.Topic, options.Partitions);
        }
        catch (CreateTopicsException answered)
            when (answered.Results.All(result => result.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Another silo has created it.
        }
        catch (KafkaException refused) when (PermanentReason(refused) is { } reason)
        {
            KafkaLog.NotMade(log, options.Topic, reason);
        }

        _exists = true;
    }

    /// <summary>
    /// The reason of a permanent refusal, after which somebody else must create the topic; otherwise null.
    /// </summary>
    private static string? PermanentReason(KafkaException refused)
    {
        var error = refused is CreateTopicsException { Results: [var result] } ? result.Error : refused.Error;
        return
            error.Code
                is ErrorCode.Local_UnsupportedFeature
                    or ErrorCode.UnsupportedVersion
                    or ErrorCode.TopicAuthorizationFailed
                    or ErrorCode.ClusterAuthorizationFailed
                    or ErrorCode.PolicyViolation
                    or ErrorCode.InvalidReplicationFactor
                    or ErrorCode.InvalidPartitions
                    or ErrorCode.InvalidRequest
            ? error.Reason
            : null;
    }
}
