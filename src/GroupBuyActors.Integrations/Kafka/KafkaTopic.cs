using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using ErrorCode = Confluent.Kafka.ErrorCode;

namespace GroupBuyActors.Integrations.Kafka;

/// <summary>
/// Makes the topic before the first event goes to it. A broker that is away is asked again with the next event.
/// </summary>
internal sealed class KafkaTopic(KafkaOptions options, ILogger<KafkaTopic> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private volatile bool _isThere = !options.CreateTopic;

    public async Task EnsureAsync(CancellationToken cancellation)
    {
        // Whoever stops waiting leaves the client to end by itself: it must not be closed under a call.
        if (!_isThere)
            await Task.Run(MakeAsync, cancellation).WaitAsync(cancellation);
    }

    private async Task MakeAsync()
    {
        using var admin = new AdminClientBuilder(options.Producer())
            .SetErrorHandler((_, error) => KafkaLog.ClientError(log, error.Reason, error.Code.ToString()))
            .SetLogHandler((_, line) => KafkaLog.Client(log, line.Facility, line.Message))
            .Build();
        // One that is there needs no right to make it.
        if (admin.GetMetadata(options.Topic, Patience).Topics is [{ Error.IsError: false }])
        {
            _isThere = true;
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
                new CreateTopicsOptions { RequestTimeout = Patience, OperationTimeout = Patience }
            );
            KafkaLog.Made(log, options.Topic, options.Partitions);
        }
        catch (CreateTopicsException answered)
            when (answered.Results.All(result => result.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Another silo, or somebody before us.
        }
        catch (KafkaException refused) when (WhyNot(refused) is { } reason)
        {
            KafkaLog.NotMade(log, options.Topic, reason);
        }

        _isThere = true;
    }

    /// <summary>A refusal that asking again does not change: then the topic is somebody else's to make.</summary>
    private static string? WhyNot(KafkaException refused)
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
