using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GroupBuyActors.Testing;
using MySqlConnector;

namespace GroupBuyActors.Conformance.Databases;

/// <summary>What the proxy cannot read must not look like a network that hangs.</summary>
public sealed class TcpFaultProxyTests : IAsyncLifetime
{
    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("groupbuy-tls-");
    private MariaDbServer _server = null!;
    private TcpFaultProxy _proxy = null!;

    [Fact]
    public async Task AClientThatPrefersTlsGoesWithoutItThroughTheProxy()
    {
        Assert.NotEqual("", await CipherAsync(_server.Port, MySqlSslMode.Preferred));
        var seen = _proxy.Cut(FaultPoint.AtAnswer, "do 0");
        await Assert
            .ThrowsAnyAsync<Exception>(() => CipherAsync(_proxy.Port, MySqlSslMode.Preferred))
            .WaitAsync(Eventually.Bound);
        Assert.True(seen.IsHit);
        Assert.Equal("", await CipherAsync(_proxy.Port, MySqlSslMode.Preferred).WaitAsync(Eventually.Bound));
    }

    [Fact]
    public async Task AClientThatRequiresTlsFailsAtOnceAndSaysWhy()
    {
        Assert.NotEqual("", await CipherAsync(_server.Port, MySqlSslMode.Required));
        var started = Stopwatch.GetTimestamp();
        var refused = await Assert
            .ThrowsAsync<MySqlException>(() => CipherAsync(_proxy.Port, MySqlSslMode.Required))
            .WaitAsync(Eventually.Bound);
        Assert.Contains("SSL", refused.Message);
        // The driver's own patience with a server that does not answer is longer.
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(ConnectSeconds / 2));
    }

    /// <summary>As under TLS: what comes back is not what the fault knows the end of.</summary>
    [Fact]
    public async Task AnAnswerThatTheProxyCannotReadEndsTheConnectionAndIsToldAtTheEnd()
    {
        var proxy = TcpFaultProxy.Start(_server);
        proxy.Cut(FaultPoint.AtAnswer, "show session status");
        await Assert
            .ThrowsAnyAsync<Exception>(() => CipherAsync(proxy.Port, MySqlSslMode.None))
            .WaitAsync(Eventually.Bound);
        var told = await Assert
            .ThrowsAsync<InvalidOperationException>(() => proxy.DisposeAsync().AsTask())
            .WaitAsync(Eventually.Bound);
        Assert.Contains("encrypted", told.Message);
    }

    public async ValueTask InitializeAsync()
    {
        var (certificate, key) = (
            Path.Combine(_keys.FullName, "certificate.pem"),
            Path.Combine(_keys.FullName, "key.pem")
        );
        using var rsa = RSA.Create(2048);
        var now = TimeProvider.System.GetUtcNow();
        using var made = new CertificateRequest(
            "CN=localhost",
            rsa,
            HashAlgorithmName.SHA256,
            RSASignaturePadding.Pkcs1
        ).CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(certificate, made.ExportCertificatePem());
        await File.WriteAllTextAsync(key, rsa.ExportPkcs8PrivateKeyPem());
        _server = await MariaDbServer.StartAsync($"--ssl-cert={certificate}", $"--ssl-key={key}");
        Assert.SkipWhen(_server.IsExternal, "Whether a server that is not ours offers TLS is not ours to say.");
        _proxy = TcpFaultProxy.Start(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _server.DisposeAsync();
        _keys.Delete(recursive: true);
    }

    private const int ConnectSeconds = 10;

    private async Task<string> CipherAsync(int port, MySqlSslMode mode)
    {
        var settings = new MySqlConnectionStringBuilder(_server.ConnectionString(null))
        {
            Port = (uint)port,
            SslMode = mode,
            AllowPublicKeyRetrieval = true,
            Pooling = false,
            ConnectionTimeout = ConnectSeconds,
        };
        await using var connection = new MySqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using (var nothing = new MySqlCommand("do 0", connection))
            await nothing.ExecuteNonQueryAsync();
        await using var command = new MySqlCommand("show session status like 'Ssl_cipher'", connection);
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return reader.GetString(1);
    }
}
