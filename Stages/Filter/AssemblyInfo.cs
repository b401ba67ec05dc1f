using System.Runtime.CompilerServices;

// The tables are facts; a test walks every row of them.
[assembly: InternalsVisibleTo("PciBackFlow.Stages.Tests")]
