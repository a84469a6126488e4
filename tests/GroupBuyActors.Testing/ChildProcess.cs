using System.Diagnostics;

namespace GroupBuyActors.Testing;

/// <summary>Processes that tests start and kill.</summary>
public static class ChildProcess
{
    /// <summary>
    /// The runtime opens a socket and two pipes for debuggers in the temporary directory, and a process that is killed
    /// leaves them there.
    /// </summary>
    public static ProcessStartInfo LeaveNoPipes(ProcessStartInfo start)
    {
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return start;
    }
}
