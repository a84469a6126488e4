using GroupBuyActors.Silo.Hosting;

return await SiloCommand.RunAsync(args);
