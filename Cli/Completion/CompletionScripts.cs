namespace PciBackFlow.Cli.Completion;

/// <summary>
/// What a shell runs to complete the program's words: each script hands the words typed so far to the program's own
/// <c>[suggest:POSITION]</c> directive, so that completions never fall behind the options.
/// </summary>
public static class CompletionScripts
{
    /// <summary>The shells there are scripts for.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    // bash splits words at ':' too, which every address contains: the part before the last ':' is cut from what it inserts.
    private const string Bash = """
        _pcibackflow() {
            local head=${COMP_LINE:0:COMP_POINT}
            local rest=${head#"${COMP_WORDS[0]}"}
            rest=${rest#"${rest%%[![:space:]]*}"}
            local typed=${rest##*[[:space:]]} before word
            before=
            [[ $typed == *:* && $COMP_WORDBREAKS == *:* ]] && before=${typed%:*}:
            COMPREPLY=()
            while IFS= read -r word; do
                [[ -n $word && $word == "$typed"* ]] && COMPREPLY+=("${word#"$before"}")
            done < <("${COMP_WORDS[0]}" "[suggest:${#rest}]" "$rest" 2>/dev/null)
        }
        complete -o bashdefault -o default -F _pcibackflow pcibackflow

        """;

    private const string Zsh = """
        #compdef pcibackflow
        _pcibackflow() {
            local rest="${(j: :)${(@)words[2,CURRENT-1]}}"
            [[ -n $rest ]] && rest+=' '
            rest+=$PREFIX
            local -a found
            found=("${(@f)$($words[1] "[suggest:${#rest}]" "$rest" 2>/dev/null)}")
            found=(${found:#})
            if (( $#found )); then
                compadd -- $found
            else
                _files
            fi
        }
        (( $+functions[compdef] )) && compdef _pcibackflow pcibackflow

        """;

    private const string Fish = """
        function __pcibackflow_complete
            set -l rest (commandline -cp | string replace -r '^\s*\S+\s*' '')
            pcibackflow "[suggest:"(string length -- "$rest")"]" "$rest" 2>/dev/null
        end
        complete -c pcibackflow -a '(__pcibackflow_complete)'

        """;

    /// <summary>The script of a shell.</summary>
    /// <param name="shell">One of <see cref="Shells"/>.</param>
    /// <returns>Text to be read by that shell.</returns>
    public static string Of(string shell) => shell switch
    {
        "zsh" => Zsh,
        "fish" => Fish,
        _ => Bash,
    };
}
