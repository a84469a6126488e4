using GroupBuyActors.Conformance.Databases;

[assembly: AssemblyFixture(typeof(MariaDb))]
