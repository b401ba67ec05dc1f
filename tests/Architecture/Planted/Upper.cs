using PciBackFlow.Architecture.Tests.Planted.Lower;

namespace PciBackFlow.Architecture.Tests.Planted.Upper;

/// <summary>Each of these types uses the room below in one way.</summary>
public static class InBody
{
    public static int Call() => Target.Method();
}

public sealed class AsBase : Target;

public sealed class AsInterface : ITarget;

[Target]
public sealed class AsAttribute;

public sealed class AsConstraint<T>
    where T : ITarget;

public sealed class AsParameter
{
    public static bool Is(Target[] targets) => targets.Length == 0;
}

public sealed class AsTypeArgument
{
    private readonly List<Dictionary<string, ITarget>> _targets = [];

    public int Count => _targets.Count;
}

public static class AsStaticField
{
    public static int Read(int more) => Target.Field + more;
}

public static class AsCaught
{
    public static bool Try(Action action)
    {
        try
        {
            action();
            return true;
        }
        catch (TargetException)
        {
            return false;
        }
    }
}

public static class AsTested
{
    public static bool Is(object value) => value is ITarget;
}

public static class InLambda
{
    public static Func<int> Make(int more) => () => Target.Method() + more;
}

public static class InIterator
{
    public static IEnumerable<int> Make()
    {
        yield return 1;
        yield return Target.Method();
    }
}

public static class BehindSwitch
{
    public static int Call(int value)
    {
        switch (value)
        {
            case 0:
                return 10;
            case 1:
                return 21;
            case 2:
                return 35;
            case 3:
                return 4;
            default:
                return Target.Method();
        }
    }
}
