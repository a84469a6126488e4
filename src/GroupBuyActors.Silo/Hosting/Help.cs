namespace GroupBuyActors.Silo.Hosting;

/// <summary>The help text.</summary>
internal static class Help
{
    public const string Text = """
        GroupBuyActors: group-buying campaigns on virtual actors.

        Usage:
          groupbuy                         serve: one silo, SQLite in ./data, HTTP on http://127.0.0.1:8080
          groupbuy --role gateway          serve HTTP only, as a client of the silos of a MySQL cluster
          groupbuy demo [--exit] [--url U] run scripted campaigns and explain each step; --exit stops afterwards,
                                           with status 0 if all checks passed; --url runs against a running service
          groupbuy health                  ask the silo with the same settings whether it is ready (status 0 or 1)
          groupbuy --help                  print this text

        Settings (as environment variables; on the command line as --GroupBuy:Cluster:SiloPort=11211):
          ASPNETCORE_URLS                          http://127.0.0.1:8080
          Kestrel__Certificates__Default__{Path,KeyPath}
                                                   PEM files, for an https address in ASPNETCORE_URLS
          AllowedHosts                             *; host names that callers may use, separated by semicolons
          GroupBuy__Role                           Silo | Gateway; the same as --role
          GroupBuy__Storage__Provider              Sqlite | MySql
          ConnectionStrings__GroupBuy              Data Source=data/groupbuy.db, or a MySqlConnector string
          GroupBuy__Storage__Slots__{first}-{last} instead of it, several: one for each range of merchant slots (0-127)
          GroupBuy__Cluster__{ClusterId,ServiceId} groupbuy
          GroupBuy__Cluster__{SiloPort,GatewayPort} 11111, 30000
          GroupBuy__Cluster__LivenessPort          11112; where silos of a cluster see that this process lives
          GroupBuy__Cluster__DeathDetection        true; false behind a sidecar that accepts for a dead process
          GroupBuy__Cluster__AdvertisedAddress     127.0.0.1
          GroupBuy__Cluster__Region                none
          GroupBuy__Cluster__Name                  {machine}:{silo port}; must stay the same after a restart
          GroupBuy__Auth__Mode                     Open (loopback only) | ApiKey
          GroupBuy__Auth__Keys__{name}             {role}:{SHA-256 of the secret in hexadecimal};
                                                   roles: operator, payments, merchant/{merchantId}, buyer/{userId}
          GroupBuy__{Inventory,Payments,Notices}__BaseUrl
                                                   unset: the sandbox; else the address of the service
          GroupBuy__{…}__ApiKey                    none; sent to that service as a bearer token
          GroupBuy__{…}__{TryTimeout,Budget}       00:00:03, 00:00:09; and RetryCountMax 2, RetryDelay,
                                                   ConcurrencyMax 256, QueueMax 128, ConnectTimeout, ConnectionLifetime,
                                                   BreakerFailurePercent 50, BreakerCallsMin, BreakerWindow,
                                                   BreakerDuration, ResponseBytesMax
          GroupBuy__Http__AllowedHosts             the hosts of the BaseUrls; host, host:port or *.suffix,
                                                   separated by commas
          GroupBuy__Logging__MaskedHeaders         Authorization,X-SSN,Cookie,Set-Cookie
          GroupBuy__Kafka__BootstrapServers        unset: events are served over HTTP only
          GroupBuy__Kafka__Topic                   groupbuy.group-events
          GroupBuy__Kafka__CreateTopic             true, with __Partitions (12) and
                                                   __ReplicationFactor (the broker's default)
          GroupBuy__Kafka__MessageBytesMax         1000000; a larger event parks its group
          GroupBuy__Kafka__Options__{name}         an option of librdkafka, such as security_protocol
          GroupBuy__Edge__ConnectionsMax           10000, or fewer if the limit of open files is low
          GroupBuy__Edge__StreamsMax               4000 event streams, at most half of the connections
          GroupBuy__Edge__{Silence,Idle}           00:00:10 until a whole request has arrived, 00:01:15 between requests
          GroupBuy__Logging__Format                Simple | Json
          GroupBuy__ShutdownTimeout                00:00:30

        It serves /v1/…, the start page /, /scalar, /openapi/v1.json, /dashboard, /metrics, /health/live and
        /health/ready.
        """;
}
