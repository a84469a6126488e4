using GroupBuyActors.Cluster.Checks;
using GroupBuyActors.Cluster.Load;

namespace GroupBuyActors.Cluster.Crashing;

/// <summary>What scripts are played on: silos whose processes die meanwhile, and what reaches them.</summary>
internal sealed record Stage(Edge Edge, SemaphoreSlim InventoryFault, AccountClient Accounts, AccountTables Tables);

/// <summary>How an actor of any kind goes, from its beginning to its end, whatever dies on the way.</summary>
internal abstract record Script
{
    /// <summary>What it is called in failures.</summary>
    public abstract string Name { get; }

    /// <summary>Plays it with the actor of a key.</summary>
    public abstract Performance Play(Stage stage, string key);

    /// <summary>A script of a campaign.</summary>
    public static Script Of(Func<Play, Task> script) => new Campaign(script);

    /// <summary>A script of an account.</summary>
    public static Script Of(Func<AccountPlay, Task> script) => new Account(script);

    private sealed record Campaign(Func<Play, Task> Script) : Script
    {
        public override string Name => Script.Method.Name;

        public override Performance Play(Stage stage, string key)
        {
            var play = new Play(stage.Edge, key, stage.InventoryFault);
            return new Performance(play.Published, PlayAsync());

            async Task<string> PlayAsync()
            {
                await Script(play);
                return await play.EndAsync();
            }
        }
    }

    private sealed record Account(Func<AccountPlay, Task> Script) : Script
    {
        public override string Name => Script.Method.Name;

        public override Performance Play(Stage stage, string key)
        {
            return new Performance(Task.CompletedTask, PlayAsync());

            async Task<string> PlayAsync()
            {
                var play = new AccountPlay(stage.Accounts, stage.Tables, key);
                await Script(play);
                return await play.EndAsync();
            }
        }
    }
}

/// <summary>A script that is being played.</summary>
/// <param name="Begun">Completes once another process may die.</param>
/// <param name="End">What is left when it is over, as text, so that two of one script can be compared.</param>
internal sealed record Performance(Task Begun, Task<string> End);

/// <summary>A step of a script, and on which side of it the process dies.</summary>
internal sealed record Step(Script Script, CrashPoints.CrashSide Side, string Name)
{
    public Step(Func<Play, Task> script, CrashPoints.CrashSide side, string name)
        : this(Script.Of(script), side, name) { }

    public Step(Func<AccountPlay, Task> script, CrashPoints.CrashSide side, string name)
        : this(Script.Of(script), side, name) { }
}
