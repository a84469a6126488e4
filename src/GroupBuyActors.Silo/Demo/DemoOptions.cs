namespace GroupBuyActors.Silo.Demo;

/// <summary>The demo's own options on the command line; the other arguments are settings of the silo.</summary>
internal sealed record DemoOptions(bool Exit, Uri? Url, string? Key, string[] Settings)
{
    /// <summary>Reads the options, or returns the fault of one as a sentence.</summary>
    public static (DemoOptions? Options, string? Fault) Read(string[] args)
    {
        var (exit, url, key, settings) = (false, (Uri?)null, (string?)null, new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--exit":
                    exit = true;
                    break;
                case "--url":
                    if (
                        ++i >= args.Length
                        || !Uri.TryCreate(args[i], UriKind.Absolute, out url)
                        || url.Scheme is not ("http" or "https")
                    )
                        return (
                            null,
                            "--url must be followed by the address of a running service, for example "
                                + "http://127.0.0.1:8080."
                        );
                    break;
                case "--key":
                    if (++i >= args.Length)
                        return (null, "--key must be followed by the secret of an operator's API key.");
                    key = args[i];
                    break;
                default:
                    settings.Add(args[i]);
                    break;
            }
        }

        return (new DemoOptions(exit, url, key, [.. settings]), null);
    }
}
