namespace PciBackFlow.Filter.Policy;

/// <summary>
/// What a guest has of a function's expansion ROM. A file in its place is not among them: a PV guest maps the function's own memory, and Xen
/// maps nothing else for it.
/// </summary>
public enum RomControl : byte
{
    /// <summary><c>host</c>: the ROM where the host placed it, readable as far as the host left it switched on.</summary>
    Host = 0,

    /// <summary><c>off</c>: none; the register reads 0 and its memory is not granted.</summary>
    Off = 1,
}
