using System.Net.Sockets;
using System.Text;
using GroupBuyActors.Store;

namespace GroupBuyActors.Silo.Settings;

/// <summary>Describes in a sentence why a silo did not start.</summary>
internal static class StartFault
{
    public static string Describe(Exception fault)
    {
        var chain = Chain(fault).ToArray();
        if (chain.FirstOrDefault(e => e is SettingsException or StartException or StoreUnusableException) is { } known)
            return known.Message;
        if (chain.OfType<Microsoft.Extensions.Options.OptionsValidationException>().FirstOrDefault() is { } options)
            return "The settings are invalid: "
                + string.Join("; ", options.Failures.Select(text => text.TrimEnd('.')))
                + ".";
        if (chain.OfType<System.Data.Common.DbException>().FirstOrDefault() is { } database)
            return $"The database cannot be used: {OneLine(database.Message)}";
        if (chain.OfType<Microsoft.AspNetCore.Connections.AddressInUseException>().FirstOrDefault() is { } address)
            return InUse(address);
        if (
            chain.OfType<SocketException>().FirstOrDefault(e => e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            is not null
        )
            return "The silo port, the gateway port or the liveness port is in use by another process; choose "
                + "others with GroupBuy__Cluster__SiloPort, GroupBuy__Cluster__GatewayPort and "
                + "GroupBuy__Cluster__LivenessPort.";
        if (
            chain
                .OfType<IOException>()
                .FirstOrDefault(e => e.Message.StartsWith("Failed to bind", StringComparison.Ordinal)) is
            { } bind
        )
            return InUse(bind);
        return $"The silo cannot start: {OneLine(chain[^1].Message)}";
    }

    private static string InUse(Exception fault) =>
        $"HTTP cannot be served: {OneLine(fault.Message)} Choose another address with ASPNETCORE_URLS.";

    private static IEnumerable<Exception> Chain(Exception fault)
    {
        yield return fault;
        IEnumerable<Exception> inner =
            fault is AggregateException many ? many.InnerExceptions
            : fault.InnerException is { } one ? [one]
            : [];
        foreach (var next in inner)
        foreach (var e in Chain(next))
            yield return e;
    }

    private static string OneLine(string message)
    {
        var text = new StringBuilder(message.Length + 1);
        foreach (
            var line in message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        )
            text.Append(text.Length > 0 ? " " : "").Append(line);
        return text.Length > 0 && text[^1] != '.' ? text.Append('.').ToString() : text.ToString();
    }
}

/// <summary>The silo cannot start for a reason that a person can correct; the message says what to do.</summary>
internal sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
