
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'chkctl' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'chkctl'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'chkctl' {
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Shows what is in a checkpoint or savepoint, a job directory or a checkpoint root')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Shows what changed between two checkpoints')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Checks whether checkpoints are whole and undamaged')
            [CompletionResult]::new('latest', 'latest', [CompletionResultType]::ParameterValue, 'Prints the newest checkpoint or savepoint of a job that can be restored')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Rebuilds local RocksDB databases from a checkpoint or savepoint')
            [CompletionResult]::new('stores', 'stores', [CompletionResultType]::ParameterValue, 'Lists the stores chkctl knows and where their configuration comes from')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Prints the JSON Schema of what a command writes under --output json')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Prints shell completions')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Prints the man page, of chkctl or of one command')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'chkctl;inspect' {
            [CompletionResult]::new('--operator', '--operator', [CompletionResultType]::ParameterName, 'Only this operator: a uid, a name, an operator id, or a unique prefix of one. Of a checkpoint, with its subtasks and states')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'List files in this order instead of that of their paths')
            [CompletionResult]::new('--top', '--top', [CompletionResultType]::ParameterName, 'List only the first N files; the largest unless --sort says otherwise')
            [CompletionResult]::new('--also', '--also', [CompletionResultType]::ParameterName, 'Of a job directory or root: also read the checkpoints of this LOCATION, which may refer to files here (repeatable)')
            [CompletionResult]::new('--rebase', '--rebase', [CompletionResultType]::ParameterName, 'Where the writer''s paths are now: a directory and what it became (repeatable)')
            [CompletionResult]::new('--entropy-key', '--entropy-key', [CompletionResultType]::ParameterName, 'Marker of entropy injection in paths (Flink''s s3.entropy.key)')
            [CompletionResult]::new('--store-option', '--store-option', [CompletionResultType]::ParameterName, 'Option of a store, such as endpoint or region, over what the environment says (repeatable)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('--files', '--files', [CompletionResultType]::ParameterName, 'List every physical file and who refers to it')
            [CompletionResult]::new('--history', '--history', [CompletionResultType]::ParameterName, 'Of a job directory: show how its checkpoints share files, and how they grow')
            [CompletionResult]::new('--states', '--states', [CompletionResultType]::ParameterName, 'List the states of all operators with their types')
            [CompletionResult]::new('--sst', '--sst', [CompletionResultType]::ParameterName, 'Of a checkpoint: ask its SSTs how much they hold of each state, in at most two small reads of each')
            [CompletionResult]::new('--isolated', '--isolated', [CompletionResultType]::ParameterName, 'Of a job directory: do not read other jobs of its root. What they refer to here then counts as unreferenced')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;diff' {
            [CompletionResult]::new('--operator', '--operator', [CompletionResultType]::ParameterName, 'Only this operator, with its subtasks: a uid, a name, an operator id, or a unique prefix of one')
            [CompletionResult]::new('--max-growth', '--max-growth', [CompletionResultType]::ParameterName, 'Exit with 3 if the full size (state_bytes) grew by more than this part, such as 20%')
            [CompletionResult]::new('--rebase', '--rebase', [CompletionResultType]::ParameterName, 'Where the writer''s paths are now: a directory and what it became (repeatable)')
            [CompletionResult]::new('--entropy-key', '--entropy-key', [CompletionResultType]::ParameterName, 'Marker of entropy injection in paths (Flink''s s3.entropy.key)')
            [CompletionResult]::new('--store-option', '--store-option', [CompletionResultType]::ParameterName, 'Option of a store, such as endpoint or region, over what the environment says (repeatable)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('--files', '--files', [CompletionResultType]::ParameterName, 'List every file that was kept, added or dropped (JSON always does)')
            [CompletionResult]::new('--exit-code', '--exit-code', [CompletionResultType]::ParameterName, 'Exit with 3 if anything differs')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;verify' {
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'How deep to look')
            [CompletionResult]::new('--sample', '--sample', [CompletionResultType]::ParameterName, 'Look only into this part of the files, such as 5%; existence and sizes are checked of all')
            [CompletionResult]::new('--also', '--also', [CompletionResultType]::ParameterName, 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)')
            [CompletionResult]::new('--max-duration', '--max-duration', [CompletionResultType]::ParameterName, 'End after this long, such as 90s, 10m or 2h; what was not looked at then is unknown')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Files that are read at a time [default: the processors here, at least 8 in an object store]')
            [CompletionResult]::new('--memory', '--memory', [CompletionResultType]::ParameterName, 'Memory for what is read, such as 256MiB')
            [CompletionResult]::new('--scratch', '--scratch', [CompletionResultType]::ParameterName, 'Where databases are put together for --level open, a few at a time; a directory in it is made and removed [default: the system''s directory for temporary files]')
            [CompletionResult]::new('--rebase', '--rebase', [CompletionResultType]::ParameterName, 'Where the writer''s paths are now: a directory and what it became (repeatable)')
            [CompletionResult]::new('--entropy-key', '--entropy-key', [CompletionResultType]::ParameterName, 'Marker of entropy injection in paths (Flink''s s3.entropy.key)')
            [CompletionResult]::new('--store-option', '--store-option', [CompletionResultType]::ParameterName, 'Option of a store, such as endpoint or region, over what the environment says (repeatable)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;latest' {
            [CompletionResult]::new('--level', '--level', [CompletionResultType]::ParameterName, 'How deep to look before one is called restorable')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only snapshots of this kind')
            [CompletionResult]::new('--also', '--also', [CompletionResultType]::ParameterName, 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)')
            [CompletionResult]::new('--max-duration', '--max-duration', [CompletionResultType]::ParameterName, 'End after this long, such as 90s, 10m or 2h; what was not looked at then is unknown')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Files that are read at a time [default: the processors here, at least 8 in an object store]')
            [CompletionResult]::new('--memory', '--memory', [CompletionResultType]::ParameterName, 'Memory for what is read, such as 256MiB')
            [CompletionResult]::new('--scratch', '--scratch', [CompletionResultType]::ParameterName, 'Where databases are put together for --level open, a few at a time; a directory in it is made and removed [default: the system''s directory for temporary files]')
            [CompletionResult]::new('--rebase', '--rebase', [CompletionResultType]::ParameterName, 'Where the writer''s paths are now: a directory and what it became (repeatable)')
            [CompletionResult]::new('--entropy-key', '--entropy-key', [CompletionResultType]::ParameterName, 'Marker of entropy injection in paths (Flink''s s3.entropy.key)')
            [CompletionResult]::new('--store-option', '--store-option', [CompletionResultType]::ParameterName, 'Option of a store, such as endpoint or region, over what the environment says (repeatable)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;restore' {
            [CompletionResult]::new('--operator', '--operator', [CompletionResultType]::ParameterName, 'Only this operator: a uid, a name, an operator id, or a unique prefix of one')
            [CompletionResult]::new('--subtask', '--subtask', [CompletionResultType]::ParameterName, 'Only this subtask of the operator')
            [CompletionResult]::new('--key-group', '--key-group', [CompletionResultType]::ParameterName, 'Only the subtask that owns this key group')
            [CompletionResult]::new('--key-groups', '--key-groups', [CompletionResultType]::ParameterName, 'Keep only rows of these key groups, such as 0-31; they are written anew')
            [CompletionResult]::new('--also', '--also', [CompletionResultType]::ParameterName, 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)')
            [CompletionResult]::new('--concurrency', '--concurrency', [CompletionResultType]::ParameterName, 'Files that are fetched at a time [default: the processors here, at least 8]')
            [CompletionResult]::new('--rebase', '--rebase', [CompletionResultType]::ParameterName, 'Where the writer''s paths are now: a directory and what it became (repeatable)')
            [CompletionResult]::new('--entropy-key', '--entropy-key', [CompletionResultType]::ParameterName, 'Marker of entropy injection in paths (Flink''s s3.entropy.key)')
            [CompletionResult]::new('--store-option', '--store-option', [CompletionResultType]::ParameterName, 'Option of a store, such as endpoint or region, over what the environment says (repeatable)')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Every subtask of every operator, or of the one that --operator names')
            [CompletionResult]::new('--merge', '--merge', [CompletionResultType]::ParameterName, 'One database from all subtasks of an operator, each row once; its rows are written anew')
            [CompletionResult]::new('--link', '--link', [CompletionResultType]::ParameterName, 'Hard-link tables that lie on the same file system instead of copying them')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace what an earlier restore made in DIR, and nothing else')
            [CompletionResult]::new('--no-checksums', '--no-checksums', [CompletionResultType]::ParameterName, 'Check only lengths, not the checksums of blocks')
            [CompletionResult]::new('--count', '--count', [CompletionResultType]::ParameterName, 'Count the entries of every column family instead of estimating them')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;stores' {
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;schema' {
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;completions' {
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;man' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write all pages into this directory instead')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How the report is written')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to use colour; NO_COLOR is respected')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'No notes and warnings on stderr, only errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is done to stderr; twice for every request')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'chkctl;help' {
            [CompletionResult]::new('inspect', 'inspect', [CompletionResultType]::ParameterValue, 'Shows what is in a checkpoint or savepoint, a job directory or a checkpoint root')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Shows what changed between two checkpoints')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Checks whether checkpoints are whole and undamaged')
            [CompletionResult]::new('latest', 'latest', [CompletionResultType]::ParameterValue, 'Prints the newest checkpoint or savepoint of a job that can be restored')
            [CompletionResult]::new('restore', 'restore', [CompletionResultType]::ParameterValue, 'Rebuilds local RocksDB databases from a checkpoint or savepoint')
            [CompletionResult]::new('stores', 'stores', [CompletionResultType]::ParameterValue, 'Lists the stores chkctl knows and where their configuration comes from')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Prints the JSON Schema of what a command writes under --output json')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Prints shell completions')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Prints the man page, of chkctl or of one command')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'chkctl;help;inspect' {
            break
        }
        'chkctl;help;diff' {
            break
        }
        'chkctl;help;verify' {
            break
        }
        'chkctl;help;latest' {
            break
        }
        'chkctl;help;restore' {
            break
        }
        'chkctl;help;stores' {
            break
        }
        'chkctl;help;schema' {
            break
        }
        'chkctl;help;completions' {
            break
        }
        'chkctl;help;man' {
            break
        }
        'chkctl;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
