using GroupBuyActors.Integrations.Http;
using GroupBuyActors.Sandbox.Books;

namespace GroupBuyActors.Silo.Sandbox;

/// <summary>Which ports the sandbox plays: those that no service is set for.</summary>
internal static class SandboxedPorts
{
    /// <summary>True where the sandbox plays the port.</summary>
    public static bool IsSandboxed(this HttpPorts ports, SandboxPort port) =>
        port switch
        {
            SandboxPort.Inventory => ports.Inventory,
            SandboxPort.Payments => ports.Payments,
            _ => ports.Notices,
        }
            is { BaseUrl: null };

    /// <summary>True where the sandbox plays any.</summary>
    public static bool IsAnySandboxed(this HttpPorts ports) =>
        Enum.GetValues<SandboxPort>().Any(port => ports.IsSandboxed(port));
}
