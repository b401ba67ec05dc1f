System.Console.WriteLine("pcibackflow");
