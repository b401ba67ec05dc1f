namespace PciBackFlow.Hardware.Hypervisor;

/// <summary>A watch as the thread that calls it back sees it.</summary>
internal interface IStoreWatch
{
    /// <summary>The path its registration named, as events report it.</summary>
    string Path { get; }

    /// <summary>Whether its owner has ended it: then it is not called back any more.</summary>
    bool IsDisposed { get; }

    /// <summary>Calls back.</summary>
    /// <param name="path">What changed.</param>
    void Deliver(string path);
}
