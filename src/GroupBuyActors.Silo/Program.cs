using GroupBuyActors.Silo;

return await SiloCommand.RunAsync(args);
