namespace PciBackFlow.Lab.Tests;

/// <summary>A boot of the lab: a machine, and the script <c>Scenarios/NAME.sh</c> named as the class, whose functions are its cases.</summary>
internal interface IScenario
{
    static virtual Machine Machine => Machine.Standard;
}
