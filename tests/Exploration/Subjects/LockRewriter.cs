using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PciBackFlow.Exploration.Tests.Subjects;

/// <summary>Turns the lock statement, which the compiler ties to the framework's monitor, into a scope of the instrumented one.</summary>
internal sealed class LockRewriter : CSharpSyntaxRewriter
{
    public override SyntaxNode? VisitLockStatement(LockStatementSyntax node)
    {
        var body = (StatementSyntax)Visit(node.Statement)!;
        ExpressionSyntax scope = SyntaxFactory.ParseExpression($"Monitor.EnterScope({node.Expression})");
        SyntaxToken keyword = SyntaxFactory.Token(node.LockKeyword.LeadingTrivia, SyntaxKind.UsingKeyword, node.LockKeyword.TrailingTrivia);
        return SyntaxFactory.UsingStatement(default, keyword, node.OpenParenToken, null, scope, node.CloseParenToken, body);
    }
}
