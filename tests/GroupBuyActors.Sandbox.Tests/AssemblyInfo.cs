using GroupBuyActors.Store.Tests;

// One server for all of them; each test has a database of its own.
[assembly: AssemblyFixture(typeof(MariaDb))]
[assembly: AssemblyFixture(typeof(SqliteFiles))]
