using System.Text.Json;
using System.Text.Json.Serialization;
using Address = PciBackFlow.Pci.PciAddress; // The generated context has a member of the type's own name.

namespace PciBackFlow.Backend.Devices.State;

/// <summary>The state file's form. Generated code only: it compiles ahead of time.</summary>
/// <remarks>What is null is written too: a record that lacks something required is not read, and a card without a serial
/// number has to be found again.</remarks>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(AddressConverter)],
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(StateDocument))]
internal sealed partial class StateJson : JsonSerializerContext
{
    internal sealed class AddressConverter : JsonConverter<Address>
    {
        public override Address Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Address.TryParse(reader.GetString(), out Address address) ? address : throw new JsonException("not a PCI address");

        public override void Write(Utf8JsonWriter writer, Address value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
