namespace PciBackFlow.Backend.Policy;

/// <summary>A place where somebody can say what a guest may do with a function. The later stands over the earlier (<see cref="PolicyPrecedence"/>).</summary>
public enum PolicyPlace
{
    /// <summary>The program: what holds when nobody says anything.</summary>
    BuiltIn = 0,

    /// <summary>A verb's <c>--permissive</c>.</summary>
    VerbOption = 1,

    /// <summary>The general policy: the configuration's <c>policy</c>, or a verb's <c>--policy</c>.</summary>
    General = 2,

    /// <summary>The configuration's entry for the device.</summary>
    DeviceEntry = 3,

    /// <summary>What was written into pciback's attributes for the device, through xl's view.</summary>
    Attributes = 4,

    /// <summary>The configuration's <c>quirks</c>, in the words of xen-pciback's parameter.</summary>
    Quirks = 5,

    /// <summary>The toolstack's <c>opts-N</c> for the device.</summary>
    ToolstackOptions = 6,
}
