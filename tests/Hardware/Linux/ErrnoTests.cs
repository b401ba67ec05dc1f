using System.Globalization;
using PciBackFlow.Hardware.Hypervisor;
using PciBackFlow.Hardware.Linux;

namespace PciBackFlow.Hardware.Tests.Linux;

/// <summary>The table against the headers' own text, copied here by name and number.</summary>
public sealed class ErrnoTests
{
    // Linux include/uapi/asm-generic/errno-base.h, then errno.h: every name but the second ones (EWOULDBLOCK, EDEADLOCK).
    private const string Linux =
        "EPERM 1, ENOENT 2, ESRCH 3, EINTR 4, EIO 5, ENXIO 6, E2BIG 7, ENOEXEC 8, EBADF 9, ECHILD 10, EAGAIN 11, ENOMEM "
        + "12, EACCES 13, EFAULT 14, ENOTBLK 15, EBUSY 16, EEXIST 17, EXDEV 18, ENODEV 19, ENOTDIR 20, EISDIR 21, EINVAL "
        + "22, ENFILE 23, EMFILE 24, ENOTTY 25, ETXTBSY 26, EFBIG 27, ENOSPC 28, ESPIPE 29, EROFS 30, EMLINK 31, EPIPE 32, "
        + "EDOM 33, ERANGE 34, EDEADLK 35, ENAMETOOLONG 36, ENOLCK 37, ENOSYS 38, ENOTEMPTY 39, ELOOP 40, ENOMSG 42, EIDRM "
        + "43, ECHRNG 44, EL2NSYNC 45, EL3HLT 46, EL3RST 47, ELNRNG 48, EUNATCH 49, ENOCSI 50, EL2HLT 51, EBADE 52, EBADR "
        + "53, EXFULL 54, ENOANO 55, EBADRQC 56, EBADSLT 57, EBFONT 59, ENOSTR 60, ENODATA 61, ETIME 62, ENOSR 63, ENONET "
        + "64, ENOPKG 65, EREMOTE 66, ENOLINK 67, EADV 68, ESRMNT 69, ECOMM 70, EPROTO 71, EMULTIHOP 72, EDOTDOT 73, "
        + "EBADMSG 74, EOVERFLOW 75, ENOTUNIQ 76, EBADFD 77, EREMCHG 78, ELIBACC 79, ELIBBAD 80, ELIBSCN 81, ELIBMAX 82, "
        + "ELIBEXEC 83, EILSEQ 84, ERESTART 85, ESTRPIPE 86, EUSERS 87, ENOTSOCK 88, EDESTADDRREQ 89, EMSGSIZE 90, "
        + "EPROTOTYPE 91, ENOPROTOOPT 92, EPROTONOSUPPORT 93, ESOCKTNOSUPPORT 94, EOPNOTSUPP 95, EPFNOSUPPORT 96, "
        + "EAFNOSUPPORT 97, EADDRINUSE 98, EADDRNOTAVAIL 99, ENETDOWN 100, ENETUNREACH 101, ENETRESET 102, ECONNABORTED "
        + "103, ECONNRESET 104, ENOBUFS 105, EISCONN 106, ENOTCONN 107, ESHUTDOWN 108, ETOOMANYREFS 109, ETIMEDOUT 110, "
        + "ECONNREFUSED 111, EHOSTDOWN 112, EHOSTUNREACH 113, EALREADY 114, EINPROGRESS 115, ESTALE 116, EUCLEAN 117, "
        + "ENOTNAM 118, ENAVAIL 119, EISNAM 120, EREMOTEIO 121, EDQUOT 122, ENOMEDIUM 123, EMEDIUMTYPE 124, ECANCELED 125, "
        + "ENOKEY 126, EKEYEXPIRED 127, EKEYREVOKED 128, EKEYREJECTED 129, EOWNERDEAD 130, ENOTRECOVERABLE 131, ERFKILL "
        + "132, EHWPOISON 133";

    // xen/include/public/errno.h: every name but the second ones.
    private const string Xen =
        "EPERM 1, ENOENT 2, ESRCH 3, EINTR 4, EIO 5, ENXIO 6, E2BIG 7, ENOEXEC 8, EBADF 9, ECHILD 10, EAGAIN 11, ENOMEM "
        + "12, EACCES 13, EFAULT 14, EBUSY 16, EEXIST 17, EXDEV 18, ENODEV 19, EINVAL 22, ENFILE 23, EMFILE 24, ENOSPC 28, "
        + "EMLINK 31, EDOM 33, ERANGE 34, EDEADLK 35, ENAMETOOLONG 36, ENOLCK 37, ENOSYS 38, EBADRQC 56, EBADSLT 57, "
        + "ENODATA 61, ETIME 62, EBADMSG 74, EOVERFLOW 75, EILSEQ 84, ERESTART 85, EUSERS 87, ENOTSOCK 88, EOPNOTSUPP 95, "
        + "EADDRINUSE 98, EADDRNOTAVAIL 99, ENOBUFS 105, EISCONN 106, ENOTCONN 107, ESHUTDOWN 108, ETOOMANYREFS 109, "
        + "ETIMEDOUT 110";

    // xen/include/public/io/xs_wire.h, xsd_errors.
    private const string Xenstored =
        "EINVAL EACCES EEXIST EISDIR ENOENT ENOMEM ENOSPC EIO ENOTEMPTY ENOSYS EROFS EBUSY EAGAIN EISCONN E2BIG EPERM";

    public static TheoryData<string, int> Numbers =>
        new(Enum.GetValues<Errno>().Where(errno => errno != Errno.None).Select(errno => (errno.ToString(), (int)errno)));

    [Fact]
    public void Xen_and_Linux_number_alike_what_both_declare() => Assert.Empty(Declared(Xen).Except(Declared(Linux)));

    [Theory]
    [MemberData(nameof(Numbers))]
    public void An_error_has_the_number_of_the_kernels_header(string name, int number) => Assert.Equal(Declared(Linux)[name], number);

    [Fact]
    public void Every_error_that_Xen_declares_is_in_the_table() =>
        Assert.All(Declared(Xen), declared => Assert.Equal((Errno)declared.Value, Enum.Parse<Errno>(declared.Key)));

    [Fact]
    public void A_number_has_its_name_and_every_other_its_digits()
    {
        var names = Declared(Linux).ToDictionary(declared => declared.Value, declared => declared.Key);
        foreach (int number in Enumerable.Range(0, 4096))
        {
            string name = ((Errno)number).Name();

            Assert.Equal(number != 0 && Enum.IsDefined((Errno)number) ? names[number] : $"E{number}", name);
        }
    }

    [Theory]
    [MemberData(nameof(Numbers))]
    public void A_name_leads_back_to_its_number(string name, int number) => Assert.Equal((Errno)number, ErrnoNames.FromName(name));

    [Fact]
    public void Every_error_that_xenstored_names_is_known() =>
        Assert.All(Xenstored.Split(' '), name => Assert.Equal((Errno)Declared(Linux)[name], ErrnoNames.FromName(name)));

    [Theory]
    [InlineData("EFUTURE")]
    [InlineData("E4095")]
    [InlineData("enoent")]
    [InlineData(" ENOENT")]
    [InlineData("ENOENT,EPERM")]
    [InlineData("2")]
    [InlineData("None")]
    [InlineData("")]
    public void What_is_no_name_of_the_table_is_a_failed_input_or_output(string name) => Assert.Equal(Errno.EIO, ErrnoNames.FromName(name));

    [Fact]
    public void A_refusal_is_told_by_name()
    {
        Assert.Equal("can't map pirq 5 (ENFILE)", new HypervisorException(Errno.ENFILE, "can't map pirq 5").Message);
        Assert.Equal("can't map pirq 5 (E4095)", new HypervisorException((Errno)4095, "can't map pirq 5").Message);
    }

    private static Dictionary<string, int> Declared(string header) => header.Split(", ").Select(entry => entry.Split(' '))
        .ToDictionary(entry => entry[0], entry => int.Parse(entry[1], CultureInfo.InvariantCulture));
}
