namespace PciBackFlow.Perf.Frontends;

/// <summary>
/// The accesses that a guest repeats: made once for each source function and kind of frontend, shared by its guests. Every write is followed
/// by a read of the same register, so that its effect is checked too.
/// </summary>
public static class AccessScript
{
    // Reads between two accesses of the writing part in the mixed script: guests read far more than they write.
    private const int ReadsBetweenWrites = 8;

    private const int Command = 0x04;
    private const int CacheLine = 0x0C;
    private const int LatencyTimer = 0x0D;
    private const int FirstBar = 0x10;
    private const int Rom = 0x30;
    private const int InterruptLine = 0x3C;

    private const uint DecodeIo = 0x0001;
    private const uint DecodeMemory = 0x0002;
    private const uint Master = 0x0004;
    private const uint InterruptDisable = 0x0400;

    /// <summary>Reads of every dword, in the order of a full listing.</summary>
    /// <param name="image">The function.</param>
    /// <returns>The steps.</returns>
    public static AccessStep[] Scan(FunctionImage image) => [.. image.Registers.Select(offset => Read(offset, 4))];

    /// <summary>What drivers and the PCI core of a guest write: Command, base address sizing, cache line, interrupt line.</summary>
    /// <param name="image">The function.</param>
    /// <param name="kind">NetBSD's accesses are all four bytes wide.</param>
    /// <returns>The steps.</returns>
    public static AccessStep[] Writes(FunctionImage image, FrontendKind kind)
    {
        var steps = new List<AccessStep>();
        bool dwordsOnly = kind == FrontendKind.NetBsd;
        uint command = image.Dword(Command) & 0xFFFF;
        WriteField(steps, image, dwordsOnly, Command, 2, CommandWithoutDecode(image));
        SizeAll(steps, image);
        uint decode = DecodeOf(image);
        WriteField(steps, image, dwordsOnly, Command, 2, command | decode | Master);
        WriteField(steps, image, dwordsOnly, Command, 2, (command | decode | Master) ^ InterruptDisable);
        WriteField(steps, image, dwordsOnly, Command, 2, command);

        uint cacheLine = image.Dword(CacheLine) & 0xFF;
        WriteField(steps, image, dwordsOnly, CacheLine, 1, cacheLine ^ 0x10);
        WriteField(steps, image, dwordsOnly, CacheLine, 1, cacheLine);
        if (!dwordsOnly)
        {
            // Dropped with success: the registers keep their values.
            WriteField(steps, image, dwordsOnly, LatencyTimer, 1, 0x40);
        }

        WriteField(steps, image, dwordsOnly, InterruptLine, 1, 0xFF);
        return [.. steps];
    }

    /// <summary>
    /// What a guest's kernel and driver do at boot, up to interrupts: header and capabilities read, base address sizing, memory and bus mastering on.
    /// </summary>
    /// <param name="image">The function.</param>
    /// <param name="kind">Whose frontend.</param>
    /// <returns>The steps.</returns>
    public static AccessStep[] Boot(FunctionImage image, FrontendKind kind)
    {
        List<AccessStep> steps = [.. image.KnownRegisters.Select(offset => Read(offset, 4))];
        SizeAll(steps, image);
        WriteField(steps, image, kind == FrontendKind.NetBsd, Command, 2, CommandWithoutDecode(image) | DecodeOf(image) | DecodeMemory | Master);
        return [.. steps];
    }

    /// <summary>What a driver does at its end: decoding and bus mastering off.</summary>
    /// <param name="image">The function.</param>
    /// <param name="kind">Whose frontend.</param>
    /// <returns>The steps.</returns>
    public static AccessStep[] End(FunctionImage image, FrontendKind kind)
    {
        var steps = new List<AccessStep>();
        WriteField(steps, image, kind == FrontendKind.NetBsd, Command, 2, CommandWithoutDecode(image));
        return [.. steps];
    }

    /// <summary>The scan with the writing part spread over it.</summary>
    /// <param name="image">The function.</param>
    /// <param name="kind">Whose frontend.</param>
    /// <returns>The steps.</returns>
    public static AccessStep[] Mixed(FunctionImage image, FrontendKind kind)
    {
        AccessStep[] reads = Scan(image);
        var steps = new List<AccessStep>();
        int next = 0;
        foreach (AccessStep write in Writes(image, kind))
        {
            for (int i = 0; i < ReadsBetweenWrites; i++)
            {
                steps.Add(reads[next++ % reads.Length]);
            }

            steps.Add(write);
        }

        // The rest of the listing, so that every register is read in every round.
        while (next < reads.Length)
        {
            steps.Add(reads[next++]);
        }

        return [.. steps];
    }

    private static uint CommandWithoutDecode(FunctionImage image) => image.Dword(Command) & 0xFFFF & ~(DecodeIo | DecodeMemory | Master);

    private static uint DecodeOf(FunctionImage image) =>
        image.BaseAddresses.Take(6).Where(bar => bar.IsPresent).Aggregate(0u, (bits, bar) => bits | (bar.IsIo ? DecodeIo : DecodeMemory));

    private static void SizeAll(List<AccessStep> steps, FunctionImage image)
    {
        var answers = new ExpectedAnswers(image, live: null);
        for (int index = 0; index < 6; index++)
        {
            Size(steps, FirstBar + (index * 4), uint.MaxValue, answers.BarValue(index));
        }

        Size(steps, Rom, 0xFFFFF800, answers.BarValue(6));
    }

    private static AccessStep Read(int offset, int size) => new(false, (ushort)offset, (byte)size, 0);

    private static AccessStep Write(int offset, int size, uint value) => new(true, (ushort)offset, (byte)size, value);

    private static void Size(List<AccessStep> steps, int offset, uint probe, uint value)
    {
        steps.Add(Write(offset, 4, probe));
        steps.Add(Read(offset, 4));
        steps.Add(Write(offset, 4, value));
        steps.Add(Read(offset, 4));
    }

    private static void WriteField(List<AccessStep> steps, FunctionImage image, bool dwordsOnly, int offset, int size, uint value)
    {
        if (dwordsOnly)
        {
            // The guest writes back what it has read around the field, as a driver does that only knows dwords.
            int shift = (offset & 3) * 8;
            uint field = ((1u << (size * 8)) - 1) << shift;
            offset &= ~3;
            value = (image.Dword(offset) & ~field) | (value << shift);
            size = 4;
        }

        steps.Add(Write(offset, size, value));
        steps.Add(Read(offset, size));
    }
}
