using GroupBuyActors.Sandbox.Books;
using GroupBuyActors.Silo.Hosting;
using GroupBuyActors.Silo.Sandbox;
using GroupBuyActors.Silo.Settings;
using GroupBuyActors.Store;
using Microsoft.Extensions.Configuration;

namespace GroupBuyActors.Silo.Tests.Hosting;

public sealed class SettingsTests
{
    [Fact]
    public void NothingSetMeansOneSiloOnSqliteOnLoopback()
    {
        var settings = Read();
        Assert.Equal(["http://127.0.0.1:8080"], settings.Urls);
        Assert.Equal(
            (StoreProvider.Sqlite, "Data Source=data/groupbuy.db"),
            (settings.Storage.Provider, settings.Storage.ConnectionString)
        );
        Assert.Equal(
            (11111, 30000, "groupbuy", "groupbuy"),
            (
                settings.Cluster.SiloPort,
                settings.Cluster.GatewayPort,
                settings.Cluster.ClusterId,
                settings.Cluster.ServiceId
            )
        );
        Assert.Equal($"{Environment.MachineName}:11111", settings.Cluster.Name);
    }

    [Theory]
    [InlineData("GroupBuy:Cluster:SiloPort", "11112", "silo port")]
    [InlineData("GroupBuy:Cluster:GatewayPort", "11112", "gateway port")]
    [InlineData("urls", "http://127.0.0.1:11112", "port of HTTP")]
    public void TheLivenessPortOfASiloInAClusterIsItsAlone(string setting, string value, string told)
    {
        (string, string) mySql = ("GroupBuy:Storage:Provider", "MySql");
        (string, string) database = ("ConnectionStrings:GroupBuy", "Server=db");
        var message = Refusal((setting, value), mySql, database);
        Assert.Contains($"LivenessPort", message, StringComparison.Ordinal);
        Assert.Contains($"must differ from the {told}", message, StringComparison.Ordinal);
        // Where it is not opened, it may be any.
        Read((setting, value));
        Read((setting, value), mySql, database, ("GroupBuy:Cluster:DeathDetection", "false"));
    }

    [Fact]
    public void EveryFaultIsToldInOneMessage()
    {
        var message = Refusal(
            ("urls", "http://0.0.0.0:80"),
            ("GroupBuy:Cluster:SiloPort", "0"),
            ("GroupBuy:Cluster:GatewayPort", "many"),
            ("GroupBuy:Cluster:Region", "shanghai"),
            ("GroupBuy:Cluster:AdvertisedAddress", "no such host.invalid"),
            ("GroupBuy:Storage:Provider", "Oracle"),
            ("GroupBuy:Storage:Slots:0-63", "x"),
            ("GroupBuy:Auth:Keys:a", "operator"),
            ("GroupBuy:Auth:Keys:b", "king:00"),
            ("GroupBuy:Edge:Budget", "-1"),
            ("GroupBuy:Logging:Format", "Xml"),
            ("GroupBuy:ShutdownTimeout", "0"),
            ("GroupBuy:Payments:BaseUrl", "ftp://pay"),
            ("GroupBuy:Schedules:nightly:Zone", "UTC"),
            ("GroupBuy:Schedules:VoucherScan:Zone", "Mars/Olympus"),
            ("GroupBuy:Schedules:reconciliation:Misfire", "never"),
            ("GroupBuy:Schedules:reconciliation:CatchUpMax", "0"),
            ("GroupBuy:Kafka:BootstrapServers", "kafka, other:x"),
            ("GroupBuy:Kafka:Topic", "group events"),
            ("GroupBuy:Kafka:CreateTopic", "perhaps"),
            ("GroupBuy:Kafka:Partitions", "0"),
            ("GroupBuy:Kafka:ReplicationFactor", "0"),
            ("GroupBuy:Kafka:MessageBytesMax", "10"),
            ("GroupBuy:Kafka:Acks", "1"),
            ("GroupBuy:Kafka:Options:acks", "1")
        );
        foreach (
            var name in (string[])
                [
                    "SiloPort",
                    "GatewayPort",
                    "Region",
                    "AdvertisedAddress",
                    "Provider",
                    "Storage:Slots: has no database for merchant slots 64-127",
                    "Keys:a",
                    "Keys:b",
                    "Budget",
                    "Format",
                    "ShutdownTimeout",
                    "Schedules:nightly: is an unknown job",
                    "VoucherScan:Zone",
                    "reconciliation:Misfire",
                    "reconciliation:CatchUpMax",
                    "Payments:BaseUrl",
                    "Kafka:BootstrapServers",
                    "Kafka:Topic",
                    "Kafka:CreateTopic",
                    "Kafka:Partitions",
                    "Kafka:ReplicationFactor",
                    "Kafka:MessageBytesMax",
                    "Kafka:Acks: is an unknown setting",
                    "Options:acks: cannot be set because the silo sets it itself",
                    "0.0.0.0",
                ]
        )
            Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("30")]
    [InlineData("-00:00:30")]
    public void ADurationWithoutAUnitOrBelowZeroIsRefused(string text) =>
        Assert.Contains("ShutdownTimeout", Refusal(("GroupBuy:ShutdownTimeout", text)), StringComparison.Ordinal);

    [Fact]
    public void AFaultInAZoneIsToldAsOneWhereTheExpressionIsSetToo()
    {
        var message = Assert
            .Throws<SettingsException>(() =>
                Read(
                    ("GroupBuy:Schedules:VoucherScan:Expression", "0 1 * * *"),
                    ("GroupBuy:Schedules:VoucherScan:Zone", "Mars/Olympus")
                )
            )
            .Message;
        Assert.Contains("VoucherScan:Zone: 'Mars/Olympus'", message, StringComparison.Ordinal);
        Assert.DoesNotContain("Expression", message, StringComparison.Ordinal);
        var both = Assert
            .Throws<SettingsException>(() =>
                Read(
                    ("GroupBuy:Schedules:VoucherScan:Expression", "daily"),
                    ("GroupBuy:Schedules:VoucherScan:Zone", "Mars/Olympus")
                )
            )
            .Message;
        Assert.Contains("VoucherScan:Zone", both, StringComparison.Ordinal);
        Assert.Contains("VoucherScan:Expression", both, StringComparison.Ordinal);
    }

    [Fact]
    public void AScheduleThatIsNotSpreadAndAStrictTypeAreZeroAndNoFault()
    {
        var settings = Read(
            ("GroupBuy:Schedules:VoucherScan:Spread", "PT0S"),
            ("GroupBuy:Schedules:VoucherScan:Zone", "UTC"),
            ("GroupBuy:Tasks:Notify:Lateness", "00:00:00")
        );
        Assert.Equal(
            (TimeSpan.Zero, "UTC"),
            (settings.Schedules["voucher-scan"].Spread, settings.Schedules["voucher-scan"].Zone)
        );
        Assert.Equal(TimeSpan.Zero, settings.TaskPolicies["notify"].Lateness);
    }

    [Fact]
    public void WithoutBrokersEventsStayInside() => Assert.Null(Read().Kafka);

    [Fact]
    public void KafkaTakesTheClientsOwnSettingsInAShellsSpelling()
    {
        var kafka = Read(
            ("GroupBuy:Kafka:BootstrapServers", "a:9092, b:9092"),
            ("GroupBuy:Kafka:Options:security_protocol", "sasl_plaintext"),
            ("GroupBuy:Kafka:Options:sasl.mechanism", "PLAIN"),
            ("GroupBuy:Kafka:Options:sasl_username", "u"),
            ("GroupBuy:Kafka:Options:sasl_password", "p_w.1"),
            ("GroupBuy:Kafka:CreateTopic", "false")
        ).Kafka!;
        Assert.Equal(
            ("a:9092,b:9092", "groupbuy.group-events", false, 12, (short)-1),
            (kafka.BootstrapServers, kafka.Topic, kafka.CreateTopic, kafka.Partitions, kafka.ReplicationFactor)
        );
        Assert.Equal(
            ("sasl_plaintext", "PLAIN", "p_w.1"),
            (kafka.Options["security.protocol"], kafka.Options["sasl.mechanism"], kafka.Options["sasl.password"])
        );
    }

    [Theory]
    [InlineData("no_such_thing", "1", "no.such.thing")]
    [InlineData("compression_type", "brotli", "compression.type")]
    public void WhatTheClientDoesNotKnowIsAFaultAtTheStart(string name, string value, string told) =>
        Assert.Contains(
            told,
            Refusal(("GroupBuy:Kafka:BootstrapServers", "a:9092"), ($"GroupBuy:Kafka:Options:{name}", value)),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("http://0.0.0.0:8080")]
    [InlineData("http://*:8080")]
    [InlineData("http://+:8080")]
    [InlineData("http://[::]:8080")]
    [InlineData("http://10.0.0.1:8080")]
    [InlineData("http://example.com:8080")]
    [InlineData("http://127.0.0.1:8080;http://10.0.0.1:8080")]
    [InlineData("nonsense")]
    public void AnOpenServiceIsRefusedBeyondLoopback(string urls) =>
        Assert.Contains("loopback", Refusal(("urls", urls)), StringComparison.Ordinal);

    [Fact]
    public void OtherWaysToBindAreLookedAtToo()
    {
        Assert.Contains("loopback", Refusal(("http_ports", "8080")), StringComparison.Ordinal);
        Assert.Contains(
            "loopback",
            Refusal(("Kestrel:Endpoints:Main:Url", "http://0.0.0.0:1")),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("http://localhost:8080")]
    [InlineData("http://127.0.0.1:8080;http://[::1]:8080")]
    [InlineData("http://127.1.2.3:0")]
    public void AnOpenServiceIsFineOnLoopback(string urls) => Assert.NotEmpty(Read(("urls", urls)).Urls);

    [Fact]
    public void WithKeysAServiceMayBindAnywhere() =>
        Assert.Single(
            Read(
                ("urls", "http://0.0.0.0:80"),
                ("GroupBuy:Auth:Mode", "ApiKey"),
                ("GroupBuy:Auth:Keys:ops", $"operator:{new string('a', 64)}")
            ).Auth.Keys
        );

    [Fact]
    public void KeysAreNeededWhereTheyAreAskedFor() =>
        Assert.Contains("Keys", Refusal(("GroupBuy:Auth:Mode", "ApiKey")), StringComparison.Ordinal);

    [Fact]
    public void ABuyersOrMerchantsKeyIsItsNameUnlessItSaysOtherwise()
    {
        var hash = new string('a', 64);
        var keys = Read(
            ("GroupBuy:Auth:Mode", "ApiKey"),
            ("GroupBuy:Auth:Keys:lin", $"buyer:{hash}"),
            ("GroupBuy:Auth:Keys:10042", $"merchant:{hash}"),
            ("GroupBuy:Auth:Keys:x", $"buyer/a:b/c:{hash}")
        ).Auth.Keys;
        Assert.Equal(["10042", "a:b/c", "lin"], keys.Select(key => key.Caller.Subject).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void MySqlNeedsAConnectionString()
    {
        Assert.Contains(
            "ConnectionStrings:GroupBuy",
            Refusal(("GroupBuy:Storage:Provider", "MySql")),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "ConnectionStrings:GroupBuy",
            Refusal(("GroupBuy:Storage:Provider", "MySql"), ("ConnectionStrings:GroupBuy", "Nonsense=1")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void SeveralDatabasesAreReadByRangeOfMerchantSlots()
    {
        var storage = Read(
            ("GroupBuy:Storage:Provider", "MySql"),
            ("GroupBuy:Storage:Slots:0-63", "Server=db-a;Database=gb"),
            ("GroupBuy:Storage:Slots:64-127", "Server=db-b;Database=gb")
        ).Storage;
        Assert.Equal(
            [("0-63", "Server=db-a;Database=gb"), ("64-127", "Server=db-b;Database=gb")],
            storage.Slots.Select(slots => (slots.Key, slots.Value)).Order()
        );
    }

    [Theory]
    [InlineData("Slots: can be set for the provider MySql only", "Sqlite", "Server=a", "Server=b", null)]
    [InlineData("together with ConnectionStrings:GroupBuy", "MySql", "Server=a", "Server=b", "Server=c")]
    [InlineData(
        "Slots:64-127: is the same database as that of Slots:0-63",
        "MySql",
        "Server=a",
        "server=A;port=3306",
        null
    )]
    [InlineData("Slots:64-127: is not a valid connection string for MySql", "MySql", "Server=a", "Nonsense=1", null)]
    [InlineData("Slots:64-127: must be a connection string", "MySql", "Server=a", "", null)]
    public void AFaultOfSeveralDatabasesIsTold(
        string fault,
        string provider,
        string low,
        string high,
        string? single
    ) =>
        Assert.Contains(
            fault,
            Refusal(
                ("GroupBuy:Storage:Provider", provider),
                ("GroupBuy:Storage:Slots:0-63", low),
                ("GroupBuy:Storage:Slots:64-127", high),
                ("ConnectionStrings:GroupBuy", single!)
            ),
            StringComparison.Ordinal
        );

    [Fact]
    public void EachPortIsASandboxUntilItHasAnAddress()
    {
        var none = Read().Ports;
        Assert.All(Enum.GetValues<SandboxPort>(), port => Assert.True(none.IsSandboxed(port)));
        var one = Read(
            ("GroupBuy:Payments:BaseUrl", "https://pay.example.com/v2"),
            ("GroupBuy:Payments:TryTimeout", "PT1.5S"),
            ("GroupBuy:Payments:ApiKey", "k")
        ).Ports;
        Assert.Equal(
            (true, false, true),
            (
                one.IsSandboxed(SandboxPort.Inventory),
                one.IsSandboxed(SandboxPort.Payments),
                one.IsSandboxed(SandboxPort.Notices)
            )
        );
        Assert.Equal(
            (TimeSpan.FromSeconds(1.5), "k", TimeSpan.FromSeconds(9)),
            (one.Payments.TryTimeout, one.Payments.ApiKey, one.Payments.Budget)
        );
        Assert.Equal("pay.example.com:443", one.Hosts.ToString());
    }

    [Fact]
    public void AServiceOffTheAllowListIsRefusedInOneSentence()
    {
        Assert.Equal(
            "The settings are invalid: GroupBuy:Inventory:BaseUrl: stock.example.com is not on "
                + "GroupBuy__Http__AllowedHosts (pay.example.com, *.internal:8080).",
            Refusal(
                ("GroupBuy:Inventory:BaseUrl", "http://stock.example.com"),
                ("GroupBuy:Http:AllowedHosts", "pay.example.com, *.internal:8080")
            )
        );
        Assert.False(
            Read(
                ("GroupBuy:Inventory:BaseUrl", "http://stock.internal:8080"),
                ("GroupBuy:Http:AllowedHosts:0", "pay.example.com"),
                ("GroupBuy:Http:AllowedHosts:1", "*.internal:8080")
            )
                .Ports.IsSandboxed(SandboxPort.Inventory)
        );
    }

    [Theory]
    [InlineData("BaseUrl", "stock.example.com")]
    [InlineData("BaseUrl", "stock.example.com:8080")]
    [InlineData("BaseUrl", "http://user:secret@stock.example.com")]
    [InlineData("BaseUrl", "http://stock.example.com/?key=secret")]
    [InlineData("ApiKey", "secret with spaces")]
    [InlineData("ApiKey", "secret\n")]
    [InlineData("TryTimeout", "PT10S")]
    [InlineData("TryTimeout", "PT0.001S")]
    [InlineData("Budget", "PT11S")]
    [InlineData("RetryCountMax", "11")]
    [InlineData("ConcurrencyMax", "0")]
    [InlineData("QueueMax", "-1")]
    [InlineData("BreakerFailurePercent", "101")]
    [InlineData("BreakerCallsMin", "1")]
    [InlineData("BreakerWindow", "PT0.1S")]
    [InlineData("BreakerDuration", "PT2H")]
    [InlineData("ResponseBytesMax", "1")]
    [InlineData("TryTimout", "PT1S")]
    public void AFaultySettingOfAPortIsNamedWithoutItsSecret(string setting, string value)
    {
        var message = Refusal(($"GroupBuy:Notices:{setting}", value));
        Assert.Contains($"GroupBuy:Notices:{setting}:", message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "secret",
            message.Replace("put a secret in ApiKey", "", StringComparison.Ordinal),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void AnEntryThatIsNoHostIsNamed() =>
        Assert.Contains(
            "not 'http://pay'",
            Refusal(("GroupBuy:Http:AllowedHosts", "pay.example.com,http://pay")),
            StringComparison.Ordinal
        );

    [Fact]
    public void MaskedHeadersAreAListWithADefault()
    {
        Assert.True(Read().Ports.MaskedHeaders.Covers("x-ssn"));
        Assert.True(Read(("GroupBuy:Logging:MaskedHeaders", "")).Ports.MaskedHeaders.Covers("x-ssn"));
        var masked = Read(("GroupBuy:Logging:MaskedHeaders", "X-Phone, X-Name")).Ports.MaskedHeaders;
        Assert.Equal(
            [true, true, false, true],
            ((string[])["X-Phone", "x-name", "X-SSN", "Authorization"]).Select(masked.Covers)
        );
    }

    [Fact]
    public void TheHelpNamesEverySettingOfAPort()
    {
        var message = Refusal(("GroupBuy:Notices:Nonsense", "1"));
        foreach (
            var name in message[(message.IndexOf("ones are ", StringComparison.Ordinal) + 9)..].TrimEnd('.').Split(", ")
        )
            Assert.Contains(name, Help.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void RetentionIsSetByKindWithinItsBoundsAndFaultsNameEach()
    {
        Assert.Equal(TimeSpan.FromDays(30), Read().Retention.TaskOutcomes);
        var settings = Read(("GroupBuy:Retention:Audit", "P10D"), ("GroupBuy:Retention:TaskRuns", "4.00:00:00"));
        Assert.Equal(
            (TimeSpan.FromDays(10), TimeSpan.FromDays(4)),
            (settings.Retention.Audit, settings.Retention.TaskRuns)
        );
        var refusal = Refusal(
            ("GroupBuy:Retention:TaskRuns", "P1D"),
            ("GroupBuy:Retention:Audit", "P40000D"),
            ("GroupBuy:Retention:Journal5", "P1D")
        );
        Assert.Contains(
            "Retention:TaskRuns: must be between 4 and 36500 days, not 1",
            refusal,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Retention:Audit: must be between 1 and 36500 days, not 40000",
            refusal,
            StringComparison.Ordinal
        );
        Assert.Contains("Retention:Journal5: is an unknown setting", refusal, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Cluster:SiloPorts")]
    [InlineData("Storage:Providor")]
    [InlineData("Auth:Modes")]
    [InlineData("Edge:StreamMax")]
    [InlineData("Edge:ReadBudget")]
    [InlineData("Logging:Formats")]
    [InlineData("Http:AllowedHost")]
    [InlineData("Kafka:Linger")]
    [InlineData("Retention:SandboxCall")]
    [InlineData("Tasks:OrderClose:Wait")]
    [InlineData("Schedules:VoucherScan:Job")]
    public void ANameThatIsNoSettingIsRefusedAndTheSettingsOfItsSectionAreNamed(string name)
    {
        var refusal = Refusal(($"GroupBuy:{name}", "1"));
        Assert.Contains(
            $"GroupBuy:{name}: is an unknown setting; the known ones are ",
            refusal,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void WhatIsSetToNothingIsNotSet()
    {
        var settings = Read(
            ("GroupBuy:Cluster:SiloPort", ""),
            ("GroupBuy:Cluster:Region", ""),
            ("GroupBuy:Payments:BaseUrl", ""),
            ("GroupBuy:Kafka:BootstrapServers", ""),
            ("GroupBuy:ShutdownTimeout", "")
        );
        Assert.Equal((11111, null), (settings.Cluster.SiloPort, settings.Cluster.Region));
        Assert.Null(settings.Ports.Payments.BaseUrl);
        Assert.Null(settings.Kafka);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.ShutdownTimeout);
    }

    [Theory]
    [InlineData("Cluster:SiloPort", "1e3", "must be a whole number between 1 and 65535, not '1e3'")]
    [InlineData("Cluster:SiloPort", "65536", "must be a whole number between 1 and 65535, not '65536'")]
    [InlineData("Storage:Provider", "1", "must be one of Sqlite, MySql, not '1'")]
    [InlineData("Schedules:VoucherScan:Misfire", "1", ", not '1'")]
    [InlineData("Edge:Idle", "PT0S", "must be a duration such as 00:00:02 or PT2S, not 'PT0S'")]
    [InlineData("Kafka:CreateTopic", "perhaps", "must be true or false, not 'perhaps'")]
    [InlineData("Cluster:ClusterId", "12345678901234567890123456789012345678901234567890123456789012345", "64")]
    public void AValueThatIsNoneIsToldWithWhatIsExpected(string name, string value, string told) =>
        Assert.Contains(told, Refusal(($"GroupBuy:{name}", value)), StringComparison.Ordinal);

    [Fact]
    public void TheRoleIsSetByItsSettingOrTheCommandLineWhichWins()
    {
        (string, string)[] cluster =
        [
            ("GroupBuy:Storage:Provider", "MySql"),
            ("ConnectionStrings:GroupBuy", "Server=db"),
        ];
        Assert.Equal(ProcessRole.Silo, Read(cluster).Role);
        Assert.Equal(ProcessRole.Gateway, Read([.. cluster, ("GroupBuy:Role", "Gateway")]).Role);
        Assert.Equal(ProcessRole.Gateway, Read([.. cluster, ("role", "gateway")]).Role);
        Assert.Equal(ProcessRole.Silo, Read([.. cluster, ("GroupBuy:Role", "gateway"), ("role", "silo")]).Role);
        Assert.Contains("silo or gateway", Refusal([.. cluster, ("role", "proxy")]), StringComparison.Ordinal);
        Assert.Contains("silo or gateway", Refusal([.. cluster, ("role", "1")]), StringComparison.Ordinal);
    }

    [Fact]
    public void AGatewayOnSqliteIsRefused() =>
        Assert.Contains(
            "GroupBuy:Storage:Provider must be MySql",
            Refusal(("GroupBuy:Role", "Gateway")),
            StringComparison.Ordinal
        );

    private static SiloSettings Read(params (string Key, string Value)[] settings) =>
        SiloSettings.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))
                )
                .Build()
        );

    private static string Refusal(params (string Key, string Value)[] settings) =>
        Assert.Throws<SettingsException>(() => Read(settings)).Message;
}
