namespace PciBackFlow.Stages.Connections;

/// <summary>What became of a question about a device's error.</summary>
public enum RecoveryReply
{
    /// <summary>The guest has it.</summary>
    Asked,

    /// <summary>The guest has answered.</summary>
    Answered,

    /// <summary>The guest is still at an earlier question, or says so: nothing was asked.</summary>
    Occupied,

    /// <summary>The guest has not answered an earlier question in time, and still hasn't: nothing was asked.</summary>
    Overdue,

    /// <summary>The guest has never said that it can be asked: nothing was asked.</summary>
    NoHandler,

    /// <summary>The guest has been detached: nothing will be answered.</summary>
    Closed,
}
