/** `completion SHELL`: the script that lets a shell complete commands, options, jobs and component types. */
import { Argument, type Command } from 'commander';
import { examples, type CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-code.ts';

export function addCompletionCommand(program: Command, context: CommandContext): void {
  program
    .command('completion')
    .summary('print the completion script for bash, zsh or fish')
    .description(
      'Prints a script for your shell. With it, the tab key completes commands, options, job names and component types. ' +
        'Names of stored jobs are completed where a database is configured or `dev` runs in this directory.',
    )
    .addArgument(new Argument('<shell>', 'your shell').choices(Object.keys(COMPLETION_SCRIPTS)))
    .addHelpText(
      'after',
      examples(
        'vocab-sync completion bash > ~/.local/share/bash-completion/completions/vocab-sync',
        'vocab-sync completion zsh > "${fpath[1]}/_vocab-sync"',
        'vocab-sync completion fish > ~/.config/fish/completions/vocab-sync.fish',
      ),
    )
    .action(async (shell: Shell) => {
      await context.terminal.write(COMPLETION_SCRIPTS[shell]);
      context.end(EXIT.success);
    });
}

/**
 * The scripts of `completion`. Each calls the program that is being typed with `__complete` and the words before the
 * cursor. The first line of the result says whether files are offered too (`files` or `none`); each other line is a
 * word, a tab and what it means.
 */
const BASH = String.raw`# bash completion of vocab-sync
_vocab_sync() {
  local IFS=$'\n' word
  local -a lines
  COMPREPLY=()
  mapfile -t lines < <("\${COMP_WORDS[0]}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  for word in "\${lines[@]:1}"; do
    COMPREPLY+=("\${word%%$'\t'*}")
  done
  if [[ \${lines[0]} == files ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
  fi
}
complete -F _vocab_sync vocab-sync
`;

const ZSH = String.raw`#compdef vocab-sync
# zsh completion of vocab-sync
_vocab_sync() {
  local -a lines offered
  local line
  lines=("\${(@f)$("\${words[1]}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)lines[2,-1]}"; do
    [[ -n $line ]] && offered+=("\${\${line%%$'\t'*}//:/\\:}:\${line#*$'\t'}")
  done
  (( \${#offered} )) && _describe 'vocab-sync' offered
  [[ \${lines[1]} == files ]] && _files
  return 0
}
if [[ $funcstack[1] == _vocab-sync ]]; then
  _vocab_sync "$@"
else
  compdef _vocab_sync vocab-sync
fi
`;

const FISH = String.raw`# fish completion of vocab-sync
function __vocab_sync_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] 2>/dev/null)
    printf '%s\n' $lines[2..-1]
    if test "$lines[1]" = files
        __fish_complete_path (commandline -ct)
    end
end
complete -c vocab-sync -f -a '(__vocab_sync_complete)'
`;

/** String.raw keeps the backslash of an escaped \`\${\`. */
const plain = (script: string): string => script.replaceAll('\\${', '${');

export const COMPLETION_SCRIPTS = { bash: plain(BASH), zsh: plain(ZSH), fish: plain(FISH) } as const;

export type Shell = keyof typeof COMPLETION_SCRIPTS;
