using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using GroupBuyActors.Silo.Hosting;
using GroupBuyActors.Testing.Silos;
using Microsoft.Data.Sqlite;

namespace GroupBuyActors.Silo.Tests.Hosting;

/// <summary>The settings for TLS that the operators' handbook gives.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("groupbuy-tls-").FullName;

    [Fact]
    public async Task ACertificateAndAnHttpsAddressServeTls()
    {
        var (certificate, key) = MakeCertificate("shop.example");
        var url = $"https://127.0.0.1:{LoopbackPorts.Draw()}";
        string[] settings =
        [
            .. TestSilo.Arguments(_directory),
            "--urls",
            url,
            "--Kestrel:Certificates:Default:Path",
            certificate,
            "--Kestrel:Certificates:Default:KeyPath",
            key,
            "--GroupBuy:Auth:Mode",
            "ApiKey",
            "--GroupBuy:Auth:Keys:ops",
            $"operator:{Convert.ToHexStringLower(SHA256.HashData("s"u8))}",
        ];
        await using var app = SiloHost.Build(settings);
        await SiloHost.StartAsync(app, TestContext.Current.CancellationToken);
        using var trusting = new HttpClientHandler();
        trusting.ServerCertificateCustomValidationCallback = (_, served, _, _) => served?.Subject == "CN=shop.example";
        using var http = new HttpClient(trusting);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{url}/session");
        request.Headers.Host = "shop.example";
        request.Headers.Add("X-Api-Key", "s");
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.StartsWith(
            "max-age=",
            Assert.Single(answer.Headers.GetValues("Strict-Transport-Security")),
            StringComparison.Ordinal
        );
        Assert.Contains("; secure", Assert.Single(answer.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        // A container's health check asks on loopback, which no certificate names.
        Assert.Equal(0, await HealthCommand.RunAsync(settings));
        await app.StopAsync(TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_directory, recursive: true);
    }

    private (string Certificate, string Key) MakeCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var paths = (Path.Combine(_directory, "tls.crt"), Path.Combine(_directory, "tls.key"));
        File.WriteAllText(paths.Item1, certificate.ExportCertificatePem());
        File.WriteAllText(paths.Item2, key.ExportPkcs8PrivateKeyPem());
        return paths;
    }
}
