using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Sandbox.Books;

namespace GroupBuyActors.Silo.Sandbox;

/// <summary>Which ports the sandbox answers: those for which no service is configured.</summary>
internal static class SandboxedPorts
{
    /// <summary>True if the sandbox answers the port.</summary>
    public static bool IsSandboxed(this HttpPorts ports, SandboxPort port) =>
        port switch
        {
            SandboxPort.Inventory => ports.Inventory,
            SandboxPort.Payments => ports.Payments,
            _ => ports.Notices,
        }
            is { BaseUrl: null };

    /// <summary>True if the sandbox answers any port.</summary>
    public static bool IsAnySandboxed(this HttpPorts ports) =>
        Enum.GetValues<SandboxPort>().Any(port => ports.IsSandboxed(port));
}
