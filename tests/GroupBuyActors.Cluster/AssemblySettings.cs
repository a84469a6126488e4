using Xunit;

// Every test starts processes and measures nothing but their behaviour under load; two at once would starve each other.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]
