using GroupBuyActors.TestActors;

/// <summary>
/// Gives the silo that people run a second kind of actors, without a line for it in the silo: the runtime calls this
/// before the program begins.
/// </summary>
internal static class StartupHook
{
    public static void Initialize() => HostServices.Change(services => services.AddAccounts());
}
