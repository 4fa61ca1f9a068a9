"""`pycosign completion SHELL`: a script that asks the hidden `__complete` command."""

from pycosign.cli.gotext import quote
from pycosign.cli.table import PROGRAM, Command, exactly

TYPE_CHECKING = False  # `typing` costs as much as a third of this command
if TYPE_CHECKING:
    from pycosign.cli.context import Context
    from pycosign.cli.parser import Values

__all__ = ["run"]

SHELLS = ("bash", "zsh", "fish", "powershell")


def _one_shell(words: list[str], path: str) -> str | None:
    complaint = exactly(1)(words, path)
    if complaint is None and words[0] not in SHELLS:
        complaint = f"invalid argument {quote(words[0])} for {quote(path)}"
    return complaint


COMMAND = Command(
    """Print a completion script for a shell.

  bash:        source <(pycosign completion bash)
  zsh:         pycosign completion zsh > "${fpath[1]}/_pycosign"
  fish:        pycosign completion fish | source
  powershell:  pycosign completion powershell | Out-String | Invoke-Expression""",
    (),
    usage="[bash|zsh|fish|powershell]",
    check_arguments=_one_shell,
    environment=False,
)

# Each script passes the words so far to `__complete`, which answers lines of "WORD<tab>DESCRIPTION" and last ":BITS";
# bit 4 means "do not offer files".
_BASH = """# bash completion for PROGRAM
_PROGRAM_complete() {
    local cur words answer bits
    cur="${COMP_WORDS[COMP_CWORD]}"
    words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    answer="$("${COMP_WORDS[0]}" __completeNoDesc "${words[@]}" 2>/dev/null)" || return
    bits="${answer##*:}"
    answer="${answer%:*}"
    local IFS=$'\\n'
    COMPREPLY=($(compgen -W "${answer}" -- "${cur}"))
    if [ ${#COMPREPLY[@]} -eq 0 ] && [ $((bits & 4)) -eq 0 ]; then
        compopt -o default 2>/dev/null
    fi
}
complete -F _PROGRAM_complete PROGRAM
"""
_ZSH = """#compdef PROGRAM
# zsh completion for PROGRAM
_PROGRAM() {
    local -a lines found
    local line bits
    lines=("${(@f)$(${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    bits="${lines[-1]#:}"
    for line in "${(@)lines[1,-2]}"; do
        found+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
    done
    if (( ${#found} )); then
        _describe 'PROGRAM' found
    elif (( ! (bits & 4) )); then
        _files
    fi
}
if [ "${funcstack[1]}" = "_PROGRAM" ]; then
    _PROGRAM "$@"
else
    compdef _PROGRAM PROGRAM
fi
"""
_FISH = """# fish completion for PROGRAM
function __PROGRAM_complete
    set -l words (commandline -opc) (commandline -ct)
    PROGRAM __complete $words[2..-1] 2>/dev/null | string match -v -r '^:[0-9]+$'
end
complete -c PROGRAM -a '(__PROGRAM_complete)'
"""
_POWERSHELL = """# powershell completion for PROGRAM
Register-ArgumentCompleter -Native -CommandName PROGRAM -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    if ($wordToComplete -eq '') { $words += '' }
    & PROGRAM __complete @words 2>$null | Where-Object { $_ -notmatch '^:[0-9]+$' } | ForEach-Object {
        $name, $about = $_ -split "`t", 2
        if (-not $about) { $about = $name }
        [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $about)
    }
}
"""
_SCRIPTS = dict(zip(SHELLS, (_BASH, _ZSH, _FISH, _POWERSHELL), strict=True))


def run(args: "Values", context: "Context") -> None:
    """Print the script of the shell that the word names."""
    context.put(_SCRIPTS[args.words[0]].replace("PROGRAM", PROGRAM))
