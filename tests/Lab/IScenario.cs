namespace PciBackFlow.Lab.Tests;

/// <summary>A boot of the lab: a machine, and the script <c>Scenarios/NAME.sh</c> named as the class, whose functions are its cases.</summary>
public interface IScenario
{
    /// <summary>The machine it runs on.</summary>
    static virtual Machine Machine => Machine.Standard;

    /// <summary>QEMU's major release without which the machine cannot be made: on hosts with an older one the scenario is skipped.</summary>
    static virtual int EmulatorAtLeast => LabHost.OldestEmulator;

    /// <summary>Whether it measures: then it runs only where figures were asked for.</summary>
    static virtual bool IsMeasurement => false;
}
