using System.Text.Json;
using System.Text.Unicode;
using PciBackFlow.Filter.Policy;

namespace PciBackFlow.Filter.Files;

/// <summary>
/// Reads policy files (JSON; <c>docs/policy.schema.json</c> is their schema): a profile, options and rules, on top of the policy
/// built in. A file may also hold an array of rules, or one rule alone, as <c>explain</c> suggests it. Comments and trailing
/// commas are accepted; unknown keys are refused.
/// </summary>
public static class PolicyFile
{
    private const uint MaxOffset = 0xFFF;

    // Keys that only a rule has: such an object is one rule, not a policy.
    private static readonly string[] RuleKeys = ["register", "offset", "allow"];

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What it says; every setting carries the file as its origin.</returns>
    /// <exception cref="PolicyFileException">The file cannot be read, is no JSON, or says something no policy can say.</exception>
    public static PolicyStatement Load(string path)
    {
        byte[] text;
        try
        {
            text = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new PolicyFileException(path, string.Empty, $"cannot be read: {exception.Message}");
        }

        return Parse(text, path);
    }

    /// <summary>Reads a policy from a text.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="name">What to call it in errors and origins.</param>
    /// <returns>What it says.</returns>
    /// <exception cref="PolicyFileException">No JSON, or nothing a policy can say.</exception>
    public static PolicyStatement Parse(ReadOnlyMemory<byte> utf8, string name)
    {
        // The reader takes any bytes for a string, and finds out only when somebody asks for it.
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new PolicyFileException(name, string.Empty, "not UTF-8");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(utf8, Lenient);
        }
        catch (JsonException exception)
        {
            throw new PolicyFileException(name, $"line {(exception.LineNumber ?? 0) + 1}", "not JSON: " + exception.Message.Split(" LineNumber", 2)[0]);
        }

        using (document)
        {
            try
            {
                return Statement(new PolicyElement(name, string.Empty, document.RootElement), new SettingOrigin(SettingSource.PolicyFile, name));
            }
            catch (InvalidOperationException)
            {
                // Kinds are looked at before values: what is left is an escape that stands for no character.
                throw new PolicyFileException(name, string.Empty, "a string that is not Unicode: one half of a pair stands alone (\\ud800 to \\udfff)");
            }
        }
    }

    private static PolicyStatement Statement(PolicyElement root, SettingOrigin origin)
    {
        if (root.Value.ValueKind == JsonValueKind.Array)
        {
            return new() { Rules = [.. Rules(root, origin)] };
        }

        return root.Value.ValueKind == JsonValueKind.Object && RuleKeys.Any(key => root.Value.TryGetProperty(key, out _))
            ? new() { Rules = [Rule(root, origin)] }
            : Policy(root, origin);
    }

    private static PolicyStatement Policy(PolicyElement root, SettingOrigin origin)
    {
        PolicyStatement statement = new();
        Dictionary<string, PolicyElement> members = root.Members(
            "$schema", "profile", "allow_interrupt_control", "allow_function_reset", "allow_power_states", "hide_unusable", "answer_tuning", "rom", "on_error",
            "hide", "rules");
        if (members.TryGetValue("profile", out PolicyElement profile))
        {
            statement = statement with { Profile = new Setting<PolicyProfile>(Profile(profile), origin) };
        }

        if (members.TryGetValue("allow_interrupt_control", out PolicyElement control))
        {
            statement = statement with { AllowInterruptControl = new Setting<bool>(control.Flag(), origin) };
        }

        if (members.TryGetValue("allow_function_reset", out PolicyElement reset))
        {
            statement = statement with { AllowFunctionReset = new Setting<bool>(reset.Flag(), origin) };
        }

        if (members.TryGetValue("allow_power_states", out PolicyElement states))
        {
            statement = statement with { AllowPowerStates = new Setting<bool>(states.Flag(), origin) };
        }

        if (members.TryGetValue("hide_unusable", out PolicyElement unusable))
        {
            statement = statement with { HideUnusable = new Setting<bool>(unusable.Flag(), origin) };
        }

        if (members.TryGetValue("answer_tuning", out PolicyElement tuning))
        {
            statement = statement with { AnswerTuning = new Setting<bool>(tuning.Flag(), origin) };
        }

        if (members.TryGetValue("rom", out PolicyElement rom))
        {
            statement = statement with { Rom = new Setting<RomControl>(Rom(rom), origin) };
        }

        if (members.TryGetValue("on_error", out PolicyElement remedy))
        {
            statement = statement with { OnError = new Setting<ErrorRemedy>(Remedy(remedy), origin) };
        }

        if (members.TryGetValue("hide", out PolicyElement hide))
        {
            statement = statement with { HiddenCapabilities = [.. hide.Items().Select(Capability)] };
        }

        if (members.TryGetValue("rules", out PolicyElement rules))
        {
            statement = statement with { Rules = [.. Rules(rules, origin)] };
        }

        return statement;
    }

    private static IEnumerable<PolicyRule> Rules(PolicyElement array, SettingOrigin origin)
    {
        foreach (PolicyElement item in array.Items())
        {
            yield return Rule(item, origin with { Detail = $"{origin.Detail} {item.Place}" });
        }
    }

    private static PolicyRule Rule(PolicyElement element, SettingOrigin origin)
    {
        Dictionary<string, PolicyElement> members = element.Members("register", "offset", "size", "mask", "allow", "reason");
        string? register = members.TryGetValue("register", out PolicyElement name) && name.Value.ValueKind != JsonValueKind.Null ? name.Text() : null;
        if (register is null && !members.ContainsKey("offset"))
        {
            throw element.Refuse("a rule names a register, an offset, or both");
        }

        int size = members.TryGetValue("size", out PolicyElement sizeElement) ? (int)sizeElement.Number(4) : 0;
        if (members.ContainsKey("size") && size is not (0 or 1 or 2 or 4))
        {
            throw sizeElement.Refuse("a size is 1, 2 or 4 bytes; 0 is the register's own");
        }

        if (register is null && size == 0)
        {
            throw element.Refuse("a rule that names no register needs a size of 1, 2 or 4 bytes");
        }

        uint limit = size is 1 or 2 ? (1u << (8 * size)) - 1 : uint.MaxValue;
        return new PolicyRule
        {
            Register = register,
            Offset = members.TryGetValue("offset", out PolicyElement offset) ? (int)offset.Number(MaxOffset) : 0,
            Size = size,
            Mask = members.TryGetValue("mask", out PolicyElement mask) ? mask.Number(limit) : limit,
            Allow = !members.TryGetValue("allow", out PolicyElement allow) || allow.Flag(),
            Reason = members.TryGetValue("reason", out PolicyElement reason) ? reason.Text() : string.Empty,
            Origin = origin,
        };
    }

    private static PolicyProfile Profile(PolicyElement element)
    {
        string name = element.Text();
        foreach (PolicyProfile profile in Enum.GetValues<PolicyProfile>())
        {
            if (AccessPolicy.NameOf(profile) == name)
            {
                return profile;
            }
        }

        throw element.Refuse($"unknown profile '{name}'; known are {string.Join(", ", Enum.GetValues<PolicyProfile>().Select(AccessPolicy.NameOf))}");
    }

    private static RomControl Rom(PolicyElement element)
    {
        string name = element.Text();
        foreach (RomControl rom in Enum.GetValues<RomControl>())
        {
            if (AccessPolicy.NameOf(rom) == name)
            {
                return rom;
            }
        }

        string names = string.Join(" nor ", Enum.GetValues<RomControl>().Select(AccessPolicy.NameOf));
        throw element.Refuse($"'{name}' is neither {names}; a file cannot be put in the place of "
            + "a PV guest's ROM, which is the device's own memory: say \"off\", and give the file to the guest's driver as firmware");
    }

    private static ErrorRemedy Remedy(PolicyElement element)
    {
        string name = element.Text();
        foreach (ErrorRemedy remedy in Enum.GetValues<ErrorRemedy>())
        {
            if (AccessPolicy.NameOf(remedy) == name)
            {
                return remedy;
            }
        }

        throw element.Refuse($"unknown remedy '{name}'; known are {string.Join(", ", Enum.GetValues<ErrorRemedy>().Select(AccessPolicy.NameOf))}");
    }

    private static string Capability(PolicyElement element)
    {
        string name = element.Text();
        return name.StartsWith("CAP_", StringComparison.OrdinalIgnoreCase) || name.StartsWith("ECAP_", StringComparison.OrdinalIgnoreCase)
            ? name
            : throw element.Refuse($"'{name}' is no capability; they are written as setpci does: CAP_VPD, ECAP_LTR");
    }
}
