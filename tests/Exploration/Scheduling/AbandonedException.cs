namespace PciBackFlow.Exploration.Tests.Scheduling;

/// <summary>Unwinds the threads of a schedule that has failed already; says nothing about the code it passes through.</summary>
internal sealed class AbandonedException : Exception;
