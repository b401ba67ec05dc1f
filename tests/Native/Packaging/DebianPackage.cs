using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace PciBackFlow.Native.Tests.Packaging;

/// <summary>The Debian package of the binary under test, made once by <c>packaging/build-deb</c> and unpacked, not installed.</summary>
public sealed class DebianPackage : IDisposable
{
    private const string Version = "0.0.1~test";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("pcibackflow-package-");
    private readonly Lazy<string> _unpacked;

    public DebianPackage() => _unpacked = new(Make);

    /// <summary>This tree.</summary>
    public static string Root { get; } = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", ".."));

    /// <summary>The changes file that lies beside the package.</summary>
    public string Changes => Path.Combine(Path.GetDirectoryName(Unpacked)!, $"pcibackflow_{Version}_amd64.changes");

    /// <summary>The folder with the package's files, and DEBIAN, its control files.</summary>
    public string Unpacked
    {
        get
        {
            bool canMake = File.Exists("/usr/bin/dh") && File.Exists("/usr/bin/dpkg-buildpackage");
            Assert.SkipUnless(canMake, "needs dpkg-buildpackage and dh (Debian's package debhelper)");
            // Skips when there is none.
            _ = NativeBinary.Path;
            return _unpacked.Value;
        }
    }

    /// <summary>The one file of that name in the package.</summary>
    public string Find(string name) => Assert.Single(Directory.GetFiles(Unpacked, name, SearchOption.AllDirectories));

    /// <summary>Runs a program and expects it to succeed.</summary>
    public static string Run(string program, params string[] arguments)
    {
        // A closed standard input: a test that is run in the background of a terminal must not be stopped for a child that might read from it.
        ProcessStartInfo start = new(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: exit code {process.ExitCode}: {output}{errors.Result}");
        return output;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string Make()
    {
        string made = Path.Combine(_directory.FullName, "made");
        // It takes the binary of the tests: the same variable names it.
        Run(Path.Combine(Root, "packaging", "build-deb"), "-v", Version, made);
        string unpacked = Path.Combine(made, "unpacked");
        Run("/usr/bin/dpkg-deb", "-R", Path.Combine(made, $"pcibackflow_{Version}_amd64.deb"), unpacked);
        return unpacked;
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
