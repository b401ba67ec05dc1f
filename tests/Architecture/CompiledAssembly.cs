using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PciBackFlow.Architecture.Tests;

/// <summary>What a compiled assembly really refers to, read from its metadata.</summary>
internal sealed class CompiledAssembly : IDisposable
{
    private readonly PEReader _file;
    private readonly MetadataReader _reader;

    private CompiledAssembly(string path)
    {
        _file = new PEReader(File.OpenRead(path));
        _reader = _file.GetMetadataReader();
    }

    public static CompiledAssembly Load(string layer) =>
        new(Path.Combine(AppContext.BaseDirectory, layer == "Cli" ? "pcibackflow.dll" : $"PciBackFlow.{layer}.dll"));

    public static CompiledAssembly Of(Assembly assembly) => new(assembly.Location);

    /// <summary>Names of the assemblies it refers to.</summary>
    public IEnumerable<string> References =>
        _reader.AssemblyReferences.Select(handle => _reader.GetString(_reader.GetAssemblyReference(handle).Name));

    /// <summary>Full names of the foreign types it uses.</summary>
    public IEnumerable<string> ForeignTypes =>
        _reader.TypeReferences.Select(handle =>
        {
            TypeReference type = _reader.GetTypeReference(handle);
            return $"{_reader.GetString(type.Namespace)}.{_reader.GetString(type.Name)}";
        });

    /// <summary>Members of foreign types that it uses: the type's full name, a point, the member's name (<c>.ctor</c> for a constructor).</summary>
    public IEnumerable<string> ForeignMembers =>
        from handle in _reader.MemberReferences
        let member = _reader.GetMemberReference(handle)
        where member.Parent.Kind == HandleKind.TypeReference
        let type = _reader.GetTypeReference((TypeReferenceHandle)member.Parent)
        select $"{_reader.GetString(type.Namespace)}.{_reader.GetString(type.Name)}.{_reader.GetString(member.Name)}";

    /// <summary>Methods implemented by a native library.</summary>
    public IEnumerable<string> NativeMethods =>
        _reader.MethodDefinitions.Select(_reader.GetMethodDefinition)
            .Where(method => (method.Attributes & MethodAttributes.PinvokeImpl) != 0)
            .Select(method => _reader.GetString(method.Name));

    /// <summary>Full names of its own types, nested ones apart.</summary>
    public IEnumerable<string> Types => _reader.TypeDefinitions.Select(_reader.GetTypeDefinition)
        .Where(static type => type.GetDeclaringType().IsNil)
        .Select(type => $"{_reader.GetString(type.Namespace)}.{_reader.GetString(type.Name)}");

    /// <summary>Which of its types use which others of it, by full names.</summary>
    public IReadOnlyCollection<(string From, string To)> Uses => TypeUses.Of(_file, _reader);

    public void Dispose() => _file.Dispose();
}
