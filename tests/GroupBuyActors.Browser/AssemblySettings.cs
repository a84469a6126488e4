// What is held is how long a person waits; two pages and their silos at once would wait for each other.
[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]
