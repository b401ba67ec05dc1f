using PciBackFlow.Architecture.Tests.Planted.Upper;

namespace PciBackFlow.Architecture.Tests.Planted.Lower;

/// <summary>What the types above use, each in one way of its own.</summary>
public class Target
{
    internal static int Field;

    public static int Method() => ++Field;
}

public interface ITarget;

public sealed class TargetException : Exception;

[AttributeUsage(AttributeTargets.All)]
public sealed class TargetAttribute : Attribute;

/// <summary>The way upwards that must be found.</summary>
public static class Offence
{
    public static int Call() => InBody.Call();
}
