namespace PciBackFlow.Backend.Grants;

/// <summary>Whose a grant is: who gave it takes it back.</summary>
public enum GrantOwner
{
    /// <summary>This daemon's.</summary>
    Us,

    /// <summary>xl's: its nodes may be changed on request, its grants are never revoked.</summary>
    Toolstack,
}
